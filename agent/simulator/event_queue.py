"""Future events in the order of world time."""

import heapq
from collections.abc import Callable
from itertools import count

Callback = Callable[[float], None]
"""Called with the world time at which the event happens."""


class EventQueue:
    """A queue of acts; acts at the same time happen in the order they were planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callback]] = []
        self._order = count()
        self.now = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    def schedule(self, at: float, callback: Callback) -> None:
        """Plans ``act``; a time that has passed means as soon as possible."""
        heapq.heappush(self._heap, (max(at, self.now), next(self._order), callback))

    def next_at(self) -> float | None:
        """When the next act is due, or ``None`` when nothing is planned."""
        return self._heap[0][0] if self._heap else None

    def run_until(self, until: float) -> None:
        """Lets everything happen that is due by ``until``; acts may plan further acts."""
        while self._heap and self._heap[0][0] <= until:
            at, _, callback = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            callback(self.now)
        self.now = max(self.now, until)
