"""The day on which a balance reaches its stop line, from accounts whose spend is known."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.history.forecast import DAY_SECONDS, FURTHEST_DAYS, Outlook, daily_spends, forecast
from agent.history.hours import BalanceHour

NOW = 499_000 * 3600.0
STOP = 15.0


def history(days: int, spend: float, topups=(), gaps=(), balance=10_000.0):
    """Hours that end at ``NOW``: ``spend`` a day, top-ups by hour, gaps as ranges of hours."""
    hours, count = [], days * 24
    for place in range(count):
        at = NOW - (count - place) * 3600.0
        first = low = balance
        balance -= spend / 48
        low = min(low, balance)
        balance += dict(topups).get(place, 0.0)
        high = max(first, balance)
        balance -= spend / 48
        known = not any(place in gap for gap in gaps)
        hours.append(
            BalanceHour(at=at, first=first, last=balance, low=min(low, balance), high=high)
            if known
            else BalanceHour(at=at)
        )
    return hours, balance


def test_a_steady_spend_gives_the_day() -> None:
    hours, balance = history(14, spend=24.0)
    found = forecast(hours, balance, STOP, NOW)
    assert found.outlook is Outlook.EXPECTED
    assert found.daily_spend == pytest.approx(24.0, rel=0.05)
    left = (balance - STOP) / 24.0 * DAY_SECONDS
    assert found.at - NOW == pytest.approx(left, rel=0.05)
    assert found.earliest <= found.at <= found.latest
    # The first hour has no balance before it, so the oldest day is only as good as known.
    assert found.days in {13, 14}


def test_topups_are_no_negative_spend() -> None:
    plain, _ = history(14, spend=24.0)
    topped, balance = history(14, spend=24.0, topups={100: 500.0, 101: 20.0, 250: 3000.0}.items())
    found = forecast(topped, balance, STOP, NOW)
    assert found.daily_spend == pytest.approx(24.0, rel=0.06)
    assert max(daily_spends(topped, NOW)) <= 25.0
    assert daily_spends(plain, NOW)[0] == pytest.approx(24.0, rel=0.01)


def test_a_topup_beyond_a_gap_hides_what_was_spent_and_is_left_out() -> None:
    gap = range(24 * 10, 24 * 11)
    hours, balance = history(14, spend=24.0, topups={24 * 10 + 5: 800.0}.items(), gaps=[gap])
    spends = daily_spends(hours, NOW)
    assert len(spends) in {12, 13}
    assert all(spend == pytest.approx(24.0, rel=0.1) for spend in spends)
    assert forecast(hours, balance, STOP, NOW).outlook is Outlook.EXPECTED


def test_a_gap_without_a_topup_is_spread_over_its_days() -> None:
    hours, _ = history(14, spend=24.0, gaps=[range(24 * 9, 24 * 12)])
    spends = daily_spends(hours, NOW)
    assert len(spends) in {13, 14}
    assert all(spend == pytest.approx(24.0, rel=0.1) for spend in spends)


@pytest.mark.parametrize("days", [0, 1, 2])
def test_too_little_history_is_unknown(days: int) -> None:
    hours, balance = history(days, spend=24.0)
    found = forecast(hours, balance, STOP, NOW)
    assert (found.outlook, found.at) == (Outlook.UNKNOWN, None)


def test_what_is_not_known_is_unknown() -> None:
    hours, balance = history(14, spend=24.0)
    assert forecast(hours, None, STOP, NOW).outlook is Outlook.UNKNOWN
    assert forecast(hours, balance, None, NOW).outlook is Outlook.UNKNOWN
    silent = [BalanceHour(at=hour.at) for hour in hours]
    assert forecast(silent, balance, STOP, NOW).outlook is Outlook.UNKNOWN


def test_no_spend_is_not_in_sight_and_a_reached_line_is_reached() -> None:
    hours, balance = history(14, spend=0.0)
    assert forecast(hours, balance, STOP, NOW).outlook is Outlook.NOT_IN_SIGHT
    hours, _ = history(14, spend=24.0)
    assert forecast(hours, STOP, STOP, NOW).outlook is Outlook.REACHED
    assert forecast(hours, 3.0, STOP, NOW).outlook is Outlook.REACHED


def test_days_that_differ_give_a_range() -> None:
    rng = random.Random(4)
    hours, balance = [], 10_000.0
    for day in range(20):
        spend = rng.choice((10.0, 20.0, 40.0))
        part, balance = history(1, spend, balance=balance)
        shift = (19 - day) * DAY_SECONDS
        hours += [BalanceHour(at=h.at - shift, first=h.first, last=h.last, low=h.low, high=h.high)
                  for h in part]  # fmt: skip
    found = forecast(hours, balance, STOP, NOW)
    assert found.earliest < found.latest
    assert found.earliest <= found.at <= found.latest


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0, 500),
    st.integers(0, 30),
    st.dictionaries(st.integers(0, 700), st.floats(0, 1e6), max_size=5),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 60)), max_size=4),
    st.floats(-1e6, 1e6),
)
def test_a_forecast_never_spends_more_than_was_spent(spend, days, topups, gaps, balance) -> None:
    ranges = [range(start, start + length) for start, length in gaps]
    hours, _ = history(days, spend, topups.items(), ranges)
    found = forecast(hours, balance, STOP, NOW)
    assert all(each <= spend * 1.3 + 1e-6 for each in daily_spends(hours, NOW))
    if found.outlook is Outlook.EXPECTED:
        assert NOW <= found.earliest <= found.at <= NOW + FURTHEST_DAYS * DAY_SECONDS
        assert found.latest is None or found.latest >= found.at


def plain_spends(hours, now) -> list[float]:
    """The same as ``daily_spends``, step by step and day by day."""
    steps, before = [], None
    for hour in hours:
        if hour.last is None:
            continue
        first = hour.last if hour.first is None else hour.first
        within = min(0.0, hour.last - first)
        if hour.last > first and None not in (hour.low, hour.high):
            within = min(0.0, (hour.low - first) + (hour.last - hour.high))
        end = hour.at + 3600.0
        if before is not None:
            at, value = before
            if hour.at > at:
                steps += [(at, hour.at, first - value), (hour.at, end, within)]
            else:
                steps.append((at, end, min(0.0, first - value) + within))
        before = end, hour.last
    spends = []
    for day in range(28):
        known = spent = 0.0
        for start, end, change in steps:
            overlap = min(end, now - day * DAY_SECONDS) - max(start, now - (day + 1) * DAY_SECONDS)
            if overlap > 0 and (change <= 0 or end - start <= 3600.0):
                known += overlap
                spent += overlap / (end - start) * max(0.0, -change)
        if known >= 0.8 * DAY_SECONDS:
            spends.append(spent * DAY_SECONDS / known)
    return spends


@pytest.mark.parametrize("seed", range(25))
def test_spends_are_those_of_a_plain_sum_over_steps(seed: int) -> None:
    chance, hours, balance, silent = random.Random(seed), [], 1000.0, 0
    count = chance.choice((0, 1, 2, 60, 700))
    for place in range(count):
        at = NOW - (count - place - 1) * 3600.0
        silent = silent - 1 if silent else chance.choice((0,) * 30 + (1, 2, 40))
        if silent:
            hours.append(BalanceHour(at=at))
            continue
        first = balance - chance.random()
        balance = first + chance.choice((-5, -1, 0, 30))
        low, high = min(first, balance) - chance.choice((0, 1)), max(first, balance)
        parts = {"first": first, "low": low, "high": high + chance.choice((0, 2))}
        parts.pop(chance.choice((None,) * 30 + tuple(parts)), None)
        hours.append(BalanceHour(at=at, last=balance, **parts))
    for now in (NOW, NOW + 1234.5):
        assert daily_spends(hours, now) == pytest.approx(plain_spends(hours, now), rel=1e-9)
