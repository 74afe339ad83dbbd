"""The events of clocks, one by one, and what is read of them."""

import math

import pytest

from agent.states import ClockName, Grade
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import ClockEvent, ClockEventKind, PauseReason, Reading, Terms
from tests.tickets.sla.test_working_time import OFFICE, at

CONTACT, ON_SITE, RESTORE = ClockName.CONTACT, ClockName.ON_SITE, ClockName.RESTORE
CUSTOMER, APPOINTMENT = PauseReason.CUSTOMER_CAUSED, PauseReason.APPOINTMENT
TERMS = Terms(contact=100.0, restore=1000.0)
STARTED = clocks.start(Grade.AA, TERMS, 500.0)


def reading(events: clocks.Events, now: float, name: ClockName = RESTORE) -> Reading:
    (found,) = [it for it in clocks.readings(events, now) if it.name is name]
    return found


def test_each_clock_has_its_promise() -> None:
    terms = Terms(1.0, 2.0, 3.0)
    assert [terms.allowed(name) for name in (CONTACT, ON_SITE, RESTORE)] == [1.0, 2.0, 3.0]
    assert TERMS.allowed(ON_SITE) is None


def test_a_started_clock() -> None:
    assert (ClockEvent(ClockEventKind.START, 500.0, Grade.AA, TERMS),) == STARTED
    assert clocks.began_at(STARTED) == 500.0
    assert [it.name for it in clocks.readings(STARTED, 600.0)] == [CONTACT, RESTORE]
    assert reading(STARTED, 700.0) == Reading(
        RESTORE, Grade.AA, 1000.0, 200.0, 1500.0, paused=(), stopped_at=None, certain=True
    )


def test_what_is_left_breached_and_used() -> None:
    half, full, over = (reading(STARTED, now) for now in (1000.0, 1500.0, 1501.0))
    assert (half.remaining, half.breached, half.percent) == (500.0, False, 50.0)
    assert (full.remaining, full.breached, full.percent) == (0.0, False, 100.0)
    assert (over.remaining, over.breached, over.percent) == (-1.0, True, 100.1)
    none = clocks.start(Grade.AA, Terms(restore=0.0), 0.0)
    assert reading(none, 0.0).percent == math.inf


def test_without_events_there_are_no_clocks_and_none_can_be_made() -> None:
    assert clocks.report((), 1.0) == ()
    assert clocks.regrade((), Grade.A, TERMS, 1.0) == ()
    assert clocks.pause((), CUSTOMER, 1.0) == ()
    assert clocks.resume((), CUSTOMER, 1.0) == ()
    assert clocks.stop((), 1.0) == clocks.void((), 1.0) == ()
    assert clocks.readings((), 1.0) == ()
    assert clocks.stopped_at((), RESTORE) is None
    assert clocks.began_at(()) is None


def test_a_report_starts_the_clocks_earlier_and_never_later() -> None:
    assert clocks.report(STARTED, 400.0)[-1] == ClockEvent(ClockEventKind.REPORT, 400.0)
    assert clocks.began_at(clocks.report(STARTED, 400.0)) == 400.0
    assert clocks.began_at(clocks.report(STARTED, 600.0)) == 500.0


def test_the_same_grade_changes_nothing() -> None:
    assert clocks.regrade(STARTED, Grade.AA, Terms(), 600.0) is STARTED
    better = Terms(restore=300.0)
    regraded = clocks.regrade(STARTED, Grade.AAA, better, 600.0)
    assert regraded[-1] == ClockEvent(ClockEventKind.GRADE, 600.0, Grade.AAA, better)
    read = reading(regraded, 700.0)
    assert (read.grade, read.allowed, read.elapsed, read.deadline) == (
        Grade.AAA,
        300.0,
        200.0,
        800.0,
    )
    assert len(clocks.readings(regraded, 700.0)) == 1


def test_a_pause_excludes_time_until_it_is_resumed() -> None:
    paused = clocks.pause(STARTED, CUSTOMER, 600.0)
    assert paused[-1] == ClockEvent(ClockEventKind.PAUSE, 600.0, reason=CUSTOMER)
    read = reading(paused, 900.0)
    assert (read.elapsed, read.deadline, read.paused) == (100.0, 1800.0, (CUSTOMER,))
    resumed = clocks.resume(paused, CUSTOMER, 1000.0)
    assert resumed[-1] == ClockEvent(ClockEventKind.RESUME, 1000.0, reason=CUSTOMER)
    read = reading(resumed, 1100.0)
    assert (read.elapsed, read.deadline, read.paused) == (200.0, 1900.0, ())


def test_only_what_is_paused_is_resumed() -> None:
    assert clocks.resume(STARTED, CUSTOMER, 600.0) is STARTED
    paused = clocks.pause(STARTED, CUSTOMER, 600.0)
    assert clocks.resume(paused, APPOINTMENT, 700.0) is paused
    ended = clocks.pause(STARTED, APPOINTMENT, 600.0, until=650.0)
    assert clocks.resume(ended, APPOINTMENT, 650.0) is ended
    assert clocks.resume(ended, APPOINTMENT, 649.0) != ended


