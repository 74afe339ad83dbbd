"""Lines, runway and cap of an account."""

import pytest

from agent.checks.balance import evaluate_balance
from agent.config.settings import Thresholds
from agent.model import Balance

NONE = Thresholds()


def test_configured_lines_go_before_the_providers_own():
    balance = Balance(50.0, "CNY", notice_threshold=60.0, stop_threshold=20.0)
    money = evaluate_balance(balance, Thresholds(notice=100.0))
    assert (money.notice, money.stop) == (100.0, 20.0)


def test_the_usual_lines_hold_for_yuan_alone():
    assert (evaluate_balance(Balance(1.0, "CNY"), NONE).notice) == 35.0
    assert (evaluate_balance(Balance(1.0, "CNY"), NONE).stop) == 15.0
    foreign = evaluate_balance(Balance(1.0, "USD"), NONE)
    assert (foreign.notice, foreign.stop, foreign.below_stop, foreign.at_notice) == (
        None,
        None,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("amount", "at_notice", "below_stop"),
    [(35.01, False, False), (35.0, True, False), (15.0, True, False), (14.99, True, True)],
)
def test_notice_is_reached_at_its_line_and_stop_below_it(amount, at_notice, below_stop):
    money = evaluate_balance(Balance(amount, "CNY"), NONE)
    assert (money.at_notice, money.below_stop) == (at_notice, below_stop)


@pytest.mark.parametrize(
    ("amount", "daily", "days"),
    [
        (120.0, 10.5, 10.0),
        (15.0, 12.0, 0.0),
        (-3.0, 12.0, 0.0),
        (120.0, None, None),
        (9, 0.0, None),
    ],
)
def test_runway_is_what_lies_above_the_stop_line(amount, daily, days):
    money = evaluate_balance(Balance(amount, "CNY", daily_spend=daily), NONE)
    assert money.runway == (None if days is None else days * 86400.0)


@pytest.mark.parametrize(
    ("spent", "cap", "share", "reached"),
    [
        (90.0, 100.0, 0.9, False),
        (100.0, 100.0, 1.0, True),
        (5.0, None, None, False),
        (5, 0, None, 0),
    ],
)
def test_a_cap_counts_only_where_one_is_set(spent, cap, share, reached):
    money = evaluate_balance(Balance(1.0, "CNY", month_spend=spent, spend_cap=cap), NONE)
    assert money.cap_share == share
    assert money.cap_reached is bool(reached)
