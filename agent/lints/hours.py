"""Lints of the weekly hours and the holidays (docs/reference/domain.md §4)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Final

from agent.baselines.canonical import DAY_MINUTES, days_of
from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.model import Window

WEEK_MINUTES: Final = 7 * DAY_MINUTES
_NIGHT_END: Final = 6 * 60
_TWO: Final = 2
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Span = tuple[int, int]
"""Start and end in minutes of the week, Monday 00:00 being 0."""
ServedSpan = tuple[Span, tuple[str, ...]]
"""A span with the ids of the phones that ring in it."""


@lru_cache(maxsize=4096)
def week_spans(schedule: tuple[Window, ...]) -> tuple[ServedSpan, ...]:
    """The windows as spans of the week with their phones, sorted; one past Sunday is split.

    Cached, as are the findings below: schedules repeat, and numbers are linted often.
    """
    spans: list[ServedSpan] = []
    for day, windows in enumerate(days_of(schedule)):
        for start, end, phones in windows:
            begin = day * DAY_MINUTES + start
            until = day * DAY_MINUTES + (end if end > start else end + DAY_MINUTES)
            spans.append(((begin, min(until, WEEK_MINUTES)), phones))
            if until > WEEK_MINUTES:
                spans.append(((0, until - WEEK_MINUTES), phones))
    return tuple(sorted(spans))


def gaps(spans: Iterable[Span]) -> list[Span]:
    """The stretches of the week that none of ``spans`` covers."""
    covered = 0
    uncovered = []
    for start, end in [*sorted(spans), (WEEK_MINUTES, WEEK_MINUTES)]:
        if start > covered:
            uncovered.append((covered, start))
        covered = max(covered, end)
    return uncovered


def format_span(span: Span) -> str:
    """A span as people write it: ``Mon 17:30 - Tue 08:30``."""
    return f"{_moment(span[0])} - {_moment(span[1])}"


def _moment(minute: int) -> str:
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return f"{_DAYS[day]} {rest // 60:02d}:{rest % 60:02d}"


@lint(
    "L16",
    Level.WARNING,
    Message("closed without voicemail"),
    Message("closed for {hours:g} hours a week without voicemail, first {first}"),
    Needs.SCHEDULE,
)
def closed_silently(facts: NumberFacts) -> Result:
    """A gap in the weekly hours without voicemail (L16)."""
    routing = facts.settings
    if routing.voicemail is not False:
        return None
    closed = gaps(span for span, _ in week_spans(routing.schedule))
    if not closed:
        return None
    hours = sum(end - start for start, end in closed) / 60
    return {"hours": hours, "first": format_span(closed[0])}


@lint(
    "L17",
    Level.WARNING,
    Message("overlapping hours"),
    Message("{at}: two windows ring different phones at the same time"),
    Needs.SCHEDULE,
)
def overlapping(facts: NumberFacts) -> Result:
    """Windows that overlap and name different phones (L17)."""
    overlap = _contradiction(facts.settings.schedule)
    return None if overlap is None else {"at": format_span(overlap)}


@lru_cache(maxsize=4096)
def _contradiction(schedule: tuple[Window, ...]) -> Span | None:
    spans = week_spans(schedule)
    for index, ((start, end), phones) in enumerate(spans):
        for (other_start, other_end), others in spans[index + 1 :]:
            if other_start >= end:
                break
            if others != phones:
                return max(start, other_start), min(end, other_end)
    return None


@lint(
    "L18",
    Level.WARNING,
    Message("off-hours do not complement the hours"),
    Message("the off-hours phones are not the complement of the work hours, first {first}"),
    Needs.SCHEDULE,
)
def not_complementary(facts: NumberFacts) -> Result:
    """Off-hours phones whose hours are not the complement of the others' (L18).

    A schedule has off-hours phones where two groups of phones share the week and one of them
    serves a night.
    """
    fault = _first_fault(facts.settings.schedule)
    return None if fault is None else {"first": format_span(fault)}


@lru_cache(maxsize=4096)
def _first_fault(schedule: tuple[Window, ...]) -> Span | None:
    groups: dict[tuple[str, ...], list[Span]] = {}
    for span, phones in week_spans(schedule):
        groups.setdefault(phones, []).append(span)
    if len(groups) != _TWO or not any(map(_serves_a_night, groups.values())):
        return None
    spans = sorted(span for group in groups.values() for span in group)
    return min([*gaps(spans), *_doubles(groups.values())], default=None)


def _serves_a_night(spans: Sequence[Span]) -> bool:
    return any(start % DAY_MINUTES < _NIGHT_END and end > start for start, end in spans)


def _doubles(groups: Iterable[Sequence[Span]]) -> list[Span]:
    """The spans in which two groups of phones ring at once."""
    doubles = []
    for group, other in combinations(groups, 2):
        for start, end in group:
            doubles += [
                (max(start, begin), min(end, until))
                for begin, until in other
                if begin < end and start < until
            ]
    return doubles


@lint(
    "L19",
    Level.INFO,
    Message("no holiday plan"),
    Message("weekly hours but no plan for holidays and adjusted workdays to come"),
    Needs.SCHEDULE,
)
def no_holidays(facts: NumberFacts) -> Result:
    """Weekly hours without a plan for the holidays to come (L19)."""
    routing = facts.settings
    if routing.special_days is None or routing.national_calendar:
        return None
    today = facts.context.today.toordinal()
    return None if any(days.last >= today for days in routing.special_days) else {}
