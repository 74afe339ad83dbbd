"""What an account spends in an hour, beside what so many calls have usually cost.

Money that goes without calls to explain it is a fee, a price that has risen, or somebody else's
use of the account (docs/reference/domain.md §6, S3). Fees come in one step or two, and a recharge
only makes the balance rise; both are left out. A price that has risen costs somewhat more for the
same calls, and the limit leaves room for that.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.checks.balance import DEFAULT_CURRENCY
from agent.model import Balance

WINDOW = 3600.0
"""Seconds of spending that are looked at."""
FEES = 2
"""So many of the largest steps within the window are not counted: they may be fees."""
ENOUGH_HOURS = 72
"""Hours that must be known before anything is usual."""
USUAL_SHARE = 0.95
"""The share of hours, or of calls, whose cost is usual."""
QUIETEST = 4
"""One in so many hours is among the quietest."""
FLOOR = 10.0
"""Spend within an hour that is never unusual, in yuan."""
FLOOR_ELSEWHERE = 2.0
"""The same in any other currency: a guess that errs on the side of an alert."""
MOST = 2.0
"""So many times the usual spend are unusual: prices rise by less."""

Hour = tuple[int, float]
"""Calls in an hour, and what was spent."""


class Charges(NamedTuple):
    """The spend of the last hour, in units of ``currency``."""

    currency: str
    calls: int
    spent: float
    """Without the largest steps, which may be fees."""
    usual: float | None
    """The most that is usual for so many calls; ``None`` before enough hours are known."""

    @property
    def explained(self) -> float | None:
        """What calls and small sums explain; ``None`` before enough hours are known."""
        return None if self.usual is None else self.usual + floor(self.currency)

    @property
    def is_unusual(self) -> bool:
        """Whether far more was spent than the calls explain."""
        explained = self.explained
        return explained is not None and self.spent > MOST * explained


def floor(currency: str) -> float:
    """Spend within an hour that is never unusual."""
    return FLOOR if currency == DEFAULT_CURRENCY else FLOOR_ELSEWHERE


def without_fees(steps: Iterable[float]) -> float:
    """The sum of the steps by which the balance fell, without the largest."""
    return sum(sorted(steps)[:-FEES])


def usual_spend(hours: Sequence[Hour], calls: int) -> float | None:
    """The most that is usual in an hour with ``calls``; ``None`` before enough is known.

    It is what the quietest hours cost, where fees by the day show, and for each call what calls
    cost where there were many. Of both nearly the most, so that one odd hour does not count.
    """
    if len(hours) < ENOUGH_HOURS:
        return None
    quietest = sorted(hours)[: max(1, len(hours) // QUIETEST)]
    base = _nearly_most([(spent, 1) for _, spent in quietest])
    rate = _nearly_most([(spent / count, count) for count, spent in hours if count])
    return base + rate * calls


def _nearly_most(weighted: Iterable[tuple[float, int]]) -> float:
    """The least value that is not passed by ``USUAL_SHARE`` of the weight; 0 of nothing."""
    ordered = sorted(weighted)
    enough = USUAL_SHARE * sum(weight for _, weight in ordered)
    passed = 0
    for value, weight in ordered:
        passed += weight
        if passed >= enough:
            return value
    return 0.0


class Meter:
    """The steps and calls of one account within the window, from when it was observed on."""

    def __init__(self) -> None:
        self._currency = ""
        self._last: tuple[float, float, int] | None = None
        """Time, balance and count of calls of the newest poll."""
        self._since = 0.0
        self._steps: deque[tuple[float, float, int]] = deque()
        """Time, fall of the balance and calls since the poll before."""

    def reset(self) -> None:
        """Forget everything: facts are stale, or the clock was set."""
        self._last = None
        self._steps.clear()

    def note(self, at: float, balance: Balance, calls: int) -> None:
        """Take over a poll of ``at``, in epoch seconds, with the count of all calls until then."""
        amount, currency = balance.amount, balance.currency
        if self._last is not None and (at < self._last[0] or currency != self._currency):
            self.reset()
        self._currency = currency
        if self._last is None:
            self._since = at
        else:
            _, before, calls_before = self._last
            fall = max(0.0, before - amount)
            self._steps.append((at, fall, max(0, calls - calls_before)))
        self._last = (at, amount, calls)
        while self._steps and self._steps[0][0] <= at - WINDOW:
            self._steps.popleft()

    def is_whole(self, at: float) -> bool:
        """Whether the whole window was observed."""
        return self._last is not None and at - self._since >= WINDOW

    def read(self, hours: Sequence[Hour]) -> Charges | None:
        """The spend within the window, beside what is usual; ``None`` before the first poll."""
        if self._last is None:
            return None
        calls = sum(count for _, _, count in self._steps)
        spent = without_fees(fall for _, fall, _ in self._steps if fall > 0)
        return Charges(self._currency, calls, spent, usual_spend(hours, calls))
