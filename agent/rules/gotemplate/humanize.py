"""Prometheus' template functions that make numbers readable."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from agent.rules.gotemplate.values import Value

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_LARGE_BINARY = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: Value) -> float:
    """``value`` as a float64, as Prometheus' template functions convert it.

    Raises:
        ValueError: when it is not a number.
    """
    if isinstance(value, Mapping):
        raise ValueError("can't convert a label set to float")  # noqa: TRY004 - written into the text
    return float(value)


def _four(value: float, unit: str = "") -> str:
    if math.isfinite(value):
        return f"{value:.4g}{unit}"
    return ("NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf") + unit


def humanize(value: float) -> str:
    """``value`` with a metric prefix: 1234567 is ``1.235M``."""
    if value == 0 or not math.isfinite(value):
        return _four(value)
    if abs(value) >= 1:
        return _four(*_reduced(value, _LARGE, 1000))
    return _four(*_enlarged(value))


def humanize1024(value: float) -> str:
    """``value`` with a binary prefix: 1048576 is ``1Mi``."""
    if abs(value) <= 1 or not math.isfinite(value):
        return _four(value)
    return _four(*_reduced(value, _LARGE_BINARY, 1024))


def humanize_duration(value: float) -> str:
    """``value`` in seconds as days, hours, minutes and seconds."""
    if not math.isfinite(value):
        return _four(value)
    if value == 0:
        return "0s"
    if abs(value) < 1:
        scaled, prefix = _enlarged(value)
        return _four(scaled, f"{prefix}s")
    sign, whole = ("-" if value < 0 else ""), int(abs(value))
    parts = (
        (whole // _DAY, "d"),
        (whole // _HOUR % 24, "h"),
        (whole // _MINUTE % 60, "m"),
        (whole % 60, "s"),
    )
    first = next((place for place, (count, _) in enumerate(parts[:3]) if count), None)
    if first is None:
        return sign + _four(abs(value), "s")
    return sign + " ".join(f"{count}{unit}" for count, unit in parts[first:])


def humanize_percentage(value: float) -> str:
    """The ratio ``value`` as a percentage."""
    return _four(value * 100, "%")


def humanize_timestamp(value: float) -> str:
    """``value`` in seconds since the epoch as a time in UTC."""
    if not math.isfinite(value):
        return _four(value)
    milliseconds = int(value * 1e9) // 1_000_000
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    fraction = f"{milliseconds % 1000:03d}".rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' if fraction else ''}{fraction} +0000 UTC"


def _reduced(value: float, prefixes: tuple[str, ...], step: int) -> tuple[float, str]:
    prefix = ""
    for larger in prefixes:
        if abs(value) < step:
            break
        prefix, value = larger, value / step
    return value, prefix


def _enlarged(value: float) -> tuple[float, str]:
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = smaller, value * 1000
    return value, prefix


HUMANIZERS: Mapping[str, Callable[[float], str]] = {
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
}
