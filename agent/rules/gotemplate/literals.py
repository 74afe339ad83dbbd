"""Texts, letters and numbers as Go writes them in a template."""

import re

from agent.rules.gotemplate.functions import TemplateError

_ESCAPE = re.compile(
    r"\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))", re.DOTALL
)
_NAMED = {
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
_HIGHEST = 0x10FFFF


def go_text(quoted: str) -> str:
    """The text between quotation marks.

    Raises:
        TemplateError: when a backslash stands before what Go does not know.
    """
    other = "'" if quoted[0] == '"' else '"'
    pieces: list[bytes] = []
    done = 1
    for found in _ESCAPE.finditer(quoted, 1, len(quoted) - 1):
        pieces += [quoted[done : found.start()].encode(), _escaped(found, other)]
        done = found.end()
    pieces.append(quoted[done:-1].encode())
    return b"".join(pieces).decode(errors="replace")


def go_letter(quoted: str) -> int:
    """The number of the one letter between apostrophes.

    Raises:
        TemplateError: when there is not just one.
    """
    text = go_text(quoted)
    if len(text) != 1:
        raise TemplateError(f"{quoted} is not one letter")
    return ord(text)


def go_number(text: str) -> int | float:
    """A number: whole in any base, or with a point or an exponent.

    Raises:
        TemplateError: when it is none.
    """
    is_hexadecimal = text.lstrip("+-")[:2].lower() == "0x"
    try:
        if not is_hexadecimal and re.search("[.eE]", text):
            return float(text)
        octal = re.sub(r"^([-+]?)0(?=\d)", r"\g<1>0o", text)
        return int(octal, 0)
    except ValueError:
        raise TemplateError(f"{text} is no number") from None


def _escaped(found: re.Match[str], other: str) -> bytes:
    byte, octal, short, long, named = found.groups()
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        if value < 256:  # noqa: PLR2004 - a byte
            return bytes([value])
    elif short or long:
        value = int(short or long, 16)
        if value <= _HIGHEST and not 0xD800 <= value < 0xE000:  # noqa: PLR2004 - surrogates
            return chr(value).encode()
    elif named in _NAMED and named != other:
        return _NAMED[named].encode()
    raise TemplateError(f"{found[0]} is not known in a quoted text, use backticks")
