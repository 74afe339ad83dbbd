"""Lints of the weekly hours and the holidays (domain.md §4 L16 to L19)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Final

from agent.baselines.canonical import DAY_MINUTES, days_of
from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.model import Routing, Window

WEEK_MINUTES: Final = 7 * DAY_MINUTES
_NIGHT_END: Final = 6 * 60
_TWO: Final = 2
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Span = tuple[int, int]
"""Start and end in minutes of the week, Monday 00:00 being 0."""


Served = tuple[Span, tuple[str, ...]]
"""A span with the ids of its phones."""


@lru_cache(maxsize=4096)
def week_spans(schedule: tuple[Window, ...]) -> tuple[Served, ...]:
    """The windows as spans of the week with their phones, sorted; one past Sunday is split.

    Remembered, as are the findings below: schedules repeat, and numbers are linted often.
    """
    found: list[Served] = []
    for day, windows in enumerate(days_of(schedule)):
        for start, end, phones in windows:
            begin = day * DAY_MINUTES + start
            until = day * DAY_MINUTES + (end if end > start else end + DAY_MINUTES)
            found.append(((begin, min(until, WEEK_MINUTES)), phones))
            if until > WEEK_MINUTES:
                found.append(((0, until - WEEK_MINUTES), phones))
    return tuple(sorted(found))


def gaps(spans: Iterable[Span]) -> list[Span]:
    """The stretches of the week that none of ``spans`` covers."""
    covered = 0
    found = []
    for start, end in [*sorted(spans), (WEEK_MINUTES, WEEK_MINUTES)]:
        if start > covered:
            found.append((covered, start))
        covered = max(covered, end)
    return found


def clock_words(span: Span) -> str:
    """A span as people write it: ``Mon 17:30 - Tue 08:30``."""
    return f"{_moment(span[0])} - {_moment(span[1])}"


def _moment(minute: int) -> str:
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return f"{_DAYS[day]} {rest // 60:02d}:{rest % 60:02d}"


def _routing(facts: NumberFacts) -> Routing:
    return facts.routing or Routing()


@lint(
    "L16",
    Level.WARNING,
    Words("closed without voicemail", "非服务时间无语音信箱"),
    Words(
        "closed for {hours:g} hours a week without voicemail, first {first}",
        "每周有 {hours:g} 小时无人接听且未开语音信箱，最早一段 {first}",
    ),
    Needs.SCHEDULE,
)
def closed_silently(facts: NumberFacts) -> Values | None:
    """A gap in the weekly hours without voicemail (domain.md §4 L16)."""
    routing = _routing(facts)
    if routing.voicemail is not False:
        return None
    found = gaps(span for span, _ in week_spans(routing.schedule))
    if not found:
        return None
    hours = sum(end - start for start, end in found) / 60
    return {"hours": hours, "first": clock_words(found[0])}


@lint(
    "L17",
    Level.WARNING,
    Words("overlapping hours", "时段重叠"),
    Words(
        "{at}: two windows ring different phones at the same time",
        "{at}：两个时段重叠，却振铃不同的电话",
    ),
    Needs.SCHEDULE,
)
def overlapping(facts: NumberFacts) -> Values | None:
    """Windows that overlap and name different phones (domain.md §4 L17)."""
    at = _contradiction(_routing(facts).schedule)
    return None if at is None else {"at": clock_words(at)}


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
    Words("off-hours do not complement the hours", "非工作时段与工作时段不互补"),
    Words(
        "the off-hours phones are not the complement of the work hours, first {first}",
        "非工作时段未与工作时段互补，最早一处 {first}",
    ),
    Needs.SCHEDULE,
)
def not_complementary(facts: NumberFacts) -> Values | None:
    """Off-hours phones whose hours are not the complement of the others' (domain.md §4 L18).

    A schedule has off-hours phones where two groups of phones share the week and one of them
    serves a night.
    """
    at = _no_complement(_routing(facts).schedule)
    return None if at is None else {"first": clock_words(at)}


@lru_cache(maxsize=4096)
def _no_complement(schedule: tuple[Window, ...]) -> Span | None:
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
    found = []
    for one, other in combinations(groups, 2):
        for start, end in one:
            found += [
                (max(start, begin), min(end, until))
                for begin, until in other
                if begin < end and start < until
            ]
    return found


@lint(
    "L19",
    Level.INFO,
    Words("no holiday plan", "没有节假日安排"),
    Words(
        "weekly hours but no plan for holidays and adjusted workdays to come",
        "设有每周时段，但没有今后节假日与调休的安排",
    ),
    Needs.SCHEDULE,
)
def no_holidays(facts: NumberFacts) -> Values | None:
    """Weekly hours without a plan for the holidays to come (domain.md §4 L19)."""
    routing = _routing(facts)
    if routing.special_days is None or routing.national_calendar:
        return None
    today = facts.place.today.toordinal()
    return None if any(each.last >= today for each in routing.special_days) else {}
