"""Numbers and texts as Go writes them, so that texts are the same from both engines."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Value = float | int | str | bool | Mapping[str, str]
"""What a template can hold; ``float`` is Go's float64, ``int`` its int."""

_TYPES = {float: "float64", int: "int", str: "string", bool: "bool"}
_NAMED = dict(zip("\a\b\f\n\r\t\v", (f"\\{one}" for one in "abfnrtv"), strict=True))
_ASCII_END = 0x80
_SHORT_END = 0xFFFF
_EXPONENT_LIMIT = 6
_SMALLEST_EXPONENT = -4


def shortest(value: float, *, capital: bool = False, always_exponent: bool = False) -> str:
    """A float64 with as few digits as tell it apart: 1000000 is ``1e+06`` (Go's ``%v``)."""
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
    """A value as a template prints it (Go's ``%v``)."""
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
    """A text between quotation marks, with what cannot be printed written out (Go's ``%q``)."""
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
    """The type of a value as Go names it."""
    if value is None:
        return "<nil>"
    if isinstance(value, Mapping):
        return "map[string]string"
    if isinstance(value, list):
        return "template.queryResult"
    return _TYPES.get(type(value), "template.sample")
