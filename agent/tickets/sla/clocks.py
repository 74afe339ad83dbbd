"""Service-level clocks: a pure function of the recorded events (docs/reference/domain.md §3).

A ticket stores the events of its clocks and nothing derived from them, so a restart loses nothing
and every reader gets the same result. The rules:

* The clocks run from first detection or from the first report, whichever is earlier.
* Time is excluded while anything pauses them, and outside of working time where a grade is
  promised in it. Every other second counts.
* Another grade brings other promises; the time that has counted so far stays counted.
* A clock stops once. When a recovery or an arrival turns out to be none, its stop is void and
  the clock counts as having run all along.
* Events are taken in the order in which they were recorded. That the machine's clock was set is
  an event, too: no time has passed by it, so what was recorded before is read as if the clock had
  been right then. What stopped before stays as it was recorded.
* An event stamped earlier than the one before it, by a step nobody noticed, counts as of that one.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum, unique
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from agent.states import ClockName, Grade
from agent.tickets.sla.working_time import WorkCalendar, passed, reached


@unique
class PauseReason(StrEnum):
    """Why time is excluded (docs/reference/domain.md §3)."""

    CUSTOMER_CAUSED = "customer_caused"
    APPOINTMENT = "appointment"
    INTERCONNECTION = "interconnection"


@unique
class ClockEventKind(StrEnum):
    """What happened to the clocks."""

    START = "start"
    REPORT = "report"
    GRADE = "grade"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    VOID = "void"
    SET = "set"
    """The machine's clock was set."""


class Terms(msgspec.Struct, frozen=True):
    """What a grade is promised: seconds for each clock, ``None`` where nothing is."""

    contact: float | None = None
    on_site: float | None = None
    restore: float | None = None
    calendar: WorkCalendar | None = None
    """The working time the promise is kept in; ``None`` is around the clock."""

    def allowed(self, name: ClockName) -> float | None:
        """The seconds promised for one clock."""
        allowed: float | None = getattr(self, name.value)
        return allowed


class ClockEvent(msgspec.Struct, frozen=True):
    """One recorded event."""

    kind: ClockEventKind
    at: float
    grade: Grade | None = None
    terms: Terms | None = None
    clock: ClockName | None = None
    """Which clock stops, or whose stop is void."""
    reason: PauseReason | None = None
    until: float | None = None
    """When a pause ends by itself: an appointment's hour."""
    step: float = 0.0
    """By how many seconds the machine's clock was set, to ``at``."""


class Reading(msgspec.Struct, frozen=True):
    """One clock at one moment."""

    name: ClockName
    grade: Grade
    allowed: float
    elapsed: float
    """Seconds that count, up to now or to the stop."""
    deadline: float | None
    """When the allowed time ends or ended; while paused, as if the clock ran on now.

    ``None`` when it never ends: the calendar has no working time.
    """
    paused: tuple[PauseReason, ...]
    stopped_at: float | None
    certain: bool = True
    """False where working days were guessed by weekday: no calendar is published that far."""

    @property
    def remaining(self) -> float:
        """Seconds left; negative once breached."""
        return self.allowed - self.elapsed

    @property
    def breached(self) -> bool:
        """Whether more time has counted than was allowed."""
        return self.elapsed > self.allowed

    @property
    def percent(self) -> float:
        """How much of the allowed time has been used."""
        return 100.0 * self.elapsed / self.allowed if self.allowed else math.inf


class _Stretch(msgspec.Struct, frozen=True):
    """A period in which nothing about the clocks changes."""

    start: float
    end: float
    terms: Terms
    paused: tuple[PauseReason, ...]


class _Course(msgspec.Struct, frozen=True):
    """Everything that the events say."""

    begin: float
    last: float
    grade: Grade
    terms: Terms
    first: Terms
    """The terms at the beginning."""
    changes: tuple[tuple[float, ClockEvent], ...]
    stretches: tuple[_Stretch, ...]
    stopped: Mapping[ClockName, float]


Events = tuple[ClockEvent, ...]


def start(grade: Grade, terms: Terms, at: float) -> Events:
    """The events of clocks that begin at ``at``."""
    return (ClockEvent(ClockEventKind.START, at, grade=grade, terms=terms),)


def report(events: Events, at: float) -> Events:
    """Adds a report of the fault at ``at``: an earlier report starts the clocks earlier."""
    return (*events, ClockEvent(ClockEventKind.REPORT, at)) if events else events


