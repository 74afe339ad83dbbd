"""When an account's balance reaches the line at which its provider stops the numbers."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from agent.history.hours import HOUR_SECONDS, BalanceHour

DAY_SECONDS: Final = 86400.0
DAYS_LOOKED_AT: Final = 28
"""Days before now whose spend counts."""
LEAST_DAYS: Final = 3
"""Days of known spend without which nothing is forecast."""
_LEAST_KNOWN: Final = 0.8
"""The share of a day that must be known for its spend to count."""
FURTHEST_DAYS: Final = 3650.0
"""A later day is not forecast: much will have changed by then."""


@unique
class Outlook(StrEnum):
    """What the history says of the stop line."""

    UNKNOWN = "unknown"
    """There is too little history, no stop line, or no balance."""
    REACHED = "reached"
    """The balance is at the line, or below it."""
    EXPECTED = "expected"
    """It will be reached about :attr:`Forecast.at`."""
    NOT_IN_SIGHT = "not_in_sight"
    """At the usual spend it is years away, or nothing is spent."""


@dataclass(frozen=True)
class Forecast:
    """The outlook, with what it rests on.

    Attributes:
        outlook: What the history says.
        at: When the line is reached at the usual spend, epoch seconds.
        earliest: The same at the spend of expensive days.
        latest: The same at the spend of cheap days; ``None`` where that is never.
        daily_spend: The median spend of a day, in the account's currency.
        days: The days that were known well enough to count.
    """

    outlook: Outlook
    at: float | None = None
    earliest: float | None = None
    latest: float | None = None
    daily_spend: float | None = None
    days: int = 0


@dataclass(frozen=True)
class _Step:
    """From one known balance to the next."""

    start: float
    end: float
    change: float


def forecast(
    hours: Sequence[BalanceHour], balance: float | None, stop: float | None, now: float
) -> Forecast:
    """The forecast at ``now`` from the newest ``DAYS_LOOKED_AT`` days of ``hours``.

    A rise is a top-up and no spend. A stretch without known balances counts where the balance is
    lower after it; where it is higher, what was spent meanwhile is not known.

    Args:
        hours: The balance by hour, gaps included, in the order of time.
        balance: The balance now; ``None`` where it is not known.
        stop: The stop line; ``None`` where there is none.
        now: Epoch seconds.
    """
    spends = daily_spends(hours, now)
    usual = statistics.median(spends) if len(spends) >= LEAST_DAYS else None
    if balance is None or stop is None:
        return Forecast(Outlook.UNKNOWN, daily_spend=usual, days=len(spends))
    if balance <= stop:
        return Forecast(Outlook.REACHED, daily_spend=usual, days=len(spends))
    if usual is None:
        return Forecast(Outlook.UNKNOWN, days=len(spends))
    low, high = _range(spends)
    at, earliest, latest = (_reached(balance - stop, spend, now) for spend in (usual, high, low))
    outlook = Outlook.NOT_IN_SIGHT if at is None else Outlook.EXPECTED
    return Forecast(outlook, at, earliest, latest, usual, len(spends))


def _reached(money: float, spend: float, now: float) -> float | None:
    if spend <= 0 or money / spend > FURTHEST_DAYS:
        return None
    return now + money / spend * DAY_SECONDS


def _range(spends: Sequence[float]) -> tuple[float, float]:
    """The lower and the upper quartile."""
    low, _, high = statistics.quantiles(spends, n=4, method="inclusive")
    return low, high


def daily_spends(hours: Sequence[BalanceHour], now: float) -> list[float]:
    """The spend of each of the days before ``now`` that is known well enough, the newest first.

    A day here is 24 hours that end at ``now`` or whole days before it.
    """
    spends, knowns = [0.0] * DAYS_LOOKED_AT, [0.0] * DAYS_LOOKED_AT
    for step in _steps(hours):
        for place in _days_of(step, now):
            end = now - place * DAY_SECONDS
            share = _overlap(step, end - DAY_SECONDS, end)
            knowns[place] += share * (step.end - step.start)
            spends[place] += share * max(0.0, -step.change)
    return [
        # As though the rest of the day had been like what is known of it.
        spend * DAY_SECONDS / known
        for spend, known in zip(spends, knowns, strict=True)
        if known >= _LEAST_KNOWN * DAY_SECONDS
    ]


def _days_of(step: _Step, now: float) -> range:
    """The places of the days that ``step`` may lie in, the newest first."""
    newest, oldest = ((now - at) // DAY_SECONDS for at in (step.end, step.start))
    return range(max(0, int(newest)), min(DAYS_LOOKED_AT, int(oldest) + 1))


def _overlap(step: _Step, start: float, end: float) -> float:
    """The share of ``step`` that lies between ``start`` and ``end``."""
    within = min(step.end, end) - max(step.start, start)
    return max(0.0, within) / (step.end - step.start)


def _steps(hours: Sequence[BalanceHour]) -> Iterator[_Step]:
    """The changes from hour to hour; a rise over unknown hours is none, for it hides a spend."""
    before: tuple[float, float] | None = None
    for hour in hours:
        if hour.last is None:
            continue
        end = hour.at + HOUR_SECONDS
        if before is not None:
            at, value = before
            for step in _of_hour(hour, at, value, end):
                is_gap = step.end - step.start > HOUR_SECONDS
                if step.change <= 0 or not is_gap:
                    yield step
        before = end, hour.last


def _of_hour(hour: BalanceHour, at: float, value: float, end: float) -> Iterator[_Step]:
    """The steps to the end of ``hour`` from the balance before it."""
    first = hour.last if hour.first is None else hour.first
    assert first is not None
    assert hour.last is not None
    if hour.at > at:
        yield _Step(at, hour.at, first - value)
        yield _Step(hour.at, end, _spent_within(hour, first))
    else:
        change = min(0.0, first - value) + _spent_within(hour, first)
        yield _Step(at, end, change)


def _spent_within(hour: BalanceHour, first: float) -> float:
    """The change within an hour without its top-up: what fell before it or after it."""
    last, low, high = hour.last, hour.low, hour.high
    assert last is not None
    if low is None or high is None or last <= first:
        return min(0.0, last - first)
    # It rose: from the least to the greatest figure, and fell before and after.
    return min(0.0, (low - first) + (last - high))
