"""Values of Go's templates: literals in, text out, as Go reads and writes them."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Value = float | int | str | bool | Mapping[str, str]
"""A value in a template; ``float`` is Go's float64, ``int`` its int."""

_TYPES = {float: "float64", int: "int", str: "string", bool: "bool"}
_NAMED = dict(zip("\a\b\f\n\r\t\v", (f"\\{letter}" for letter in "abfnrtv"), strict=True))
_ASCII_END = 0x80
_SHORT_END = 0xFFFF
_EXPONENT_LIMIT = 6
_SMALLEST_EXPONENT = -4


class TemplateError(ValueError):
    """A template that is not valid or not supported; raised when the rule file is loaded."""


def shortest(value: float, *, capital: bool = False, always_exponent: bool = False) -> str:
    """A float64 in the fewest digits that identify it: 1000000 is ``1e+06`` (Go's ``%v``)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, _ = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    exponent = 0 if text == "0" else Decimal(repr(value)).adjusted()
    minus = "-" if sign else ""
    if not always_exponent and _SMALLEST_EXPONENT <= exponent < _EXPONENT_LIMIT:
        return minus + _plain(text, exponent)
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    mark = "E" if capital else "e"
    return f"{minus}{mantissa}{mark}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    rest = digits[exponent + 1 :]
    return f"{whole}.{rest}" if rest else whole


def show(value: Any) -> str:
    """``value`` as a template prints it (Go's ``%v``)."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{name}:{show(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(show, value)) + "]"
    return str(value)


def quote(text: str, mark: str = '"') -> str:
    """``text`` in quotes, with escapes for characters that cannot be printed (Go's ``%q``)."""
    return mark + "".join(_escaped(letter, mark) for letter in text) + mark


def _escaped(letter: str, mark: str) -> str:
    if letter in {mark, "\\"}:
        return "\\" + letter
    if letter in _NAMED:
        return _NAMED[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < _ASCII_END:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _SHORT_END else f"\\U{code:08x}"


def type_name(value: Any) -> str:
    """The name of a value's type in Go."""
    if value is None:
        return "<nil>"
    if isinstance(value, Mapping):
        return "map[string]string"
    if isinstance(value, list):
        return "template.queryResult"
    return _TYPES.get(type(value), "template.sample")


_ESCAPE = re.compile(
    r"\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))", re.DOTALL
)
_UNESCAPED = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_HIGHEST_RUNE = 0x10FFFF


def string_literal(quoted: str) -> str:
    """The text of a quoted Go string.

    Raises:
        TemplateError: when it has an escape sequence that Go does not know.
    """
    other = "'" if quoted[0] == '"' else '"'
    pieces: list[bytes] = []
    done = 1
    for escape in _ESCAPE.finditer(quoted, 1, len(quoted) - 1):
        pieces += [quoted[done : escape.start()].encode(), _unescape(escape, other)]
        done = escape.end()
    pieces.append(quoted[done:-1].encode())
    return b"".join(pieces).decode(errors="replace")


def rune_literal(quoted: str) -> int:
    """The code point of a Go rune literal such as ``'a'``.

    Raises:
        TemplateError: when there is not exactly one character.
    """
    text = string_literal(quoted)
    if len(text) != 1:
        raise TemplateError(f"{quoted} is not one letter")
    return ord(text)


def number_literal(text: str) -> int | float:
    """The value of a Go number literal: an integer in any base, or a float.

    Raises:
        TemplateError: when ``text`` is no number literal.
    """
    is_hexadecimal = text.lstrip("+-")[:2].lower() == "0x"
    try:
        if not is_hexadecimal and re.search("[.eE]", text):
            return float(text)
        octal = re.sub(r"^([-+]?)0(?=\d)", r"\g<1>0o", text)
        return int(octal, 0)
    except ValueError:
        raise TemplateError(f"{text} is no number") from None


def _unescape(escape: re.Match[str], other: str) -> bytes:
    byte, octal, short, long, named = escape.groups()
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        if value < 256:  # noqa: PLR2004 - a byte
            return bytes([value])
    elif short or long:
        value = int(short or long, 16)
        if value <= _HIGHEST_RUNE and not 0xD800 <= value < 0xE000:  # noqa: PLR2004 - surrogates
            return chr(value).encode()
    elif named in _UNESCAPED and named != other:
        return _UNESCAPED[named].encode()
    raise TemplateError(f"{escape[0]} is not known in a quoted text, use backticks")
