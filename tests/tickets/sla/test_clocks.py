"""Service-level clocks, held to a model that counts minutes one by one."""

from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as rigour
from hypothesis import strategies as st

from agent.config.service import WorkingTime
from agent.states import ClockName, Grade
from agent.tickets.policy import DEFAULTS, calendar_of
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Events, PauseReason, Terms, readings
from tests.proof_size import size
from tests.tickets.sla.clock_model import CHINA, ClockModel, always, office

EXAMPLES = size(30, 1500)
MINUTE, HOUR = 60.0, 3600.0
HOLIDAYS = {date(2026, 10, 1), date(2026, 10, 2), date(2027, 1, 1)}
WORKDAYS = {date(2026, 10, 10), date(2026, 9, 27)}
OFFICE = calendar_of(
    WorkingTime(
        chinese_holidays=False,
        holidays=[day.isoformat() for day in HOLIDAYS],
        workdays=[day.isoformat() for day in WORKDAYS],
    ),
    "Asia/Shanghai",
)
BEGINS = ["2026-09-30T16:00", "2026-10-09T23:50", "2026-09-26T07:00"]
TERMS = {
    Grade.AAA: Terms(15 * MINUTE, HOUR, 2 * HOUR),
    Grade.AA: Terms(30 * MINUTE, 2 * HOUR, 4 * HOUR),
    Grade.A: Terms(2 * HOUR, 4 * HOUR, 9 * HOUR, OFFICE),
    Grade.STANDARD: Terms(4 * HOUR, 8 * HOUR, 20 * HOUR, OFFICE),
}
WORKS = {
    grade: office(HOLIDAYS, WORKDAYS) if it.calendar else always for grade, it in TERMS.items()
}


def promises(name: ClockName):
    return {grade: (it.allowed(name), WORKS[grade]) for grade, it in TERMS.items()}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp()


GRADES = st.sampled_from(Grade)
NAMES = st.sampled_from(ClockName)
REASONS = st.sampled_from(PauseReason)
STEPS = st.sampled_from([0, 1, 7, 30, 59, 60, 61, 400, 900, -60])
"""Minutes between two events; an hour back is a clock that was set."""
HAPPENINGS = st.one_of(
    st.tuples(st.just("pause"), REASONS, st.sampled_from([None, 5, 90, 2000])),
    st.tuples(st.just("resume"), REASONS),
    st.tuples(st.just("grade"), GRADES),
    st.tuples(st.just("stop"), NAMES, st.sampled_from([0, 0, 20, 600])),
    st.tuples(st.just("void"), NAMES),
    st.tuples(st.just("report"), st.sampled_from([0, 15, 200])),
)


def happen(events: Events, what, now: float) -> Events:
    match what:
        case ("pause", reason, minutes):
            until = None if minutes is None else now + minutes * MINUTE
            return clocks.pause(events, reason, now, until)
        case ("resume", reason):
            return clocks.resume(events, reason, now)
        case ("grade", grade):
            return clocks.regrade(events, grade, TERMS[grade], now)
        case ("stop", name, ago):
            return clocks.stop(events, now - ago * MINUTE, name)
        case ("void", name):
            return clocks.void(events, now, name)
        case ("report", ago):
            return clocks.report(events, now - ago * MINUTE)
    raise AssertionError(what)


def after_a_restart(events: Events) -> Events:
    """What the ledger gives back, with nothing kept in memory."""
    clocks._course.cache_clear()
    return msgspec.json.decode(msgspec.json.encode(events), type=Events)


@given(
    st.sampled_from(BEGINS),
    GRADES,
    st.lists(st.tuples(STEPS, HAPPENINGS), max_size=7),
    st.lists(st.sampled_from([0, 1, 44, 61, 1300, -60]), min_size=1, max_size=3),
)
@rigour(max_examples=EXAMPLES, deadline=None)
def test_clocks_agree_with_counting_minutes(begin, grade, steps, looks) -> None:
    now = at(begin)
    events = clocks.start(grade, TERMS[grade], now)
    for minutes, what in steps:
        now += minutes * MINUTE
        events = happen(events, what, now)
        assert readings(after_a_restart(events), now) == readings(events, now)
    for minutes in looks:
        now += minutes * MINUTE
        for reading in readings(events, now):
            slow = ClockModel(events, reading.name, promises(reading.name))
            elapsed, deadline, paused = slow.read(now)
            assert reading.elapsed == elapsed
            assert bool(reading.paused) is paused
            assert reading.stopped_at == slow.stopped
            assert reading.breached is (elapsed > reading.allowed)
            if deadline is not None:
                assert reading.deadline == deadline


def one(events: Events, now: float, name: ClockName = ClockName.RESTORE):
    return next(it for it in readings(events, now) if it.name is name)


