"""Parses structured values as the generic profile writes them: schedules, menus and the like."""

import re
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

from agent.model import Extension, Lines, MenuKey, SpecialDays, Window
from agent.net.ranges import amount_in_range, count_in_range
from agent.net.scrub import scrub

DAY_END: Final = 1440
"""Minutes in a day; as a time it is written ``24:00``."""
MENU_KEYS: Final = ("menu", "key", "target")
LINE_COUNTS: Final = ("declared", "paid", "capacity", "peak")

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_SPAN: Final = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))?")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_MAX_WINDOWS: Final = 200
_MAX_ENTRIES: Final = 500
_TEXT_LENGTH: Final = 128
_FIRST_DAY: Final = date(1900, 1, 1).toordinal()
_LAST_DAY: Final = date(9999, 12, 30).toordinal()
_Fact = TypeVar("_Fact")


def read_schedule(value: list[Any]) -> tuple[Window, ...]:
    """Windows from ``[{"days": "mon-fri", "from": "08:30", "to": "17:30", "bindings": []}]``.

    A window past midnight becomes two. Two equal times mean the whole day.

    Raises:
        ValueError: when an entry is malformed.
    """
    if len(value) > _MAX_WINDOWS:
        raise ValueError(f"more than {_MAX_WINDOWS} windows")
    return tuple(window for entry in value for window in _windows(entry))


def read_days(text: str) -> tuple[int, ...]:
    """Days of the week, Monday 0, from ``mon-fri`` or ``sat,sun``; a span may pass Sunday.

    Raises:
        ValueError: when a part is not a day or a span of days.
    """
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        match = _DAY_SPAN.fullmatch(part)
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


def read_special_days(value: list[Any]) -> tuple[SpecialDays, ...]:
    """Days from ``[{"from": "2026-10-01", "to": "2026-10-07", "hours": [], "bindings": []}]``.

    Raises:
        ValueError: when an entry is malformed.
    """
    return _parse_entries(value, _special_days)


def read_menu(value: list[Any]) -> tuple[MenuKey, ...]:
    """Keys from ``[{"menu": "main", "key": "1", "target": "binding:b1"}]``.

    Raises:
        ValueError: when an entry is malformed.
    """
    return _parse_entries(value, lambda entry: MenuKey(*(_text(entry, name) for name in MENU_KEYS)))


def read_extensions(value: list[Any]) -> tuple[Extension, ...]:
    """Extensions from ``[{"id": "801", "balance": 3.5, "minimum": 5}]``.

    Raises:
        ValueError: when an entry is malformed.
    """
    return _parse_entries(
        value,
        lambda entry: Extension(
            _text(entry, "id"), _amount(entry.get("balance")), _amount(entry.get("minimum"))
        ),
    )


def read_lines(value: dict[str, Any]) -> Lines:
    """Lines from ``{"declared": 20, "paid": 10, "capacity": 30, "peak": 25}``, each optional.

    Raises:
        ValueError: when a count is not a whole number.
    """
    return Lines(*(_count(value.get(name)) for name in LINE_COUNTS))


def _parse_entries(value: list[Any], read: Callable[[dict[str, Any]], _Fact]) -> tuple[_Fact, ...]:
    if len(value) > _MAX_ENTRIES:
        raise ValueError(f"more than {_MAX_ENTRIES} entries")
    if not all(isinstance(entry, dict) for entry in value):
        raise ValueError("not a list of objects")
    return tuple(map(read, value))


def _special_days(entry: dict[str, Any]) -> SpecialDays:
    first = _day(entry.get("from"))
    last = _day(entry.get("to", entry.get("from")))
    hours = entry.get("hours", [])
    bindings = entry.get("bindings", [])
    if last < first or not isinstance(hours, list) or not isinstance(bindings, list):
        raise ValueError("not special days")
    if not all(isinstance(name, str) for name in bindings):
        raise ValueError("not a list of bindings")
    return SpecialDays(first, last, tuple(map(_hours, hours)), tuple(map(sys.intern, bindings)))


def _hours(entry: Any) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise ValueError("not hours")  # noqa: TRY004 - a wrong value, whatever its type
    start, end = read_minute(entry.get("from")), read_minute(entry.get("to"))
    if start == end:
        return 0, DAY_END
    if end < start:
        raise ValueError("hours that end before they start")
    return start, end


def _day(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("not a day, expected for example 2026-10-01")  # noqa: TRY004 - as above
    day = date.fromisoformat(value).toordinal()
    if day < _FIRST_DAY:
        raise ValueError("not a day of this age")
    # The year 9999 means "without an end"; the day after must still be a date.
    return min(day, _LAST_DAY)


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a text")  # noqa: TRY004 - as above
    return sys.intern(scrub(value, _TEXT_LENGTH))


def _amount(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not an amount")  # noqa: TRY004 - as above
    return amount_in_range(value)


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")  # noqa: TRY004 - as above
    return count_in_range(value)
