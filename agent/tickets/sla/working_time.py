"""Working time: how much of it is between two times, and when so much of it has passed.

Urgent grades are promised in plain time; the others may be promised in working hours
(docs/reference/domain.md §3). Times are seconds since the epoch.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from agent.routing.calendar import is_published, is_workday

_MINUTES_AN_HOUR = 60
_WHOLE_DAY = 24 * _MINUTES_AN_HOUR
_MOST_DAYS = 3660
"""How many days ahead working time is searched for; a calendar may have none at all."""


class WorkCalendar(msgspec.Struct, frozen=True):
    """The hours in which people work."""

    zone: str
    weekdays: tuple[int, ...]
    """Days worked, from Monday 0 to Sunday 6."""
    hours: tuple[tuple[int, int], ...]
    """Periods of the day in minutes since midnight, in order, without overlap."""
    chinese: bool = True
    """Whether China's published holidays and adjusted workdays go before the weekdays."""
    holidays: frozenset[str] = frozenset()
    """Further days off, as ``2027-02-06``; they go before everything else."""
    workdays: frozenset[str] = frozenset()
    """Further days worked."""

    def is_worked(self, day: date) -> bool:
        """Whether ``day`` is worked."""
        named = day.isoformat()
        if named in self.holidays or named in self.workdays:
            return named not in self.holidays
        if self.chinese and is_published(day):
            return is_workday(day)
        return day.weekday() in self.weekdays

    def is_certain(self, start: float, end: float) -> bool:
        """Whether the official calendar of every day from ``start`` to ``end`` is known."""
        if not self.chinese:
            return True
        zone = ZoneInfo(self.zone)
        days = {datetime.fromtimestamp(at, zone).date() for at in (start, end)}
        return all(map(is_published, days))


def passed(calendar: WorkCalendar | None, start: float, end: float) -> float:
    """Seconds of working time from ``start`` to ``end``; plain time without a calendar."""
    if end <= start:
        return 0.0
    if calendar is None:
        return end - start
    overlaps = (min(end, to) - max(start, at) for at, to in _stretches(calendar, start, end))
    return sum(overlap for overlap in overlaps if overlap > 0)


def reached(calendar: WorkCalendar | None, start: float, seconds: float) -> float | None:
    """When ``seconds`` of working time will have passed since ``start``; ``None``: never."""
    if calendar is None or seconds <= 0:
        return start + max(0.0, seconds)
    left = seconds
    for at, to in _stretches(calendar, start, start + _MOST_DAYS * 86400.0):
        begin = max(at, start)
        if to - begin >= left:
            return begin + left
        left -= max(0.0, to - begin)
    return None


def _stretches(calendar: WorkCalendar, start: float, end: float) -> Iterator[tuple[float, float]]:
    """The working hours of every day from that of ``start`` to that of ``end``, in order."""
    zone = ZoneInfo(calendar.zone)
    day = datetime.fromtimestamp(start, zone).date()
    last = datetime.fromtimestamp(end, zone).date()
    while day <= last:
        yield from _of_day(calendar, day)
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _of_day(calendar: WorkCalendar, day: date) -> tuple[tuple[float, float], ...]:
    if not calendar.is_worked(day):
        return ()
    zone = ZoneInfo(calendar.zone)
    return tuple((_at(day, start, zone), _at(day, end, zone)) for start, end in calendar.hours)


def _at(day: date, minute: int, zone: ZoneInfo) -> float:
    if minute == _WHOLE_DAY:
        return _at(day + timedelta(days=1), 0, zone)
    hour, rest = divmod(minute, _MINUTES_AN_HOUR)
    return datetime.combine(day, time(hour, rest), zone).astimezone(UTC).timestamp()
