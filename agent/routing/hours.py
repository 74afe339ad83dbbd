"""Which phones have hours at an instant: weekly windows, special days, the national calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from agent.baselines.canonical import DAY_MINUTES, days_of
from agent.model import Routing, SpecialDays
from agent.routing.calendar import Calendar

Stretch = tuple[int, int, tuple[str, ...]]
"""Start and end in minutes after midnight, and the ids of the phones; none means all."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """What is open at an instant."""

    stretches: tuple[Stretch, ...]
    certain: bool = True
    """False where the holidays of the year are not known yet and would matter."""

    @property
    def is_open(self) -> bool:
        """Whether any phone has hours."""
        return bool(self.stretches)

    def admits(self, binding: str) -> bool:
        """Whether the phone with that id has hours."""
        return any(not phones or binding in phones for _, _, phones in self.stretches)


def hours_at(routing: Routing, local: datetime, calendar: Calendar) -> Hours:
    """What is open at ``local``, the time on the wall of the schedule's zone."""
    minute = local.hour * 60 + local.minute
    today, certain = day_hours(routing, local.date(), calendar)
    before, also = day_hours(routing, local.date() - _ONE_DAY, calendar)
    open_now = [each for each in today if each[0] <= minute < _end(each)]
    open_still = [each for each in before if each[0] <= minute + DAY_MINUTES < _end(each)]
    return Hours((*open_now, *open_still), certain and (also or not _pass_midnight(before)))


def day_hours(routing: Routing, day: date, calendar: Calendar) -> tuple[tuple[Stretch, ...], bool]:
    """The stretches that begin on ``day``, and whether that is certain."""
    special = special_day(routing.special_days or (), day)
    if special is not None:
        return tuple((start, end, special.bindings) for start, end in special.hours), True
    weekday, certain = day.weekday(), True
    if routing.national_calendar:
        weekday, certain = calendar.weekday(day)
    week = days_of(routing.schedule)
    same = all(stretches == week[0] for stretches in week)
    return week[weekday], certain or same


def special_day(days: Sequence[SpecialDays], day: date) -> SpecialDays | None:
    """The entry that goes before the weekly hours on ``day``: the first that holds it."""
    ordinal = day.toordinal()
    return next((each for each in days if each.first <= ordinal <= each.last), None)


def _end(stretch: Stretch) -> int:
    """A stretch that ends before it starts runs over midnight."""
    start, end, _ = stretch
    return end if end > start else end + DAY_MINUTES


def _pass_midnight(stretches: Sequence[Stretch]) -> bool:
    return any(_end(each) > DAY_MINUTES for each in stretches)
