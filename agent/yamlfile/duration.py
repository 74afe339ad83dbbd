"""Durations as people write them in files: ``30s``, ``1h30m``, ``250ms`` or a number of seconds."""

import math
import re

_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)
_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LONGEST = 10 * 366 * 86400.0


def parse_duration(value: object) -> float:
    """Seconds from ``30``, ``"30s"``, ``"1h30m"``, ``"250ms"``; ten years at most.

    Raises:
        ValueError: when ``value`` is none of these.
    """
    seconds = _seconds(value)
    if seconds is None or not 0 <= seconds < math.inf:
        raise ValueError("is not a duration")
    if seconds > _LONGEST:
        raise ValueError("is longer than ten years")
    return seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return float(value)
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(value))
    return None


def duration_text(seconds: float) -> str:
    """``seconds`` as :func:`parse_duration` reads it, in its largest units: ``1h30m``."""
    rest = round(seconds * 1000)
    parts = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, round(size * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
