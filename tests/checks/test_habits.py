"""What is usual at an hour of the week, learnt from whole hours alone."""

import msgspec
import pytest

from agent.checks.habits import HOUR, WEEK_HOURS, Habits
from agent.states import CallResult, Capability
from tests.account_facts import make_snapshot, number, polled

ONE = "4006220001"
START = 1_800_000_000.0 // HOUR * HOUR


def snapshot(calls, seen):
    polls = {each: polled(seen) for each in Capability}
    return make_snapshot(number(ONE), polls=polls, call_totals={(ONE, CallResult.ANSWERED): calls})


def live(habits, hours, a_day, *, start=0, calls=0):
    """Poll once at the beginning of every hour; ``a_day(hour)`` calls come in it."""
    usual = []
    for hour in range(start, start + hours):
        at = START + hour * HOUR
        usual = habits.note(snapshot(calls, at), at)
        calls += a_day(hour)
    return usual, calls


def test_the_same_hour_of_earlier_weeks_is_what_is_usual():
    habits = Habits()
    by_hour = lambda hour: 30 if hour % WEEK_HOURS == 10 else 2  # noqa: E731
    usual, calls = live(habits, 2 * WEEK_HOURS + 11, by_hour)
    usual, calls = live(habits, 1, lambda _: 0, start=2 * WEEK_HOURS + 11, calls=calls - 30)
    [one] = usual
    assert (one.number, one.calls, one.expected) == (ONE, 0, 30.0)


def test_one_week_is_no_habit():
    usual, _ = live(Habits(), WEEK_HOURS + 5, lambda _: 9)
    assert usual == []


def test_an_hour_with_a_gap_in_it_teaches_nothing():
    habits = Habits()
    live(habits, 2, lambda _: 9)
    at = START + 1.5 * HOUR
    habits.note(snapshot(18, at - 2 * HOUR), at)
    at = START + 2 * HOUR
    assert habits.note(snapshot(18, at), at) == []
    account = habits._accounts["north", "hq"]
    assert sum(account.seen) == 1


def test_what_was_learnt_survives_a_restart():
    habits = Habits()
    _, calls = live(habits, 2 * WEEK_HOURS + 1, lambda _: 20)
    again = Habits()
    again.restore(dict(habits.take_unwritten()))
    usual, _ = live(again, 3, lambda _: 20, start=2 * WEEK_HOURS + 5)
    assert [one.expected for one in usual] == [20.0]
    assert calls > 0


def test_a_damaged_page_is_named():
    with pytest.raises(ValueError, match="habits/north/hq"):
        Habits().restore({"habits/north/hq": msgspec.msgpack.encode("no")})
