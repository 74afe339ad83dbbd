"""Readers of single values: each takes a :class:`Spot`, gives the value, or notes a mistake.

A reader that notes a mistake gives ``None``; the document is refused as a whole afterwards, so
nobody ever works with that ``None``.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from agent.simulator.document import Spot

Read = Callable[[Spot], Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_WILDCARDS = str.maketrans("", "", "*?")
_NUMBER = re.compile(r"\+?\d{3,20}", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])", re.ASCII)
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_DAYS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)


class _Required:
    """Marks a key that has no default."""


REQUIRED = _Required()


@dataclass(frozen=True)
class Field:
    """How one key is read, the name it gets, and what holds when it is not written."""

    read: Read
    default: Any = REQUIRED
    name: str = ""


def record(spot: Spot, fields: Mapping[str, Field], build: Callable[..., Any]) -> Any:
    """``build(**values)`` of a mapping; unknown and missing keys are mistakes."""
    values: dict[str, Any] = {}
    for key, value in spot.entries():
        if key in fields:
            values[fields[key].name or key] = fields[key].read(value)
        else:
            value.fail(f"is not a known key{suggest(key, fields)}")
    if not spot.is_mapping:
        return None
    for key, entry in fields.items():
        name = entry.name or key
        if name in values:
            continue
        if isinstance(entry.default, _Required):
            spot.fail(f"has no `{key}`, which is required")
        values[name] = None if isinstance(entry.default, _Required) else entry.default
    return build(**values)


def suggest(word: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest known word, or all of them."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    return f", expected `{near[0]}`" if near else f", expected one of {', '.join(words)}"


def text(spot: Spot) -> str | None:
    """Any text."""
    if not spot.is_text:
        spot.fail(f"is {spot.found()}, expected text (put it in quotes)")
        return None
    return spot.raw


def _pattern(pattern: re.Pattern[str], expected: str) -> Read:
    def read(spot: Spot) -> str | None:
        value = spot.raw if spot.is_text else None
        if value is None or not pattern.fullmatch(value):
            spot.fail(f"is {spot.found()}, expected {expected}")
        return value

    return read


name = _pattern(_NAME, "a name of letters, digits, `_`, `.` and `-`")
phone = _pattern(_NUMBER, 'a number in quotes, such as "4006220001"')


def prefix(spot: Spot) -> str | None:
    """Full numbers or leading digits, as lists hold them (domain.md §1).

    Wildcards are taken too: no provider heeds them, but consoles let people write them.
    """
    if not spot.is_text or not (spot.raw or "").lstrip("+").translate(_WILDCARDS).isdigit():
        spot.fail(f'is {spot.found()}, expected digits in quotes, such as "1390000"')
        return None
    return spot.raw


def _written(pattern: re.Pattern[str], expected: str) -> Read:
    """Reads the scalar as written, for words YAML would turn into something else."""

    def read(spot: Spot) -> str | None:
        if spot.raw is None or not pattern.fullmatch(spot.raw):
            spot.fail(f"is {spot.found()}, expected {expected}")
            return None
        return spot.raw

    return read


days = _written(_DAYS, "days such as mon-fri or sat,sun")
clock_time = _written(_CLOCK, 'a time of day such as "08:30"')


def choice(words: type[StrEnum] | Iterable[str]) -> Read:
    """One word of a closed list; ``off`` and ``no`` are words here, whatever YAML thinks."""
    known = {str(word): word for word in words}

    def read(spot: Spot) -> Any:
        if spot.raw not in known:
            spot.fail(f"is {spot.found()}{suggest(spot.raw or '', known)}")
            return None
        return known[spot.raw]

    return read


def amount(least: float = -math.inf, most: float = math.inf) -> Read:
    """A number between two bounds, both included."""
    bounds = f" from {least:g} to {most:g}" if math.isfinite(most) else ""
    expected = bounds or (f" of at least {least:g}" if math.isfinite(least) else "")

    def read(spot: Spot) -> float | None:
        value = spot.raw or ""
        if not _DECIMAL.fullmatch(value) or not least <= float(value) <= most:
            spot.fail(f"is {spot.found()}, expected a number{expected}")
            return None
        return float(value)

    return read


def whole(least: int = 0, most: int = 10_000_000) -> Read:
    """A whole number between two bounds, both included."""

    def read(spot: Spot) -> int | None:
        value = spot.raw or ""
        if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII) or not least <= int(value) <= most:
            spot.fail(f"is {spot.found()}, expected a whole number from {least} to {most}")
            return None
        return int(value)

    return read


def flag(spot: Spot) -> bool | None:
    """``true`` or ``false``."""
    if spot.raw not in {"true", "false"}:
        spot.fail(f"is {spot.found()}, expected true or false")
        return None
    return spot.raw == "true"


def day(spot: Spot) -> date | None:
    """A calendar day such as ``2027-03-01``."""
    try:
        return date.fromisoformat(spot.raw or "")
    except ValueError:
        spot.fail(f"is {spot.found()}, expected a day such as 2027-03-01")
        return None


def duration(spot: Spot) -> float | None:
    """Seconds of ``30s``, ``1h30m``, ``250ms`` or a bare number of seconds."""
    value = spot.raw or ""
    if _DURATION.fullmatch(value):
        return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(value))
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        return float(value)
    spot.fail(f"is {spot.found()}, expected a duration such as 30s, 2m or 3d")
    return None


def or_null(read: Read) -> Read:
    """What ``read`` reads, or nothing."""
    return lambda spot: None if spot.is_null else read(spot)


def list_of(read: Read) -> Read:
    """A list as a tuple."""
    return lambda spot: tuple(read(item) for item in spot.items())


def mapping_of(read_key: Callable[[str, Spot], Any], read: Read) -> Read:
    """A mapping with free keys; ``read_key`` gives the key or notes a mistake."""

    def entries(spot: Spot) -> dict[Any, Any]:
        return {read_key(key, value): read(value) for key, value in spot.entries()}

    return entries