@pytest.mark.parametrize(
    ("grade", "minutes"), [(Grade.AAA, (15, 60, 120)), (Grade.AA, (30, 120, 240))]
)
def test_what_the_urgent_grades_are_promised(grade: Grade, minutes: tuple[int, ...]) -> None:
    begun = clocks.start(grade, DEFAULTS[grade], 1000.0)
    assert [it.deadline for it in readings(begun, 1000.0)] == [1000 + m * 60 for m in minutes]
    assert readings(clocks.start(Grade.STANDARD, DEFAULTS[Grade.STANDARD], 0.0), 9.0) == ()


def test_another_grade_keeps_the_time_that_has_counted() -> None:
    events = clocks.start(Grade.AA, TERMS[Grade.AA], 0.0)
    events = clocks.pause(events, PauseReason.CUSTOMER_CAUSED, 20 * MINUTE)
    events = clocks.resume(events, PauseReason.CUSTOMER_CAUSED, 50 * MINUTE)
    events = clocks.regrade(events, Grade.AAA, TERMS[Grade.AAA], 60 * MINUTE)
    reading = one(events, 60 * MINUTE)
    assert (reading.elapsed, reading.allowed, reading.deadline) == (1800.0, 7200.0, 150 * MINUTE)


def test_another_grade_brings_its_own_working_time() -> None:
    events = clocks.start(Grade.AAA, TERMS[Grade.AAA], at("2026-09-30T16:00"))
    events = clocks.regrade(events, Grade.A, TERMS[Grade.A], at("2026-09-30T17:00"))
    assert one(events, at("2026-09-30T20:00")).elapsed == 1.5 * HOUR
    back = clocks.regrade(events, Grade.AA, TERMS[Grade.AA], at("2026-09-30T20:00"))
    assert one(back, at("2026-09-30T21:00")).elapsed == 2.5 * HOUR


def test_two_reasons_pause_together_and_both_have_to_end() -> None:
    events = clocks.start(Grade.AAA, TERMS[Grade.AAA], 0.0)
    events = clocks.pause(events, PauseReason.CUSTOMER_CAUSED, 600.0)
    events = clocks.pause(events, PauseReason.INTERCONNECTION, 900.0)
    events = clocks.resume(events, PauseReason.CUSTOMER_CAUSED, 1200.0)
    assert one(events, 2000.0).paused == (PauseReason.INTERCONNECTION,)
    assert one(clocks.resume(events, PauseReason.INTERCONNECTION, 3000.0), 3600.0).elapsed == 1200.0


def test_a_report_before_the_alarm_starts_the_clocks_earlier() -> None:
    events = clocks.start(Grade.AAA, TERMS[Grade.AAA], 1000.0)
    assert one(clocks.report(events, 400.0), 1000.0).elapsed == 600.0
    assert one(clocks.report(events, 1400.0), 2000.0).elapsed == 1000.0


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_is_set_does_not_make_time_run_backwards(step: float) -> None:
    events = clocks.start(Grade.AAA, TERMS[Grade.AAA], 10_000.0)
    events = clocks.pause(events, PauseReason.INTERCONNECTION, 10_600.0)
    events = clocks.resume(events, PauseReason.INTERCONNECTION, 10_660.0 + step)
    reading = one(events, 10_700.0 + step)
    assert reading.elapsed == (640.0 if step > 0 else 600.0)
    assert one(events, 0.0).elapsed >= 600.0


def test_the_published_calendar_moves_weekends_and_holidays() -> None:
    pytest.importorskip("chinese_calendar")
    calendar = calendar_of(WorkingTime(), "Asia/Shanghai")
    assert not calendar.is_worked(date(2026, 10, 1))
    assert calendar.is_worked(date(2026, 10, 10)), "a Saturday worked for the holiday"
    terms = Terms(restore=8 * HOUR, calendar=calendar)
    reading = one(clocks.start(Grade.A, terms, at("2026-09-30T17:00")), at("2026-09-30T17:00"))
    assert reading.deadline == at("2026-10-08T17:30")
    assert reading.certain


def test_beyond_the_published_years_weekdays_count_and_it_is_said() -> None:
    calendar = calendar_of(WorkingTime(), "Asia/Shanghai")
    terms = Terms(restore=2 * HOUR, calendar=calendar)
    begin = at("2035-01-01T08:30")  # a Monday, a holiday that nobody has published
    reading = one(clocks.start(Grade.A, terms, begin), begin)
    assert reading.deadline == at("2035-01-01T10:30")
    assert not reading.certain
    own = calendar_of(WorkingTime(holidays=["2035-01-01"]), "Asia/Shanghai")
    reading = one(clocks.start(Grade.A, msgspec.structs.replace(terms, calendar=own), begin), begin)
    assert reading.deadline == at("2035-01-02T10:30")


def test_a_calendar_in_which_nobody_ever_works_has_no_deadline() -> None:
    never = msgspec.structs.replace(OFFICE, weekdays=(), workdays=frozenset())
    reading = one(clocks.start(Grade.A, Terms(restore=60.0, calendar=never), 0.0), 1e6)
    assert (reading.deadline, reading.elapsed) == (None, 0.0)
