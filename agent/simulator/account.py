"""One account as it stands now: its money, its numbers and the calls they had."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator

from agent.simulator.entities import Binding, CallRecord, Number
from agent.simulator.plan import AccountPlan

_MAX_CALLS = 200_000


class Account:
    """The state of an account. Its ``key`` is ``provider/id``."""

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
        """Grows with every change of the money, so that crossings planned before are dropped."""
        self.version = 0
        """Grows whenever a number's state changes or it leaves or enters the listing."""
        self._listed: list[Number] | None = None
        self._ends: array[int] | None = None

    def listed(self) -> list[Number]:
        """The numbers the provider's listing shows, in its order."""
        if self._listed is None:
            self._listed = [number for number in self.numbers if number.listed]
        return self._listed

    def listing_changed(self) -> None:
        """To be called when a number is taken out of the listing or put back."""
        self.version += 1
        self._listed = self._ends = None

    def binding_count(self) -> int:
        """How many bindings the listed numbers have together."""
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
        """Keeps a call record; the oldest go when there are too many."""
        self.calls.append(record)
        if len(self.calls) > _MAX_CALLS:
            del self.calls[: _MAX_CALLS // 4]

    def calls_since(self, since: float) -> tuple[int, int]:
        """The range of ``calls`` that started at or after ``since`` (epoch seconds)."""
        return bisect_left(self.calls, since, key=lambda call: call.started_at), len(self.calls)

    def states(self) -> dict[str, int]:
        """How many numbers are in each state."""
        return dict(sorted(Counter(str(number.state) for number in self.numbers).items()))
