"""When numbers are taken back by their provider's habit, and its own balance lines."""

import pytest

from agent.checks.engine import Checker
from agent.model import Balance
from agent.states import NumberState
from tests.account_facts import NOW, changed, make_settings, make_snapshot, number

ONE, TWO = "4006220001", "4006220002"
DAY = 86400.0


def checker(**provider):
    settings = make_settings()
    north = settings.providers[0].model_validate(
        {**settings.providers[0].model_dump(exclude_unset=True), **provider}
    )
    return Checker(settings.model_copy(update={"providers": [north, *settings.providers[1:]]}))


@pytest.fixture
def habit():
    return checker(lifecycle={"reclaimed_after": {"suspended_arrears": "3d"}})


def arrears(seen, **more):
    return make_snapshot(
        number(ONE, "suspended_arrears", **more),
        number(TWO, "suspended_arrears"),
        previous_states={
            ONE: (NumberState.ACTIVE, NumberState.SUSPENDED_ARREARS, seen),
        },
    )


def deadlines(checked):
    return dict(zip(checked.names, checked.columns.reclaim_at.tolist(), strict=True))


def test_a_number_is_taken_back_so_long_after_its_state_was_seen_to_begin(habit):
    found = deadlines(habit.check(arrears(NOW - DAY), NOW))
    assert found[ONE] == NOW + 2 * DAY
    assert found[TWO] != found[TWO], "nobody saw when this one stopped: nothing is guessed"


def test_the_providers_own_word_counts(habit):
    assert deadlines(habit.check(arrears(NOW - DAY, reclaim_at=NOW + 9), NOW))[ONE] == NOW + 9


def test_the_countdown_begins_and_ends_with_the_state(habit):
    before = habit.check(make_snapshot(number(ONE), number(TWO)), NOW - DAY)
    during = habit.check(arrears(NOW), NOW, before)
    assert deadlines(during)[ONE] == NOW + 3 * DAY
    stored = habit.check(changed(during.snapshot), NOW + 5, during)
    assert stored.columns is during.columns
    back = {ONE: (NumberState.SUSPENDED_ARREARS, NumberState.ACTIVE, NOW + 9)}
    paid = make_snapshot(number(ONE), number(TWO, "suspended_arrears"), previous_states=back)
    after = deadlines(habit.check(paid, NOW + 9, stored))
    assert after[ONE] != after[ONE]


def test_without_a_habit_nothing_is_assumed():
    found = deadlines(checker().check(arrears(NOW - DAY), NOW))
    assert found[ONE] != found[ONE]


def test_a_providers_balance_lines_hold_for_its_accounts():
    snapshot = make_snapshot(number(ONE), balance=Balance(80.0, "CNY"))
    money = checker(thresholds={"notice": 100.0}).check(snapshot, NOW).money
    assert (money.notice, money.stop) == (100.0, 15.0)
