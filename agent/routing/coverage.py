"""The picture of a week: which hours ring, which phones, and what is heard in the others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from agent.baselines.canonical import DAY_MINUTES
from agent.routing.caller import Caller
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.hours import day_hours
from agent.routing.outcome import Heard, Outcome

WEEK_DAYS: Final = 7
_CELL_MINUTES: Final = 30
_MARKS: Final = {Heard.RINGING: "█", Heard.VOICEMAIL: "▒"}
_SILENT: Final = "·"


@dataclass(frozen=True)
class Stretch:
    """A part of one day in which the same becomes of every call."""

    start: int
    """Minutes after midnight."""
    end: int
    outcome: Outcome


@dataclass(frozen=True)
class Day:
    """One day of the picture."""

    date: date
    stretches: tuple[Stretch, ...]
    """From midnight to midnight, without a gap."""

    def at(self, minute: int) -> Outcome:
        """What becomes of a call at ``minute`` after midnight."""
        return next(each.outcome for each in self.stretches if minute < each.end)

    @property
    def picture(self) -> str:
        """Half an hour a sign: rings, voicemail, neither; by what holds when it begins."""
        minutes = range(0, DAY_MINUTES, _CELL_MINUTES)
        return "".join(_MARKS.get(self.at(minute).heard, _SILENT) for minute in minutes)


def week(setting: Setting, first: date, caller: Caller | None = None) -> tuple[Day, ...]:
    """Seven days from ``first`` on; for nobody in particular where no caller is told.

    For nobody in particular the lists and regions are left out, as they stop callers and not
    hours.
    """
    days = (first + timedelta(days=ahead) for ahead in range(WEEK_DAYS))
    return tuple(Day(each, tuple(_stretches(setting, each, caller))) for each in days)


def _stretches(setting: Setting, day: date, caller: Caller | None) -> Iterator[Stretch]:
    edges = _edges(setting, day)
    start, held = 0, _outcome(setting, day, 0, caller)
    for edge in edges:
        outcome = _outcome(setting, day, edge, caller)
        if replace(outcome, why=held.why) != held:
            yield Stretch(start, edge, held)
            start, held = edge, outcome
    yield Stretch(start, DAY_MINUTES, held)


def _edges(setting: Setting, day: date) -> list[int]:
    """Minutes at which something may change; for nothing else is the configuration asked."""
    today, _ = day_hours(setting.routing, day, setting.calendar)
    before, _ = day_hours(setting.routing, day - timedelta(days=1), setting.calendar)
    edges = {edge for start, end, _ in (*today, *before) for edge in (start, end)}
    return sorted(edge for edge in edges if 0 < edge < DAY_MINUTES)


def _outcome(setting: Setting, day: date, minute: int, caller: Caller | None) -> Outcome:
    at = datetime.combine(day, time(minute // 60, minute % 60))
    if caller is not None:
        return evaluate(setting, Call(at, caller))
    return evaluate(setting, Call(at), ask_caller=False)
