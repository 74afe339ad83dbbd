"""Which phones have hours at an instant: weekly windows, special days, public holidays.

China moves workdays around its holidays every year by decree (docs/reference/domain.md §4). The
decrees come from ``chinesecalendar`` where it is installed and knows the year; days in the
configuration go before it; where neither knows, a day follows its weekday and the answer is
marked as uncertain.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from functools import cache
from importlib import import_module
from typing import Any, Final

from agent.baselines.canonical import DAY_MINUTES, days_of
from agent.model import Routing, SpecialDays

MONDAY: Final = 0
SUNDAY: Final = 6
_WEEKEND: Final = 5
_ONE_DAY: Final = timedelta(days=1)

Stretch = tuple[int, int, tuple[str, ...]]
"""Start and end in minutes after midnight, and the ids of the phones; no ids means all."""


class DayKind(Enum):
    """How a day differs from its weekday."""

    PLAIN = auto()
    HOLIDAY = auto()
    """A day off that may fall on any weekday."""
    ADJUSTED = auto()
    """A Saturday or Sunday that is worked."""
    UNPUBLISHED = auto()
    """The holidays of this year have not been published yet."""


Decree = Callable[[date], DayKind]


@dataclass(frozen=True)
class Calendar:
    """The configured days, and the national decrees for all others."""

    configured: Mapping[date, DayKind] = field(default_factory=dict)
    decree: Decree | None = None
    """``None`` for the decrees of the installed library."""

    @classmethod
    def of(cls, holidays: Collection[date] = (), workdays: Collection[date] = ()) -> "Calendar":
        """Return a calendar in which ``holidays`` are off and ``workdays`` are worked."""
        configured = dict.fromkeys(holidays, DayKind.HOLIDAY)
        return cls({**configured, **dict.fromkeys(workdays, DayKind.ADJUSTED)})

    def kind(self, day: date) -> DayKind:
        """The kind of ``day``."""
        configured = self.configured.get(day)
        return configured if configured is not None else (self.decree or decreed_kind)(day)

    def weekday(self, day: date) -> tuple[int, bool]:
        """The weekday whose hours apply on ``day``, and whether that is certain.

        A holiday has Sunday's hours and an adjusted workday Monday's; no source says how
        platforms do it, so this is an assumption.
        """
        kind = self.kind(day)
        return _SUBSTITUTES.get(kind, day.weekday()), kind is not DayKind.UNPUBLISHED


_SUBSTITUTES: Final = {DayKind.HOLIDAY: SUNDAY, DayKind.ADJUSTED: MONDAY}


@cache
def decreed_kind(day: date) -> DayKind:
    """The kind of ``day`` by national decree; ``UNPUBLISHED`` where the decree is missing."""
    decrees = _decrees()
    if decrees is None:
        return DayKind.UNPUBLISHED
    try:
        is_off, holiday = decrees.get_holiday_detail(day)
    except NotImplementedError:
        return DayKind.UNPUBLISHED
    if is_off:
        return DayKind.HOLIDAY if holiday else DayKind.PLAIN
    return DayKind.ADJUSTED if day.weekday() >= _WEEKEND else DayKind.PLAIN


def is_published(day: date) -> bool:
    """Whether the national holidays of ``day``'s year are published and known here."""
    return decreed_kind(day) is not DayKind.UNPUBLISHED


def is_workday(day: date) -> bool:
    """Whether ``day`` is worked by national decree; by its weekday where that is unpublished."""
    kind = decreed_kind(day)
    return kind is DayKind.ADJUSTED or (kind is not DayKind.HOLIDAY and day.weekday() < _WEEKEND)


@cache
def _decrees() -> Any | None:
    try:
        return import_module("chinese_calendar")
    except ImportError:
        return None


@dataclass(frozen=True)
class Hours:
    """The stretches that are open at an instant."""

    stretches: tuple[Stretch, ...]
    certain: bool = True
    """False where the year's holidays are not published yet and would matter."""

    @property
    def is_open(self) -> bool:
        """Whether any phone has hours."""
        return bool(self.stretches)

    def admits(self, binding: str) -> bool:
        """Whether the phone with the id ``binding`` has hours."""
        return any(not phones or binding in phones for _, _, phones in self.stretches)


def hours_at(routing: Routing, local: datetime, calendar: Calendar) -> Hours:
    """The hours at ``local``, a time of day in the schedule's time zone."""
    minute = local.hour * 60 + local.minute
    today, certain = day_hours(routing, local.date(), calendar)
    yesterday, yesterday_certain = day_hours(routing, local.date() - _ONE_DAY, calendar)
    begun = [stretch for stretch in today if stretch[0] <= minute < _end(stretch)]
    # What began yesterday and runs over midnight is open still.
    late = minute + DAY_MINUTES
    overnight = [stretch for stretch in yesterday if stretch[0] <= late < _end(stretch)]
    certain = certain and (yesterday_certain or not _pass_midnight(yesterday))
    return Hours((*begun, *overnight), certain)


def day_hours(routing: Routing, day: date, calendar: Calendar) -> tuple[tuple[Stretch, ...], bool]:
    """The stretches that begin on ``day``, and whether they are certain."""
    special = special_day(routing.special_days or (), day)
    if special is not None:
        return tuple((start, end, special.bindings) for start, end in special.hours), True
    weekday, certain = day.weekday(), True
    if routing.national_calendar:
        weekday, certain = calendar.weekday(day)
    week = days_of(routing.schedule)
    same_every_day = all(stretches == week[0] for stretches in week)
    return week[weekday], certain or same_every_day


def special_day(days: Sequence[SpecialDays], day: date) -> SpecialDays | None:
    """The first entry that covers ``day``; it replaces the weekly hours."""
    ordinal = day.toordinal()
    return next((entry for entry in days if entry.first <= ordinal <= entry.last), None)


def _end(stretch: Stretch) -> int:
    """The end in minutes; a stretch that ends before it starts runs over midnight."""
    start, end, _ = stretch
    return end if end > start else end + DAY_MINUTES


def _pass_midnight(stretches: Sequence[Stretch]) -> bool:
    return any(_end(stretch) > DAY_MINUTES for stretch in stretches)
