"""Calls as a number never had: theft is unusual, a healthy week and a change of hours are not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agent.checks.call_habits import HOUR, CallHabits
from agent.checks.opening_hours import OpeningHours
from agent.checks.unusual_calls import (
    ENOUGH_HOURS,
    UnusualReason,
    from_abroad,
    limit_of,
    out_of_hours,
)
from agent.model import Call, CallOutcome, Routing, SpecialDays, Window
from agent.polling.call_ledger import CallLedger
from agent.routing.calendar import Calendar, DayKind
from agent.states import CallResult, Capability
from tests.account_facts import make_snapshot, number, polled

ONE = "4006220001"
ZONE = ZoneInfo("Asia/Shanghai")
PLAIN = OpeningHours(Calendar(decree=lambda _day: DayKind.PLAIN), ZONE)
OFFICE = Routing(schedule=(Window((0, 1, 2, 3, 4), 540, 1080),), national_calendar=False)
START = datetime(2026, 9, 7, tzinfo=ZONE).timestamp()
"""A Monday, at midnight."""
STEP = 900.0
CLOSED, BUSY, ABROAD = (
    UnusualReason.OUT_OF_HOURS,
    UnusualReason.CONCURRENCY,
    UnusualReason.ABROAD,
)


def call(at, talk=120.0, *, binding="b1", abroad=False, result=CallResult.ANSWERED):
    return CallOutcome(at, result, binding, 5.0, talk, is_from_abroad=abroad)


class Line:
    """A number that is polled every quarter of an hour and has two calls at once in its hours."""

    def __init__(self, habits=None, at=START, routing=OFFICE):
        self.habits = habits or CallHabits()
        self.at, self.routing = at, routing
        self.recent: tuple[CallOutcome, ...] = ()

    def poll(self, *calls, fresh=True):
        self.at += STEP
        if not PLAIN.is_closed(OFFICE, self.at - 200.0):
            calls = (call(self.at - 200.0), call(self.at - 190.0), *calls)
        self.recent = (*self.recent, *calls)[-40:]
        polls = {it: polled(self.at if fresh else self.at - 9999) for it in Capability}
        routings = {} if self.routing is None else {ONE: self.routing}
        snapshot = make_snapshot(
            number(ONE), polls=polls, recent_calls={ONE: self.recent}, routings=routings
        )
        compared = self.habits.note(snapshot, PLAIN, self.at)
        return {it.reason: it for it in compared.get(ONE, ())}

    def live(self, hours, *calls_at):
        """The readings of so many hours; calls so many seconds before each poll."""
        polls = range(int(hours * HOUR / STEP))
        return [self.poll(*(call(self.at + STEP - ago) for ago in calls_at)) for _ in polls]


def known(hours=8 * 24 + 1):
    line = Line()
    line.live(hours)
    return line


def unusual(readings):
    return {reason for own in readings for reason, it in own.items() if it.is_unusual}


@pytest.fixture(scope="module")
def pages():
    """What is stored after eight days."""
    return dict(known().habits.take_unwritten())


def restored(pages):
    """A line of which eight days are known, on its ninth day at one in the morning."""
    habits = CallHabits()
    habits.restore(pages)
    return Line(habits, START + 8 * 86400.0 + HOUR)


def test_a_healthy_week_has_nothing_unusual_and_everything_is_known_then(pages):
    line = restored(pages)
    readings = line.live(7 * 24)
    assert unusual(readings) == set()
    assert {reason for own in readings for reason in own} == {CLOSED, BUSY, ABROAD}


def test_calls_at_night_are_unusual_until_they_end(pages):
    line = restored(pages)
    line.live(1)
    assert CLOSED in unusual(line.live(1, 100.0, 200.0))
    assert CLOSED not in unusual(line.live(1)[-1:])


@pytest.mark.parametrize(
    "other", [{"binding": ""}, {"talk": 0.0}, {"result": CallResult.NO_ANSWER}]
)
def test_what_no_phone_answered_is_no_theft(pages, other):
    line = restored(pages)
    line.live(1)
    for _ in range(6):
        assert unusual([line.poll(*(call(line.at + it, **other) for it in range(9)))]) == set()


def test_far_more_calls_at_once_are_unusual_and_a_busy_day_is_not(pages):
    busy = restored(pages)
    busy.live(12)
    assert unusual([busy.poll(*(call(busy.at + it) for it in range(8)))]) == set()
    stolen = restored(pages)
    stolen.live(12)
    assert unusual([stolen.poll(*(call(stolen.at + it) for it in range(20)))]) == {BUSY}


def test_calls_from_other_countries_are_unusual(pages):
    line = restored(pages)
    line.live(12)
    assert unusual([line.poll(*(call(line.at + it * 20, 10.0) for it in range(9)))]) == set()
    abroad = (call(line.at + it * 20, 10.0, abroad=True) for it in range(9))
    assert unusual([line.poll(*abroad)]) == {ABROAD}


def test_nothing_is_unusual_before_enough_hours_are_known():
    readings = Line().live(ENOUGH_HOURS, *(10.0 + it for it in range(8)))
    assert all(own == {} for own in readings)


def test_a_number_without_a_schedule_is_never_closed(pages):
    line = restored(pages)
    for line.routing in (None, Routing()):
        assert all(CLOSED not in own for own in line.live(1, 100.0, 200.0))


def test_calls_before_a_change_of_the_hours_are_not_held_against_them(pages):
    line = restored(pages)
    line.live(12)
    shut = Routing(schedule=(Window((6,), 0, 60),), national_calendar=False)
    line.routing = shut
    assert unusual([line.poll(*(call(line.at + it) for it in range(6)))]) == set()


def test_calls_after_the_newest_poll_of_the_hours_do_not_count():
    habits, calls = CallHabits(), tuple(call(START + it) for it in range(9))
    polls = {it: polled(START) for it in Capability}
    snapshot = make_snapshot(
        number(ONE), polls=polls, recent_calls={ONE: calls}, routings={ONE: OFFICE}
    )
    habits.note(snapshot, PLAIN, START + 30.0)
    (account,) = habits._accounts.values()
    assert account.peaks[ONE][CLOSED] == 1


def test_stale_records_are_not_compared(pages):
    line = restored(pages)
    line.live(1)
    assert line.poll(*(call(line.at + it) for it in range(9)), fresh=False) == {}


def test_what_is_unusual_becomes_usual_only_after_a_week(pages):
    line = restored(pages)
    assert CLOSED in unusual(line.live(24, 100.0, 200.0)[-12:])
    assert CLOSED in unusual(line.live(5 * 24, 100.0, 200.0)[-12:])
    assert CLOSED not in unusual(line.live(3 * 24, 100.0, 200.0)[-12:])


def test_a_damaged_page_is_named():
    with pytest.raises(ValueError, match="calls/north/hq cannot be read"):
        CallHabits().restore({"calls/north/hq": b"\xc1"})


def test_an_account_that_is_not_configured_is_forgotten():
    line = known(3)
    line.habits.forget(("north", "hq"))
    assert dict(line.habits.take_unwritten()) == {}


@pytest.mark.parametrize(
    ("hours", "most", "limit"), [(167, 2, None), (168, 0, 10), (168, 9, 27), (168, 43, None)]
)
def test_the_limit(hours, most, limit):
    assert limit_of(BUSY, hours, most) == limit


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        *(("+85261234567", True), ("0012025550123", True), ("+1 202 555 0123", True)),
        *(("+8613800000001", False), ("008613800000001", False), ("02287654321", False)),
        *(("13800000001", False), ("138****0001", False), ("", None)),
    ],
)
def test_a_record_tells_whether_its_caller_is_abroad_and_keeps_no_more(caller, expected):
    ledger = CallLedger(START)
    made = Call("c1", ONE, START, CallResult.ANSWERED, "b1", caller, 5.0, 60.0)
    (kept,) = ledger.add([made], START + 60).recent[ONE]
    assert kept.is_from_abroad is expected
    assert not caller or caller not in repr(kept)


def test_callers_that_records_do_not_name_are_unknown():
    assert from_abroad([call(START), call(START, abroad=None)]) is None
    assert from_abroad([call(START, abroad=True), call(START, abroad=None, binding="")]) == 1


HOLIDAY, SATURDAY = (datetime(2026, 9, day, 12, tzinfo=ZONE).timestamp() for day in (9, 12))
DECREED = Calendar({datetime(2026, 9, 9, tzinfo=UTC).date(): DayKind.HOLIDAY})
WORKED = Calendar({datetime(2026, 9, 12, tzinfo=UTC).date(): DayKind.ADJUSTED})
PLAN = (SpecialDays(datetime(2026, 9, 9, tzinfo=UTC).toordinal(), 800000),)


@pytest.mark.parametrize(
    ("routing", "calendar", "at", "count"),
    [
        ({}, Calendar(), HOLIDAY, 0),
        ({"national_calendar": True}, DECREED, HOLIDAY, 1),
        ({"national_calendar": None}, DECREED, HOLIDAY, 0),
        ({"special_days": PLAN}, Calendar(), HOLIDAY, 1),
        ({"national_calendar": True}, WORKED, SATURDAY, 0),
        ({"national_calendar": False}, WORKED, SATURDAY, 1),
        ({"national_calendar": None}, WORKED, SATURDAY, None),
    ],
)
def test_holidays_count_where_it_is_known_whether_they_apply(routing, calendar, at, count):
    own = Routing(
        OFFICE.strategy, schedule=OFFICE.schedule, **{"national_calendar": False, **routing}
    )
    assert out_of_hours(own, [call(at)], OpeningHours(calendar, ZONE)) == count


@pytest.mark.parametrize(("minutes", "is_closed"), [(-1, False), (3, False), (6, True)])
def test_the_end_of_the_hours_has_some_grace(minutes, is_closed):
    at = START + 18 * HOUR + minutes * 60.0
    assert PLAIN.is_closed(OFFICE, at) is is_closed
