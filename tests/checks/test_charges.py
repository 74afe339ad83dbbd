"""Spend that calls do not explain: theft is, a recharge, a fee and a price are not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.checks import charge_habits
from agent.checks.charge_habits import HOUR, ChargeHabits
from agent.checks.charges import (
    ENOUGH_HOURS,
    FLOOR,
    Charges,
    usual_spend,
    without_fees,
)
from agent.model import Balance
from agent.states import CallResult, Capability
from tests.account_facts import make_snapshot, number, polled

ONE = "4006220001"
START = 1_800_000_000.0 // HOUR * HOUR
STEP = 300.0
PRICE = 0.5
"""A call costs that."""
amounts = st.floats(0.0, 1e6)


class Account:
    """An account that is polled every five minutes, with two calls in each."""

    def __init__(self, habits=None):
        self.habits = habits or ChargeHabits()
        self.at, self.balance, self.calls, self.price = START, 10_000.0, 0, PRICE

    def poll(self, fall=0.0, calls=2, *, currency="CNY", fresh=True) -> Charges | None:
        self.at += STEP
        self.calls += calls
        self.balance -= calls * self.price + fall
        polls = {it: polled(self.at if fresh else self.at - 9999) for it in Capability}
        snapshot = make_snapshot(
            number(ONE),
            polls=polls,
            balance=Balance(self.balance, currency),
            call_totals={(ONE, CallResult.ANSWERED): self.calls},
        )
        return self.habits.note(snapshot, self.at)

    def live(self, hours, **how):
        """The readings of so many hours."""
        return [self.poll(**how) for _ in range(int(hours * HOUR / STEP))]


def known():
    account = Account()
    account.live(ENOUGH_HOURS + 2)
    return account


def test_money_that_goes_without_calls_is_unusual_and_then_no_more():
    account = known()
    assert not any(it.is_unusual for it in account.live(2))
    assert any(it.is_unusual for it in account.live(1, fall=9.0))
    assert not account.live(1.5)[-1].is_unusual


def test_nothing_is_unusual_before_enough_hours_are_known():
    account = Account()
    readings = account.live(ENOUGH_HOURS - 1, fall=0.0) + account.live(1, fall=90.0)
    assert all(it.usual is None and not it.is_unusual for it in readings)


@pytest.mark.parametrize("sum_", [50.0, 5000.0, -5000.0])
def test_a_fee_and_a_recharge_are_no_theft(sum_):
    account = known()
    fee_and_more = [account.poll(fall=sum_), account.poll(fall=30.0), *account.live(2)]
    assert not any(it.is_unusual for it in fee_and_more)


def test_theft_is_seen_beside_a_recharge():
    account = known()
    readings = [account.poll(fall=12.0 if it % 6 else -500.0) for it in range(12)]
    assert any(it.is_unusual for it in readings)


def test_a_new_price_and_a_busy_day_are_no_theft():
    account = known()
    account.price = 1.8 * PRICE
    assert not any(it.is_unusual for it in account.live(5))
    account.price = PRICE
    assert not any(it.is_unusual for it in account.live(3, calls=40))


def test_what_is_not_polled_is_no_spend_and_no_habit():
    account = known()
    assert account.poll(fall=500.0, fresh=False) is None
    first = account.poll(fall=500.0)
    assert (first.spent, first.calls) == (0.0, 0)


def test_a_thief_who_goes_on_does_not_become_usual_within_a_day():
    account = known()
    account.live(1, fall=9.0)
    assert all(it.is_unusual for it in account.live(24, fall=9.0))


def test_a_price_that_nobody_objected_to_becomes_usual_after_a_week(monkeypatch):
    monkeypatch.setattr(charge_habits, "ACCEPTED_AFTER", 24 * HOUR)
    account = known()
    account.live(24 + 12, fall=9.0)
    assert not account.live(1, fall=9.0)[-1].is_unusual


def test_habits_survive_a_restart():
    account = known()
    pages = dict(account.habits.take_unwritten())
    assert not dict(account.habits.take_unwritten())
    again = ChargeHabits()
    again.restore(pages)
    later = Account(again)
    later.live(1)
    assert any(it.is_unusual for it in later.live(1, fall=9.0))
    with pytest.raises(ValueError, match="charges/north/hq cannot be read"):
        again.restore({"charges/north/hq": b"\xc1"})


def test_an_account_without_call_records_has_no_reading():
    polls = {Capability.NUMBERS: polled(START), Capability.BALANCE: polled(START)}
    assert ChargeHabits().note(make_snapshot(polls=polls), START) is None


def test_another_currency_and_a_clock_that_is_set_back_begin_anew():
    account = known()
    dollars = account.poll(currency="USD")
    assert (dollars.currency, dollars.spent) == ("USD", 0.0)
    account.at -= 2 * HOUR
    assert account.poll(fall=100.0, currency="USD").spent == 0.0


@given(st.lists(amounts, max_size=20), amounts, amounts)
def test_two_fees_more_never_add_up_to_spend_by_themselves(steps, fee, another):
    assert without_fees(steps) <= sum(steps) + 1e-6
    assert without_fees([fee, another]) == 0.0
    assert without_fees([*steps, fee]) <= sum(steps) + 1e-6


hours = st.lists(
    st.tuples(st.integers(0, 500), st.floats(0, 1000)),
    min_size=ENOUGH_HOURS,
    max_size=ENOUGH_HOURS + 20,
)


@settings(max_examples=30)
@given(hours, st.integers(0, 2000))
def test_what_is_usual_grows_with_the_calls_and_rests_on_hours_that_were(known_hours, calls):
    usual, more = usual_spend(known_hours, calls), usual_spend(known_hours, calls + 1)
    dearest = max(spent for _, spent in known_hours)
    dearest_call = max((spent / count for count, spent in known_hours if count), default=0.0)
    assert 0 <= usual <= more
    assert usual <= dearest + calls * dearest_call + 1e-6


@settings(max_examples=30)
@given(hours, st.floats(0, 1e5))
def test_small_sums_are_never_unusual(known_hours, share):
    usual = usual_spend(known_hours, 5)
    spent = min(share, FLOOR)
    assert not Charges("CNY", 5, spent, usual).is_unusual
