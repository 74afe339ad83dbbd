"""Go's ``fmt.Sprintf``: verbs, flags, widths, and what it writes where a value does not fit."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.gotemplate.values import quote, shortest, show, type_name

_VERB = re.compile(
    r"""%(?P<flags>[-+\#\ 0]*)
    (?:\[(?P<wide>\d+)\](?=\*))?(?P<width>\*|\d*)
    (?:\.(?:\[(?P<exact>\d+)\](?=\*))?(?P<precision>\*|\d*))?
    (?:\[(?P<place>\d+)\])?(?P<verb>.)?""",
    re.DOTALL | re.ASCII | re.VERBOSE,
)
_WIDEST = 1_000_000
_BASES = {"b": ("b", "0b"), "o": ("o", "0"), "O": ("o", "0o"), "x": ("x", "0x"), "X": ("X", "0X")}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a value is to be written."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None

    @property
    def is_sharp(self) -> bool:
        """Whether Go's own notation is asked for."""
        return "#" in self.flags

    @property
    def sign(self) -> str:
        """What stands before a number that is not negative."""
        if "+" in self.flags and self.verb != "v":
            return "+"
        return " " if " " in self.flags else ""

    def padded(self, text: str, *, may_be_zeros: bool = True) -> str:
        """``text`` at the width asked for."""
        if "-" in self.flags:
            return text.ljust(self.width)
        if "0" not in self.flags or not may_be_zeros:
            return text.rjust(self.width)
        lead = text[:1] if text[:1] in {"-", "+", " "} else ""
        return lead + text[len(lead) :].rjust(self.width - len(lead), "0")


def printf(layout: str, values: Sequence[Any]) -> str:
    """Go's ``fmt.Sprintf``; whatever does not fit is told in the text."""
    reader = _Reader(values)
    text = _VERB.sub(reader.written, layout)
    if reader.place < len(values) and not reader.is_reordered:
        rest = values[reader.place :]
        extra = ", ".join(_typed(value) for value in rest)
        return f"{text}%!(EXTRA {extra})"
    return text


class _Reader:
    """Takes the values one by one, or as the layout numbers them."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self.place = 0
        self.is_reordered = False

    def written(self, found: re.Match[str]) -> str:
        verb, flags = found["verb"], found["flags"]
        told: list[str] = []
        width = self._measure(found["width"], found["wide"], "WIDTH", told)
        if width is not None and width < 0:
            flags, width = f"{flags}-", -width
        precision = self._measure(found["precision"], found["exact"], "PREC", told)
        if found["precision"] == "":
            precision = 0
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        fits = self._go_to(found["place"])
        if not fits:
            return f"{''.join(told)}%!{verb}(BADINDEX)"
        if self.place >= len(self._values):
            return f"{''.join(told)}%!{verb}(MISSING)"
        shape = Shape(verb, flags, width or 0, precision)
        return "".join(told) + write(shape, self._take())

    def _take(self) -> Any:
        self.place += 1
        return self._values[self.place - 1]

    def _go_to(self, number: str | None) -> bool:
        if number is None:
            return True
        self.is_reordered = True
        self.place = int(number) - 1
        return 0 <= self.place < len(self._values)

    def _measure(
        self, text: str | None, number: str | None, name: str, told: list[str]
    ) -> int | None:
        if not text:
            return None
        if text != "*":
            return min(int(text), _WIDEST)
        if self._go_to(number) and self.place < len(self._values):
            value = self._take()
            if type(value) is int and abs(value) <= _WIDEST:
                return None if name == "PREC" and value < 0 else value
        told.append(f"%!(BAD{name})")
        return None


def write(shape: Shape, value: Any) -> str:
    """One value as its shape says."""
    if shape.verb == "T":
        return shape.padded(type_name(value))
    if value is None:
        return shape.padded("<nil>") if shape.verb == "v" else f"%!{shape.verb}(<nil>)"
    if isinstance(value, Mapping):
        return _mapping(shape, value)
    verbs, writer = _WRITERS.get(type(value), ("vs", _shown))
    if shape.verb not in verbs:
        return f"%!{shape.verb}({_typed(value)})"
    return writer(shape, value)


def _typed(value: Any) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={show(value)}"


def _mapping(shape: Shape, value: Mapping[str, Any]) -> str:
    sharp = shape.verb == "v" and shape.is_sharp
    entries = (
        f"{write(shape, name)}:{write(shape, value[name])}" for name in sorted(value, key=str)
    )
    if sharp:
        return type_name(value) + "{" + ", ".join(entries) + "}"
    return "map[" + " ".join(entries) + "]"


def _shown(shape: Shape, value: Any) -> str:
    return shape.padded(show(value))


def _boolean(shape: Shape, value: Any) -> str:
    return shape.padded(show(value))


def _float(shape: Shape, value: Any) -> str:
    verb = "g" if shape.verb == "v" else "f" if shape.verb == "F" else shape.verb
    if not math.isfinite(value):
        text = shortest(value)
        text = (shape.sign or "+") + "NaN" if text == "NaN" and shape.sign else text
        text = f" {text[1:]}" if text[0] == "+" and shape.sign == " " else text
        return shape.padded(text, may_be_zeros=False)
    if shape.precision is None and verb in "gG":
        text = shortest(value, capital=verb == "G")
    else:
        text = f"{value:.{6 if shape.precision is None else shape.precision}{verb}}"
    return shape.padded(text if text.startswith("-") else shape.sign + text)


def _integer(shape: Shape, value: Any) -> str:
    if shape.verb == "c":
        return shape.padded(_letter(value))
    if shape.verb == "q":
        return shape.padded("'" + quote(_letter(value), "'")[1:-1] + "'")
    if shape.verb == "U":
        return shape.padded(f"U+{value:04X}", may_be_zeros=False)
    base, prefix = _BASES.get(shape.verb, ("d", ""))
    if shape.precision == 0 and value == 0:
        return " " * shape.width
    digits = format(abs(value), base)
    sign = "-" if value < 0 else shape.sign
    least = shape.precision
    if least is None:
        zeros = "0" in shape.flags and "-" not in shape.flags
        least = shape.width - len(sign) if zeros else 0
    digits = digits.rjust(least, "0")
    prefix = prefix if shape.is_sharp or shape.verb == "O" else ""
    prefix = "" if prefix == "0" and digits.startswith("0") else prefix
    return shape.padded(sign + prefix + digits, may_be_zeros=False)


def _letter(value: int) -> str:
    is_valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000  # noqa: PLR2004 - Unicode
    return chr(value) if is_valid else "\ufffd"


def _text(shape: Shape, value: Any) -> str:
    text = str(value)
    if shape.verb in "xX":
        return shape.padded(_hexadecimal(shape, text.encode()[: shape.precision]))
    text = text[: shape.precision]
    if shape.verb == "q" or (shape.verb == "v" and shape.is_sharp):
        return shape.padded(quote(text))
    return shape.padded(text)


def _hexadecimal(shape: Shape, content: bytes) -> str:
    capital = shape.verb == "X"
    pieces = [f"{byte:02X}" if capital else f"{byte:02x}" for byte in content]
    prefix = ("0X" if capital else "0x") if shape.is_sharp and pieces else ""
    if " " in shape.flags:
        return " ".join(prefix + piece for piece in pieces)
    return prefix + "".join(pieces)


_WRITERS: Mapping[type, tuple[str, Callable[[Shape, Any], str]]] = {
    bool: ("tv", _boolean),
    float: ("vgGeEfF", _float),
    int: ("vdboOxXcqU", _integer),
    str: ("vsxXq", _text),
}
"""The verbs that each kind of value takes, and how it is written."""
