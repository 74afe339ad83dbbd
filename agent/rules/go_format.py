"""Numbers and ``printf`` as Go writes them, so that texts are the same from both engines."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

Value = float | int | str | bool | Mapping[str, str]
"""What a template can hold; ``float`` is Go's float64, ``int`` its int."""

_VERB = re.compile(r"%([-+# 0]*)(\d*)(?:\.(\d*))?(.)?", re.DOTALL | re.ASCII)
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


def show(value: Value) -> str:
    """A value as a template prints it (Go's ``%v``)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{name}:{value[name]}" for name in sorted(value)) + "]"
    return str(value)


def printf(layout: str, values: Sequence[Value]) -> str:
    """Go's ``fmt.Sprintf`` for the verbs ``%v %s %q %d %e %f %g %t %x %c %%``."""
    remaining = list(values)

    def replace(found: re.Match[str]) -> str:
        flags, width, precision, verb = found.groups()
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        if not remaining:
            return f"%!{verb}(MISSING)"
        text = _verb(verb, flags, precision, remaining.pop(0))
        return _padded(text, flags, int(width or 0))

    text = _VERB.sub(replace, layout)
    if remaining:
        extra = ", ".join(f"{_go_type(value)}={show(value)}" for value in remaining)
        return f"{text}%!(EXTRA {extra})"
    return text


def _verb(verb: str, flags: str, precision: str | None, value: Value) -> str:
    write = _WRITERS.get((verb, type(value) if not isinstance(value, Mapping) else dict))
    if write is None:
        return f"%!{verb}({_go_type(value)}={show(value)})"
    text = write(value, None if precision is None else int(precision or 0))
    signed = "+" in flags and isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, float) and math.isinf(value) and value > 0:
        return text
    return f"+{text}" if signed and not text.startswith(("-", "+")) else text


def _padded(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and text.lstrip("+-")[:1].isdigit():
        return text.zfill(width)
    return text.rjust(width)


def _number(verb: str) -> Callable[[Value, int | None], str]:
    def write(value: Value, precision: int | None) -> str:
        assert isinstance(value, float)
        if not math.isfinite(value):
            return shortest(value)
        if precision is None and verb in "gG":
            return shortest(value, capital=verb == "G")
        return f"{value:.{6 if precision is None else precision}{verb}}"

    return write


def _text(value: Value, precision: int | None) -> str:
    return str(value)[:precision]


def _quoted(value: Value, precision: int | None) -> str:
    text = str(value)[:precision].replace("\\", "\\\\").replace('"', '\\"')
    named = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return f'"{named}"'


def _shown(value: Value, precision: int | None) -> str:
    if isinstance(value, float) and precision is not None:
        return _number("g")(value, precision)
    return show(value)[:precision] if isinstance(value, str) else show(value)


def _go_type(value: Value) -> str:
    if isinstance(value, Mapping):
        return "map[string]string"
    return {float: "float64", int: "int", str: "string", bool: "bool"}[type(value)]


_WRITERS: Mapping[tuple[str, type], Callable[[Value, int | None], str]] = {
    **{("v", kind): _shown for kind in (float, int, str, bool, dict)},
    **{(verb, float): _number(verb) for verb in "eEfFgG"},
    ("s", str): _text,
    ("q", str): _quoted,
    ("d", int): lambda value, _: str(value),
    ("x", int): lambda value, _: format(value, "x"),
    ("X", int): lambda value, _: format(value, "X"),
    ("c", int): lambda value, _: chr(value) if isinstance(value, int) else "",
    ("t", bool): lambda value, _: show(value),
    ("x", str): lambda value, _: str(value).encode().hex(),
}
