"""Weekly schedules as the generic dialect writes them, as windows of local minutes."""

import re
import sys
from typing import Any, Final

from agent.model import Window

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))?")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
DAY_END: Final = 1440
"""Minutes in a day; as a time it is written ``24:00``."""
_MOST: Final = 200


def read_schedule(value: list[Any]) -> tuple[Window, ...]:
    """Windows from ``[{"days": "mon-fri", "from": "08:30", "to": "17:30", "bindings": []}]``.

    A window past midnight becomes two. Two equal times mean the whole day.

    Raises:
        ValueError: when an entry is not written so.
    """
    if len(value) > _MOST:
        raise ValueError(f"more than {_MOST} windows")
    return tuple(window for entry in value for window in _windows(entry))


def read_days(text: str) -> tuple[int, ...]:
    """Days of the week, Monday 0, from ``mon-fri`` or ``sat,sun``; a span may pass Sunday.

    Raises:
        ValueError: when a part is not a day or a span of days.
    """
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise ValueError("not days, expected for example mon-fri")
        first = _DAYS.index(match[1])
        last = _DAYS.index(match[2] or match[1])
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return tuple(sorted(days))


def _windows(entry: Any) -> list[Window]:
    if not isinstance(entry, dict) or not isinstance(entry.get("days"), str):
        raise ValueError("not a window")  # noqa: TRY004 - a wrong value, whatever its type
    bindings = entry.get("bindings", [])
    if not isinstance(bindings, list) or not all(isinstance(name, str) for name in bindings):
        raise ValueError("not a list of bindings")
    days = read_days(entry["days"])
    names = tuple(map(sys.intern, bindings))
    start, end = read_minute(entry.get("from")), read_minute(entry.get("to"))
    if start < end:
        return [Window(days, start, end, names)]
    if start == end:
        return [Window(days, 0, DAY_END, names)]
    before = Window(days, start, DAY_END, names)
    if end == 0:
        return [before]
    return [before, Window(tuple(sorted((day + 1) % 7 for day in days)), 0, end, names)]


def read_minute(value: Any) -> int:
    """Minutes after midnight of ``08:30``.

    Raises:
        ValueError: when it is not a time of day.
    """
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a time of day, expected for example 08:30")
    return int(match[1]) * 60 + int(match[2]) if match[1] else DAY_END
