"""Queries that cost money: never more than the budget of a day, spread evenly, the oldest first."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.providers.cost_budget import DAY, CostBudget, Costs, _day_of

CHINA = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 28, 12, tzinfo=CHINA).timestamp()
HOUR = 3600.0


def budget(query=0.1, daily=1.0, every=DAY):
    return CostBudget(Costs(query, daily, every), "north/hq/phones")


def spend(ledger, subjects, now):
    chosen = ledger.due(subjects, now)
    ledger.charge(chosen, now)
    return chosen


def phones(count):
    return [f"1380000{index:04d}" for index in range(count)]


def test_a_day_costs_no_more_than_its_budget():
    ledger = budget(query=0.1, daily=0.3)
    assert len(spend(ledger, phones(5), NOON)) == 3
    assert ledger.remaining(NOON) == 0
    assert spend(ledger, phones(5), NOON + HOUR) == ()


def test_a_new_day_begins_at_midnight_in_china():
    ledger = budget(query=0.5, daily=1.0)
    spend(ledger, phones(4), NOON)
    assert ledger.remaining(NOON + 11.9 * HOUR) == 0
    assert ledger.remaining(NOON + 12.1 * HOUR) == 2
    assert spend(ledger, phones(4), NOON + 12.1 * HOUR) == tuple(phones(4)[2:])


def test_the_longest_not_queried_comes_first():
    ledger = budget(query=0.25, daily=1.0, every=HOUR)
    for hour, phone in enumerate(["c", "a", "b"]):
        ledger.charge([phone], NOON + hour * HOUR)
    later = NOON + 2 * DAY
    assert ledger.due(["a", "b", "c"], later) == ("c", "a", "b")
    assert ledger.due(["a", "b", "c", "never"], later)[0] == "never"


def test_the_budget_is_spread_over_the_day_and_over_all_subjects():
    """Ten phones and 20 queries a day: each twice a day, not all twenty in the first hour."""
    ledger = budget(query=0.1, daily=2.0, every=60)
    queried = [len(spend(ledger, phones(10), NOON + poll * 300)) for poll in range(int(DAY // 300))]
    assert queried[0] == 10
    assert sum(queried) == 20
    assert sum(queried[:140]) == 10


@given(st.floats(0.01, 2), st.floats(0.01, 5), st.lists(st.floats(0, DAY / 2), max_size=40))
def test_no_order_of_polls_spends_more_than_a_day_may_cost(query, daily, waits):
    ledger = budget(query, daily, every=1)
    now, spent = datetime(2026, 11, 28, tzinfo=CHINA).timestamp(), {}
    for wait in waits:
        now += wait
        day = datetime.fromtimestamp(now, CHINA).date()
        spent[day] = spent.get(day, 0) + len(spend(ledger, phones(7), now))
    assert all(count * query <= daily + 1e-4 for count in spent.values())


def test_what_is_stored_survives_a_restart_and_names_no_phone():
    ledger = budget(query=0.5, daily=1.0)
    spend(ledger, ["13800000001", "13800000002"], NOON)
    ledger.note("13800000001", "POWER_OFF", NOON + 1)
    content = ledger.encode()
    assert b"1380000" not in content
    again = budget(query=0.5, daily=1.0)
    again.restore(content)
    assert again.remaining(NOON + HOUR) == 0
    assert again.record_of("13800000001").answer == "POWER_OFF"
    assert again.record_of("13800000001").answered_at == NOON + 1
    assert again.record_of("13800000003") is None


def test_damage_is_said_and_an_exhausted_budget_spends_nothing_today():
    ledger = budget()
    with pytest.raises(ValueError, match="damaged"):
        ledger.restore(b"\x00broken")
    ledger.exhaust(NOON)
    assert ledger.remaining(NOON) == 0
    assert ledger.remaining(NOON + DAY) == 10


def test_a_refusal_holds_a_subject_back():
    ledger = budget(every=60, daily=1000.0)
    spend(ledger, ["a"], NOON)
    ledger.hold("a", NOON + 5 * HOUR)
    assert ledger.due(["a"], NOON + 4 * HOUR) == ()
    assert ledger.due(["a"], NOON + 6 * HOUR) == ("a",)


def test_what_was_not_sent_costs_nothing_and_is_still_due():
    ledger = budget(query=0.5, daily=1.0)
    spend(ledger, ["a", "b"], NOON)
    ledger.take_back(["b"])
    assert ledger.remaining(NOON) == 1
    assert ledger.due(["a", "b"], NOON) == ("b",)


def test_a_query_that_failed_is_paid_for_and_repeated_later():
    ledger = budget(query=0.5, daily=1.0)
    spend(ledger, ["a"], NOON)
    ledger.fail("a", NOON + HOUR)
    assert ledger.remaining(NOON) == 1
    assert ledger.due(["a"], NOON + 60) == ()
    assert ledger.due(["a"], NOON + 2 * HOUR) == ("a",)


def test_a_clock_that_is_set_back_gives_no_second_budget():
    ledger = budget(query=0.5, daily=1.0)
    midnight = datetime(2026, 11, 29, tzinfo=CHINA).timestamp()
    spend(ledger, ["a", "b"], midnight + 60)
    assert ledger.remaining(midnight - 60) == 0


def test_subjects_that_are_gone_are_forgotten_and_take_no_share():
    ledger = budget(query=0.1, daily=0.2)
    spend(ledger, ["old"], NOON)
    for day in range(1, 40):
        spend(ledger, ["new"], NOON + day * DAY)
    assert ledger.record_of("old") is None
    assert ledger.record_of("new") is not None


@given(st.lists(st.sampled_from([-400, -30, -2, -1, 1, 2, 30, 400]), max_size=8))
def test_no_day_is_granted_twice_however_a_start_finds_the_clock(days):
    """Each start reads another clock; after all of them it is right again, on the same day."""
    content = None
    for day in [0, *days]:
        ledger = budget(query=0.5, daily=1.0)
        if content is not None:
            ledger.restore(content)
        spend(ledger, phones(2), NOON + day * DAY)
        content = ledger.encode()
    ledger = budget(query=0.5, daily=1.0)
    ledger.restore(content)
    assert ledger.remaining(NOON) == 0


def test_a_clock_that_was_years_ahead_takes_no_more_than_a_day_away():
    ledger = budget(query=0.5, daily=1.0)
    spend(ledger, phones(2), NOON + 4000 * DAY)
    assert ledger.remaining(NOON) == 0
    assert ledger.remaining(NOON + DAY) == 2


def test_a_clock_that_is_set_while_it_runs_gives_nothing_and_nothing_is_older():
    for step in (-30 * DAY, -DAY, -HOUR, HOUR, DAY, 30 * DAY):
        ledger = budget(query=0.5, daily=1.0, every=2 * HOUR)
        spend(ledger, phones(2), NOON)
        ledger.note("13800000000", "POWER_OFF", NOON)
        ledger.hold("13800000001", NOON + HOUR)
        ledger.clock_was_set(step, NOON + step + 60)
        now = NOON + step + 60
        assert ledger.remaining(now) == 0, step
        assert now - ledger.record_of("13800000000").answered_at == 60
        assert ledger.record_of("13800000001").not_before - now == HOUR - 60
        # Set back by a day, tomorrow is the day that was charged.
        assert ledger.remaining(now + (2 if step == -DAY else 1) * DAY) == 2, step


def test_what_an_earlier_version_stored_is_read():
    stored = msgspec.msgpack.encode({"day": _day_of(NOON), "spent": 1.0, "records": {}})
    ledger = budget(query=0.5, daily=1.0)
    ledger.restore(stored)
    assert ledger.remaining(NOON) == 0
