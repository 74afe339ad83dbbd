"""An account of the running world: its money, its numbers and the calls they received.

Below the notice line a number's state is ``low_balance``, below the stop line it is suspended;
a top-up restores it, and what stays unpaid is reclaimed (docs/reference/domain.md §1).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator

from agent.simulator.entities import Binding, CallRecord, Number
from agent.simulator.plan import AccountPlan
from agent.states import IN_SERVICE_STATES, NumberState

_MAX_CALLS = 200_000
_DAY = 86400.0
_CENT = 0.01
_HALF_CENT = 0.005


class Account:
    """The current state of an account. Its ``key`` is ``provider/id``."""

    def __init__(self, provider: str, plan: AccountPlan, numbers: list[Number]) -> None:
        self.provider = provider
        self.id = plan.id
        self.key = f"{provider}/{plan.id}"
        self.credentials = plan.credentials
        self.balance = plan.balance
        self.currency = plan.currency
        self.daily_spend = plan.daily_spend
        self.month_spend = plan.month_spend
        self.spend_cap = plan.spend_cap
        self.notice = plan.notice
        self.stop = plan.stop
        self.reclaim_after = plan.reclaim_after
        self.price_per_minute = plan.price_per_minute
        self.page_size = plan.page_size
        self.numbers = numbers
        self.by_number = {number.number: number for number in numbers}
        self.calls: list[CallRecord] = []
        self.accrued_at = 0.0
        self.money_round = 0
        """Incremented with every change of the money: line crossings planned before are dropped."""
        self.version = 0
        """Incremented when a number changes state, or enters or leaves the listing."""
        self._listed: list[Number] | None = None
        self._ends: array[int] | None = None

    def listed(self) -> list[Number]:
        """The numbers the provider's listing shows, in its order."""
        if self._listed is None:
            self._listed = [number for number in self.numbers if number.listed]
        return self._listed

    def listing_changed(self) -> None:
        """Drop the cached listing; call it when a number is taken out of it or put back."""
        self.version += 1
        self._listed = self._ends = None

    def binding_count(self) -> int:
        """The number of bindings of all listed numbers."""
        ends = self._binding_ends()
        return ends[-1] if ends else 0

    def bindings(self, start: int, stop: int) -> Iterator[tuple[Number, Binding]]:
        """The bindings of all listed numbers from the ``start``-th up to the ``stop``-th."""
        ends, listed = self._binding_ends(), self.listed()
        index = bisect_right(ends, start)
        skip = start - (ends[index - 1] if index else 0)
        left = stop - start
        while left > 0 and index < len(listed):
            number = listed[index]
            for binding in number.bindings[skip : skip + left]:
                yield number, binding
                left -= 1
            skip, index = 0, index + 1

    def _binding_ends(self) -> "array[int]":
        if self._ends is None:
            self._ends, total = array("q"), 0
            for number in self.listed():
                total += len(number.bindings)
                self._ends.append(total)
        return self._ends

    def add_call(self, record: CallRecord) -> None:
        """Add a call record; beyond 200,000 the oldest quarter is dropped."""
        self.calls.append(record)
        if len(self.calls) > _MAX_CALLS:
            del self.calls[: _MAX_CALLS // 4]

    def calls_since(self, since: float) -> tuple[int, int]:
        """The range of ``calls`` that started at or after ``since`` (epoch seconds)."""
        return bisect_left(self.calls, since, key=lambda call: call.started_at), len(self.calls)

    def states(self) -> dict[str, int]:
        """The count of numbers by state."""
        return dict(sorted(Counter(str(number.state) for number in self.numbers).items()))

    @property
    def stopped(self) -> bool:
        """Whether the balance is below the stop line, to the cent."""
        return self.balance < self.stop - _HALF_CENT

    @property
    def capped(self) -> bool:
        """Whether the monthly cap is reached, which stops calls (docs/reference/domain.md §1)."""
        return self.spend_cap is not None and self.month_spend >= self.spend_cap

    def spend(self, amount: float) -> None:
        """Take ``amount`` off the balance and add it to the month's spending."""
        self.balance -= amount
        self.month_spend += amount

    def accrue(self, now: float) -> None:
        """Take off the daily spending since the last call; stopped or capped, it is nothing."""
        passed = now - self.accrued_at
        self.accrued_at = now
        if passed > 0 and self.daily_spend and not self.stopped and not self.capped:
            self.spend(self.daily_spend * passed / _DAY)

    def next_crossing(self) -> float | None:
        """Seconds until the daily spending crosses the next line; ``None`` if it never will."""
        if not self.daily_spend or self.stopped or self.capped:
            return None
        amounts = [self.balance - self.stop + _CENT]
        if self.balance > self.notice + _HALF_CENT:
            amounts.append(self.balance - self.notice)
        if self.spend_cap is not None:
            amounts.append(self.spend_cap - self.month_spend + _CENT)
        return max(min(amounts), 0.0) * _DAY / self.daily_spend

    def due_states(self, *, topped_up: bool) -> Iterator[tuple[Number, NumberState]]:
        """The numbers whose state the balance changes now, each with its new state.

        Only a top-up restores; falling money never makes a number better.
        """
        low = self.balance <= self.notice + _HALF_CENT
        new = NumberState.LOW_BALANCE if low else NumberState.ACTIVE
        moved = set(IN_SERVICE_STATES) if self.stopped or topped_up else {NumberState.ACTIVE}
        if self.stopped:
            new = NumberState.SUSPENDED_ARREARS
        if topped_up:
            moved.add(NumberState.SUSPENDED_ARREARS)
        for number in self.numbers:
            if number.state in moved and number.state != new:
                yield number, new
