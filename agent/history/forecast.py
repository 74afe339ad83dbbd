"""When an account's balance reaches the line at which its provider stops the numbers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

import numpy as np
import numpy.typing as npt

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


Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Steps:
    """From one known balance to the next, a column each; times in epoch seconds."""

    starts: Column
    ends: Column
    changes: Column


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
    steps = _steps([hour for hour in hours if hour.last is not None])
    lengths, spent = steps.ends - steps.starts, np.maximum(0.0, -steps.changes)
    newest, oldest = ((now - at) // DAY_SECONDS for at in (steps.ends, steps.starts))
    first, last = np.maximum(newest, 0), np.minimum(oldest, DAYS_LOOKED_AT - 1)
    spends, knowns = np.zeros(DAYS_LOOKED_AT), np.zeros(DAYS_LOOKED_AT)
    # A step of an hour lies in one day or two, one over a gap in as many as the gap.
    for further in range(int((last - first).max(initial=-1)) + 1):
        within = np.flatnonzero(first + further <= last)
        places = (first[within] + further).astype(np.intp)
        ends = now - places * DAY_SECONDS
        overlap = np.minimum(steps.ends[within], ends)
        overlap -= np.maximum(steps.starts[within], ends - DAY_SECONDS)
        shares = np.maximum(0.0, overlap) / lengths[within]
        knowns += np.bincount(places, shares * lengths[within], DAYS_LOOKED_AT)
        spends += np.bincount(places, shares * spent[within], DAYS_LOOKED_AT)
    # As though the rest of a day had been like what is known of it.
    enough = knowns >= _LEAST_KNOWN * DAY_SECONDS
    return [float(it) for it in spends[enough] * DAY_SECONDS / knowns[enough]]


def _steps(hours: Sequence[BalanceHour]) -> _Steps:
    """The changes between ``hours``, all known.

    The rise over an unknown stretch is none, for it hides a spend.
    """
    columns = [(it.at, it.first, it.last, it.low, it.high) for it in hours]
    # What is not known becomes NaN.
    at, first, last, low, high = np.array(columns, dtype=np.float64).reshape(-1, 5).T
    first = np.where(np.isnan(first), last, first)
    fell = np.minimum(0.0, last - first)
    # It rose: from the least to the greatest figure, and fell before and after.
    around_topup = np.minimum(0.0, (low - first) + (last - high))
    is_topup = (last > first) & ~np.isnan(low) & ~np.isnan(high)
    within = np.where(is_topup, around_topup, fell)[1:]
    begin, before, between = at[1:], at[:-1] + HOUR_SECONDS, first[1:] - last[:-1]
    has_gap = begin > before
    # A gap is a step of its own; else what changed between two hours belongs to the later one.
    is_known = has_gap & ((between <= 0) | (begin - before <= HOUR_SECONDS))
    own = within + np.where(has_gap, 0.0, np.minimum(0.0, between))
    return _Steps(
        starts=np.concatenate((before[is_known], np.where(has_gap, begin, before))),
        ends=np.concatenate((begin[is_known], begin + HOUR_SECONDS)),
        changes=np.concatenate((between[is_known], own)),
    )
