"""The outcomes of calls over a week: when phones ring, and what callers hear otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from agent.baselines.canonical import DAY_MINUTES
from agent.routing.calendar import day_hours
from agent.routing.caller import Caller
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import Outcome, Treatment

WEEK_DAYS: Final = 7
_CELL_MINUTES: Final = 30
_MARKS: Final = {Treatment.RINGING: "█", Treatment.VOICEMAIL: "▒"}
_SILENT: Final = "·"


@dataclass(frozen=True)
class Stretch:
    """A part of one day in which every call has the same outcome."""

    start: int
    """Minutes after midnight."""
    end: int
    outcome: Outcome


@dataclass(frozen=True)
class Day:
    """The outcomes of calls on one day."""

    date: date
    stretches: tuple[Stretch, ...]
    """From midnight to midnight, without a gap."""

    def at(self, minute: int) -> Outcome:
        """The outcome of a call at ``minute`` after midnight."""
        return next(stretch.outcome for stretch in self.stretches if minute < stretch.end)

    @property
    def picture(self) -> str:
        """One sign for each half hour, by the outcome at its start: rings, voicemail, neither."""
        minutes = range(0, DAY_MINUTES, _CELL_MINUTES)
        return "".join(_MARKS.get(self.at(minute).treatment, _SILENT) for minute in minutes)


def week(setting: Setting, first: date, caller: Caller | None = None) -> tuple[Day, ...]:
    """Return the outcomes of seven days, from ``first`` on.

    Without a ``caller``, lists and regions are left out: they stop callers, not hours.
    """
    days = (first + timedelta(days=ahead) for ahead in range(WEEK_DAYS))
    return tuple(Day(day, tuple(_stretches(setting, day, caller))) for day in days)


def _stretches(setting: Setting, day: date, caller: Caller | None) -> Iterator[Stretch]:
    start, current = 0, _outcome(setting, day, 0, caller)
    for edge in _edges(setting, day):
        outcome = _outcome(setting, day, edge, caller)
        if replace(outcome, why=current.why) != current:
            yield Stretch(start, edge, current)
            start, current = edge, outcome
    yield Stretch(start, DAY_MINUTES, current)


def _edges(setting: Setting, day: date) -> list[int]:
    """The minutes at which the outcome may change; it is evaluated at no other."""
    today, _ = day_hours(setting.routing, day, setting.calendar)
    before, _ = day_hours(setting.routing, day - timedelta(days=1), setting.calendar)
    edges = {edge for start, end, _ in (*today, *before) for edge in (start, end)}
    return sorted(edge for edge in edges if 0 < edge < DAY_MINUTES)


def _outcome(setting: Setting, day: date, minute: int, caller: Caller | None) -> Outcome:
    at = datetime.combine(day, time(minute // 60, minute % 60))
    if caller is not None:
        return evaluate(setting, Call(at, caller))
    return evaluate(setting, Call(at), check_caller=False)
