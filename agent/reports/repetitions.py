"""Which faults come back: the same number, the same category, within a period; pure.

An alert counts by the same rule: feed it the moments that ``TicketRecords.moments`` reads.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from agent.reports.records import Moment
from agent.tickets.categories import Category


@dataclass(frozen=True)
class Repetition:
    """A fault that came back."""

    number: str
    category: Category
    count: int
    """The most faults within one period."""
    last_at: float


class Repetitions:
    """Counts faults by number and category.

    Args:
        within: Seconds within which a fault of the same number and category is a repetition.
    """

    def __init__(self, within: float) -> None:
        self._within = within
        self._recent: dict[tuple[str, Category], deque[float]] = {}
        self._most: dict[tuple[str, Category], int] = {}

    def add(self, moment: Moment) -> int:
        """Count a fault, which is no older than those before; how many there are within now."""
        key = (moment.number, moment.category)
        recent = self._recent.setdefault(key, deque())
        recent.append(moment.at)
        while recent[0] < moment.at - self._within:
            recent.popleft()
        self._most[key] = max(self._most.get(key, 0), len(recent))
        return len(recent)

    def add_all(self, moments: Iterable[Moment]) -> None:
        """Count several."""
        for moment in moments:
            self.add(moment)

    def repeated(self, least: int = 2) -> list[Repetition]:
        """Where at least ``least`` faults lay within one period, the most first."""
        found = [
            Repetition(key[0], key[1], count, self._recent[key][-1])
            for key, count in self._most.items()
            if count >= least
        ]
        return sorted(found, key=lambda it: (-it.count, it.number, it.category))
