"""Go's ``fmt.Sprintf``: verbs, flags, widths, and its texts for values that do not fit."""

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
class FormatSpec:
    """A verb with its flags, width and precision."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None

    @property
    def is_sharp(self) -> bool:
        """Whether the flag ``#`` asks for Go's alternate format."""
        return "#" in self.flags

    @property
    def sign(self) -> str:
        """The sign of a number that is not negative."""
        if "+" in self.flags and self.verb != "v":
            return "+"
        return " " if " " in self.flags else ""

    def padded(self, text: str, *, may_be_zeros: bool = True) -> str:
        """``text`` padded to the width."""
        if "-" in self.flags:
            return text.ljust(self.width)
        if "0" not in self.flags or not may_be_zeros:
            return text.rjust(self.width)
        lead = text[:1] if text[:1] in {"-", "+", " "} else ""
        return lead + text[len(lead) :].rjust(self.width - len(lead), "0")


def printf(layout: str, values: Sequence[Any]) -> str:
    """Go's ``fmt.Sprintf``; a value that does not fit its verb is reported in the text."""
    reader = _Reader(values)
    text = _VERB.sub(reader.format, layout)
    if reader.position < len(values) and not reader.is_reordered:
        rest = values[reader.position :]
        extra = ", ".join(_typed(value) for value in rest)
        return f"{text}%!(EXTRA {extra})"
    return text


class _Reader:
    """Takes the operands in order, or by the indexes in the layout (``%[2]d``)."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self.position = 0
        self.is_reordered = False

    def format(self, match: re.Match[str]) -> str:
        verb, flags = match["verb"], match["flags"]
        errors: list[str] = []
        width = self._measure(match["width"], match["wide"], "WIDTH", errors)
        if width is not None and width < 0:
            flags, width = f"{flags}-", -width
        precision = self._measure(match["precision"], match["exact"], "PREC", errors)
        if match["precision"] == "":
            precision = 0
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        fits = self._go_to(match["place"])
        if not fits:
            return f"{''.join(errors)}%!{verb}(BADINDEX)"
        if self.position >= len(self._values):
            return f"{''.join(errors)}%!{verb}(MISSING)"
        spec = FormatSpec(verb, flags, width or 0, precision)
        return "".join(errors) + write(spec, self._take())

    def _take(self) -> Any:
        self.position += 1
        return self._values[self.position - 1]

    def _go_to(self, number: str | None) -> bool:
        if number is None:
            return True
        self.is_reordered = True
        self.position = int(number) - 1
        return 0 <= self.position < len(self._values)

    def _measure(
        self, text: str | None, number: str | None, name: str, errors: list[str]
    ) -> int | None:
        if not text:
            return None
        if text != "*":
            return min(int(text), _WIDEST)
        if self._go_to(number) and self.position < len(self._values):
            value = self._take()
            if type(value) is int and abs(value) <= _WIDEST:
                return None if name == "PREC" and value < 0 else value
        errors.append(f"%!(BAD{name})")
        return None


def write(spec: FormatSpec, value: Any) -> str:
    """``value`` in the format of ``spec``."""
    if spec.verb == "T":
        return spec.padded(type_name(value))
    if value is None:
        return spec.padded("<nil>") if spec.verb == "v" else f"%!{spec.verb}(<nil>)"
    if isinstance(value, Mapping):
        return _mapping(spec, value)
    verbs, writer = _WRITERS.get(type(value), ("vs", _shown))
    if spec.verb not in verbs:
        return f"%!{spec.verb}({_typed(value)})"
    return writer(spec, value)


def _typed(value: Any) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={show(value)}"


def _mapping(spec: FormatSpec, value: Mapping[str, Any]) -> str:
    sharp = spec.verb == "v" and spec.is_sharp
    entries = (f"{write(spec, name)}:{write(spec, value[name])}" for name in sorted(value, key=str))
    if sharp:
        return type_name(value) + "{" + ", ".join(entries) + "}"
    return "map[" + " ".join(entries) + "]"


def _shown(spec: FormatSpec, value: Any) -> str:
    return spec.padded(show(value))


def _boolean(spec: FormatSpec, value: Any) -> str:
    return spec.padded(show(value))


def _float(spec: FormatSpec, value: Any) -> str:
    verb = "g" if spec.verb == "v" else "f" if spec.verb == "F" else spec.verb
    if not math.isfinite(value):
        text = shortest(value)
        text = (spec.sign or "+") + "NaN" if text == "NaN" and spec.sign else text
        text = f" {text[1:]}" if text[0] == "+" and spec.sign == " " else text
        return spec.padded(text, may_be_zeros=False)
    if spec.precision is None and verb in "gG":
        text = shortest(value, capital=verb == "G")
    else:
        text = f"{value:.{6 if spec.precision is None else spec.precision}{verb}}"
    return spec.padded(text if text.startswith("-") else spec.sign + text)


def _integer(spec: FormatSpec, value: Any) -> str:
    if spec.verb == "c":
        return spec.padded(_letter(value))
    if spec.verb == "q":
        return spec.padded("'" + quote(_letter(value), "'")[1:-1] + "'")
    if spec.verb == "U":
        return spec.padded(f"U+{value:04X}", may_be_zeros=False)
    base, prefix = _BASES.get(spec.verb, ("d", ""))
    if spec.precision == 0 and value == 0:
        return " " * spec.width
    digits = format(abs(value), base)
    sign = "-" if value < 0 else spec.sign
    least = spec.precision
    if least is None:
        zeros = "0" in spec.flags and "-" not in spec.flags
        least = spec.width - len(sign) if zeros else 0
    digits = digits.rjust(least, "0")
    prefix = prefix if spec.is_sharp or spec.verb == "O" else ""
    prefix = "" if prefix == "0" and digits.startswith("0") else prefix
    return spec.padded(sign + prefix + digits, may_be_zeros=False)


def _letter(value: int) -> str:
    is_valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000  # noqa: PLR2004 - Unicode
    return chr(value) if is_valid else "\ufffd"


def _text(spec: FormatSpec, value: Any) -> str:
    text = str(value)
    if spec.verb in "xX":
        return spec.padded(_hexadecimal(spec, text.encode()[: spec.precision]))
    text = text[: spec.precision]
    if spec.verb == "q" or (spec.verb == "v" and spec.is_sharp):
        return spec.padded(quote(text))
    return spec.padded(text)


def _hexadecimal(spec: FormatSpec, content: bytes) -> str:
    capital = spec.verb == "X"
    pieces = [f"{byte:02X}" if capital else f"{byte:02x}" for byte in content]
    prefix = ("0X" if capital else "0x") if spec.is_sharp and pieces else ""
    if " " in spec.flags:
        return " ".join(prefix + piece for piece in pieces)
    return prefix + "".join(pieces)


_WRITERS: Mapping[type, tuple[str, Callable[[FormatSpec, Any], str]]] = {
    bool: ("tv", _boolean),
    float: ("vgGeEfF", _float),
    int: ("vdboOxXcqU", _integer),
    str: ("vsxXq", _text),
}
"""By type: the verbs that fit it, and the function that writes it."""
