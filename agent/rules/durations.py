"""Durations in Prometheus' notation: ``1h30m``, ``250ms``, ``0``."""

import re

_UNITS = (
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit, _ in _UNITS), re.ASCII)
_EXACT_UNITS = ("y", "w")


def parse_duration(text: str) -> float:
    """The duration in seconds.

    Raises:
        ValueError: when ``text`` is not a duration.
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration, expected for example 30s, 5m or 1h30m")
    counts = zip(match.groups(), _UNITS, strict=True)
    return sum(int(count) * size for count, (_, size) in counts if count) / 1000


def format_duration(seconds: float) -> str:
    """``seconds`` as Prometheus prints them; years and weeks only where nothing remains."""
    remaining = round(seconds * 1000)
    if not remaining:
        return "0s"
    text = ""
    for unit, size in _UNITS:
        if unit in _EXACT_UNITS and remaining % size:
            continue
        count, rest = divmod(remaining, size)
        if count:
            text, remaining = f"{text}{count}{unit}", rest
    return text
