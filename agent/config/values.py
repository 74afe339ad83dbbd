"""How single values are written in the configuration."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)


def parse_duration(value: object) -> float:
    """Seconds from ``30``, ``"30s"``, ``"1h30m"``, ``"250ms"``.

    Raises:
        ValueError: when ``value`` is none of these.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(value))
    raise ValueError("not a duration, expected for example 30s, 5m, 2h or 7d")
