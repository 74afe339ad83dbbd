"""Public holidays and adjusted workdays: which days are not what their weekday says.

China moves workdays around its holidays every year by decree (domain.md §4 L19). The decrees
come from ``chinesecalendar`` where it is installed and knows the year; days written into the
configuration go before it; where neither knows, a day is what its weekday says and the answer
is marked as uncertain.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from functools import cache
from importlib import import_module
from typing import Any, Final

MONDAY: Final = 0
SUNDAY: Final = 6
_WEEKEND: Final = 5


class DayKind(Enum):
    """What a day is, compared with its weekday."""

    PLAIN = auto()
    HOLIDAY = auto()
    """A day off that may fall on any weekday."""
    ADJUSTED = auto()
    """A Saturday or Sunday that is worked."""
    UNTOLD = auto()
    """Nobody has told of this year yet."""


Decree = Callable[[date], DayKind]


@dataclass(frozen=True)
class Calendar:
    """The days of one configuration, over the decrees."""

    written: Mapping[date, DayKind] = field(default_factory=dict)
    decree: Decree | None = None
    """``None`` takes the decrees that are installed."""

    @classmethod
    def of(cls, holidays: Collection[date] = (), workdays: Collection[date] = ()) -> "Calendar":
        """A calendar in which ``holidays`` are off and ``workdays`` are worked."""
        written = dict.fromkeys(holidays, DayKind.HOLIDAY)
        return cls({**written, **dict.fromkeys(workdays, DayKind.ADJUSTED)})

    def kind(self, day: date) -> DayKind:
        """What ``day`` is."""
        told = self.written.get(day)
        return told if told is not None else (self.decree or decreed)(day)

    def weekday(self, day: date) -> tuple[int, bool]:
        """The weekday whose hours ``day`` keeps, and whether that is certain.

        A holiday keeps Sunday's hours and an adjusted workday Monday's; no source says how
        platforms do it, so this is our reading.
        """
        kind = self.kind(day)
        return _STANDS_FOR.get(kind, day.weekday()), kind is not DayKind.UNTOLD


_STANDS_FOR: Final = {DayKind.HOLIDAY: SUNDAY, DayKind.ADJUSTED: MONDAY}


@cache
def decreed(day: date) -> DayKind:
    """What the decrees make of ``day``; ``UNTOLD`` where they are missing."""
    decrees = _decrees()
    if decrees is None:
        return DayKind.UNTOLD
    try:
        off, holiday = decrees.get_holiday_detail(day)
    except NotImplementedError:
        return DayKind.UNTOLD
    if off:
        return DayKind.HOLIDAY if holiday else DayKind.PLAIN
    return DayKind.ADJUSTED if day.weekday() >= _WEEKEND else DayKind.PLAIN


@cache
def _decrees() -> Any | None:
    try:
        return import_module("chinese_calendar")
    except ImportError:
        return None