def test_an_appointment_ends_by_itself() -> None:
    events = clocks.pause(STARTED, APPOINTMENT, 600.0, until=900.0)
    during, after = reading(events, 700.0), reading(events, 950.0)
    assert (during.elapsed, during.paused, during.deadline) == (100.0, (APPOINTMENT,), 1800.0)
    assert (after.elapsed, after.paused, after.deadline) == (150.0, (), 1800.0)


def test_pauses_overlap_in_the_order_of_their_reasons() -> None:
    events = clocks.pause(STARTED, APPOINTMENT, 600.0, until=800.0)
    events = clocks.pause(events, CUSTOMER, 700.0, until=900.0)
    assert reading(events, 750.0).paused == (CUSTOMER, APPOINTMENT)
    assert reading(events, 850.0).paused == (CUSTOMER,)
    assert reading(events, 1000.0).elapsed == 200.0


def test_a_clock_stops_once_and_a_void_stop_never_was() -> None:
    stopped = clocks.stop(STARTED, 700.0, RESTORE)
    assert stopped[-1] == ClockEvent(ClockEventKind.STOP, 700.0, clock=RESTORE)
    assert clocks.stopped_at(stopped, RESTORE) == 700.0
    assert clocks.stopped_at(stopped, CONTACT) is None
    assert clocks.stop(stopped, 800.0, RESTORE) == stopped
    read = reading(stopped, 9000.0)
    assert (read.elapsed, read.deadline, read.stopped_at) == (200.0, 1500.0, 700.0)
    running = clocks.void(stopped, 900.0, RESTORE)
    assert running[-1] == ClockEvent(ClockEventKind.VOID, 900.0, clock=RESTORE)
    assert reading(running, 900.0).elapsed == 400.0
    assert reading(running, 900.0).stopped_at is None
    assert clocks.void(running, 950.0, RESTORE) == running


def test_all_clocks_stop_without_a_name() -> None:
    contact = clocks.stop(STARTED, 600.0, CONTACT)
    every = clocks.stop(contact, 700.0)
    assert {name: clocks.stopped_at(every, name) for name in ClockName} == {
        CONTACT: 600.0,
        ON_SITE: 700.0,
        RESTORE: 700.0,
    }
    assert [event.clock for event in clocks.void(every, 800.0)[len(every) :]] == list(ClockName)
    assert len(clocks.void(contact, 800.0)) == len(contact) + 1


def test_a_stop_before_the_beginning_counts_as_of_it() -> None:
    assert clocks.stopped_at(clocks.stop(STARTED, 100.0, RESTORE), RESTORE) == 500.0


def test_a_stopped_clock_is_not_paused_and_later_pauses_leave_its_deadline() -> None:
    events = clocks.pause(STARTED, CUSTOMER, 600.0)
    events = clocks.resume(events, CUSTOMER, 700.0)
    events = clocks.stop(events, 800.0, RESTORE)
    events = clocks.pause(events, APPOINTMENT, 800.0)
    read = reading(events, 2000.0)
    assert (read.paused, read.deadline, read.elapsed) == ((), 1600.0, 200.0)
    assert reading(events, 2000.0, CONTACT).paused == (APPOINTMENT,)


def test_a_breached_clock_keeps_the_deadline_it_had() -> None:
    late = clocks.pause(STARTED, CUSTOMER, 1600.0)
    read = reading(late, 1700.0)
    assert (read.deadline, read.elapsed, read.breached) == (1500.0, 1100.0, True)


def test_a_machine_s_clock_that_was_set_back_waits() -> None:
    events = clocks.pause(STARTED, CUSTOMER, 1000.0)
    events = clocks.resume(events, CUSTOMER, 700.0)
    assert reading(events, 700.0).elapsed == 500.0
    assert reading(events, 1100.0).elapsed == 600.0


def test_a_promise_in_working_time() -> None:
    begin = at("2026-10-02T17:00")
    events = clocks.start(Grade.A, Terms(restore=3600.0, calendar=OFFICE), begin)
    read = reading(events, at("2026-10-04T12:00"))
    assert (read.elapsed, read.deadline) == (1800.0, at("2026-10-05T09:00"))
    paused = clocks.pause(events, CUSTOMER, at("2026-10-02T17:10"))
    read = reading(paused, at("2026-10-05T10:00"))
    assert (read.elapsed, read.deadline) == (600.0, at("2026-10-05T10:50"))


@pytest.mark.parametrize("percent", [0, 1])
def test_certainty_is_that_of_the_whole_time_to_the_deadline(percent: int) -> None:
    pytest.importorskip("chinese_calendar")
    chinese = OFFICE.__class__("Asia/Shanghai", OFFICE.weekdays, OFFICE.hours)
    allowed = (1.0, 3600.0 * 10_000)[percent]
    events = clocks.start(Grade.A, Terms(restore=allowed, calendar=chinese), at("2026-03-02T10:00"))
    assert reading(events, at("2026-03-02T10:00")).certain is (percent == 0)