def regrade(events: Events, grade: Grade, terms: Terms, at: float) -> Events:
    """Applies other terms from ``at`` on; time that has counted stays counted."""
    if not events or _course(events).grade is grade:
        return events
    return (*events, ClockEvent(ClockEventKind.GRADE, at, grade=grade, terms=terms))


def pause(events: Events, reason: PauseReason, at: float, until: float | None = None) -> Events:
    """Excludes time from ``at`` on, until ``until`` where that is given."""
    if not events:
        return events
    return (*events, ClockEvent(ClockEventKind.PAUSE, at, reason=reason, until=until))


def resume(events: Events, reason: PauseReason, at: float) -> Events:
    """Ends the exclusion for ``reason``; returns ``events`` itself when there is none."""
    if not events or reason not in _paused_at(_course(events), at):
        return events
    return (*events, ClockEvent(ClockEventKind.RESUME, at, reason=reason))


def stop(events: Events, at: float, *names: ClockName) -> Events:
    """Stops the named clocks, or all, at ``at``, which may be past; a stopped one stays."""
    if not events:
        return events
    running = [name for name in names or tuple(ClockName) if name not in _course(events).stopped]
    return (*events, *(ClockEvent(ClockEventKind.STOP, at, clock=name) for name in running))


def void(events: Events, at: float, *names: ClockName) -> Events:
    """Withdraws the stops of the named clocks, or all: they have been running all along."""
    if not events:
        return events
    stopped = [name for name in names or tuple(ClockName) if name in _course(events).stopped]
    return (*events, *(ClockEvent(ClockEventKind.VOID, at, clock=name) for name in stopped))


def clock_was_set(events: Events, step: float, at: float) -> Events:
    """Goes on after the machine's clock was set by ``step`` seconds, to ``at``.

    Steps with nothing between them are one event, so that a clock that is set over and over
    makes no list longer.
    """
    if not events:
        return events
    last = events[-1]
    if last.kind is ClockEventKind.SET:
        return (*events[:-1], ClockEvent(ClockEventKind.SET, at, step=last.step + step))
    return (*events, ClockEvent(ClockEventKind.SET, at, step=step))


def last_set_to(events: Events) -> float | None:
    """What the clock showed after the last step that is recorded; ``None`` without any."""
    return next((it.at for it in reversed(events) if it.kind is ClockEventKind.SET), None)


def set_since_stop(events: Events, name: ClockName) -> float:
    """By how many seconds the machine's clock was set after a clock stopped; 0 while it runs."""
    return _set_by(events) - _frames(events).get(name, _set_by(events))


def stopped_at(events: Events, name: ClockName) -> float | None:
    """When a clock stopped, by the machine's clock as it is set after ``events``.

    ``None`` while it runs or where there is none.
    """
    return _course(events).stopped.get(name) if events else None


def began_at(events: Events) -> float | None:
    """When the clocks began; ``None`` where there are none."""
    return _course(events).begin if events else None


def readings(events: Events, now: float) -> tuple[Reading, ...]:
    """Every clock that the terms promise something for, as of ``now``."""
    if not events:
        return ()
    present, frames = _set_by(events), _frames(events)
    clocks = (_read(_course(events, frames.get(it, present)), it, now) for it in ClockName)
    return tuple(reading for reading in clocks if reading is not None)


def _set_by(events: Events) -> float:
    return sum(event.step for event in events)


def _frames(events: Events) -> dict[ClockName, float]:
    """By how much the machine's clock had been set when each clock stopped."""
    frames: dict[ClockName, float] = {}
    moved = 0.0
    for event in events:
        moved += event.step
        if event.kind is ClockEventKind.STOP and event.clock is not None:
            frames.setdefault(event.clock, moved)
        elif event.kind is ClockEventKind.VOID and event.clock is not None:
            frames.pop(event.clock, None)
    return frames


def _restated(events: Events, frame: float) -> Iterator[ClockEvent]:
    """The events by the clock as it had been set by ``frame`` seconds, without the steps."""
    moved = 0.0
    for event in events:
        moved += event.step
        if event.kind is not ClockEventKind.SET:
            yield event if moved == frame else replace(event, at=event.at + frame - moved)


def _read(course: _Course, name: ClockName, now: float) -> Reading | None:
    allowed = course.terms.allowed(name)
    if allowed is None:
        return None
    # A machine's clock that was set back unnoticed stops the clocks until it has caught up.
    now = max(now, course.last)
    stopped = course.stopped.get(name)
    until = now if stopped is None else stopped
    elapsed = _elapsed(course, until)
    deadline = _deadline(_known_at(course, stopped), allowed, until)
    calendar = course.terms.calendar
    return Reading(
        name,
        course.grade,
        allowed,
        elapsed,
        deadline,
        paused=() if stopped is not None else _paused_at(course, now),
        stopped_at=stopped,
        certain=calendar is None
        or calendar.is_certain(course.begin, now if deadline is None else max(now, deadline)),
    )


def _elapsed(course: _Course, end: float) -> float:
    return sum(
        passed(it.terms.calendar, it.start, min(it.end, end))
        for it in course.stretches
        if not it.paused and it.start < end
    )


def _known_at(course: _Course, stopped: float | None) -> tuple[_Stretch, ...]:
    """The stretches as known when a clock stopped: later pauses do not move its deadline."""
    if stopped is None:
        return course.stretches
    before = [change for change in course.changes if change[0] < stopped]
    return tuple(_stretches(course.begin, course.first, before))


def _deadline(stretches: tuple[_Stretch, ...], allowed: float, now: float) -> float | None:
    """When the last allowed second has passed, if nothing but what is recorded happens."""
    left = allowed
    for it in stretches:
        if not it.paused:
            over = reached(it.terms.calendar, it.start, left)
            if over is not None and over <= it.end:
                return over
            left -= passed(it.terms.calendar, it.start, it.end) if it.end < math.inf else 0.0
    last = stretches[-1]
    return reached(last.terms.calendar, max(now, last.start), left) if last.paused else None


def _paused_at(course: _Course, at: float) -> tuple[PauseReason, ...]:
    at = max(at, course.last)
    return next((it.paused for it in course.stretches if it.start <= at < it.end), ())


@lru_cache(maxsize=16384)
def _course(recorded: Events, frame: float | None = None) -> _Course:
    """What the events say; cached, because the same events are read in every round.

    Times are by the clock as it had been set by ``frame`` seconds, or as it is set at the end.
    """
    frame = _set_by(recorded) if frame is None else frame
    events = tuple(_restated(recorded, frame))
    first = events[0]
    assert first.grade is not None
    assert first.terms is not None
    reports = [event.at for event in events if event.kind is ClockEventKind.REPORT]
    begin = min([first.at, *reports])
    changes = list(_in_order(events, first.at))
    last = changes[-1][0] if changes else first.at
    grades = [(event.grade, event.terms) for _at, event in changes if event.terms is not None]
    grade, terms = grades[-1] if grades else (first.grade, first.terms)
    assert grade is not None
    assert terms is not None
    stretches = tuple(_stretches(begin, first.terms, changes))
    stops = _stops(events, begin)
    return _Course(begin, last, grade, terms, first.terms, tuple(changes), stretches, stops)


_CHANGING = frozenset({ClockEventKind.GRADE, ClockEventKind.PAUSE, ClockEventKind.RESUME})


def _in_order(events: Iterable[ClockEvent], begin: float) -> Iterator[tuple[float, ClockEvent]]:
    """The events that change how time counts, each no earlier than the one before."""
    last = begin
    for event in events:
        if event.kind in _CHANGING:
            last = max(last, event.at)
            yield last, event


def _stretches(
    begin: float, terms: Terms, changes: list[tuple[float, ClockEvent]]
) -> Iterator[_Stretch]:
    pauses: dict[PauseReason, float] = {}
    at = begin
    for moment, event in (*changes, (math.inf, None)):
        yield from _between(at, moment, terms, pauses)
        at = moment
        if event is None:
            return
        terms = event.terms or terms
        if event.kind is ClockEventKind.PAUSE and event.reason is not None:
            pauses[event.reason] = math.inf if event.until is None else event.until
        elif event.kind is ClockEventKind.RESUME and event.reason is not None:
            pauses.pop(event.reason, None)


def _between(
    start: float, end: float, terms: Terms, pauses: Mapping[PauseReason, float]
) -> Iterator[_Stretch]:
    """The stretches from ``start`` to ``end``: a pause may end in between by itself."""
    ends = sorted({until for until in pauses.values() if start < until < end})
    for begin, finish in zip((start, *ends), (*ends, end), strict=True):
        if begin < finish:
            paused = tuple(reason for reason in PauseReason if pauses.get(reason, begin) > begin)
            yield _Stretch(begin, finish, terms, paused)


def _stops(events: Iterable[ClockEvent], begin: float) -> dict[ClockName, float]:
    stopped: dict[ClockName, float] = {}
    for event in events:
        if event.kind is ClockEventKind.STOP and event.clock is not None:
            stopped.setdefault(event.clock, max(begin, event.at))
        elif event.kind is ClockEventKind.VOID and event.clock is not None:
            stopped.pop(event.clock, None)
    return stopped
