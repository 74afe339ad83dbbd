"""How many deliveries a system takes in how long, kept to: pure but for its own memory."""

from collections import deque
from collections.abc import Iterable, Sequence

from agent.sinks.base import Window

_SHORTEST_GUARD = 0.25
_GUARD = 1 / 60
"""Share of a window that is waited for besides: requests take differently long to arrive."""


class Budget:
    """Remembers when deliveries were sent and says when the next may be."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = tuple(windows)
        most = max((window.count for window in windows), default=0)
        self._sent: deque[float] = deque(maxlen=most or 1)

    @property
    def longest(self) -> float:
        """Seconds for which a delivery counts; 0 without limits."""
        return max((_guarded(window) for window in self._windows), default=0.0)

    def note(self, at: float) -> None:
        """A delivery was sent at ``at``."""
        self._sent.append(at)

    def recall(self, sent: Iterable[float]) -> None:
        """Deliveries an earlier run sent."""
        self._sent.extend(sorted(sent))

    def wait(self, now: float) -> float:
        """Seconds until the next delivery may be sent; 0 when it may be now.

        A delivery noted in the future, before the clock was set back, counts as of now.
        """
        return max((self._wait(window, now) for window in self._windows), default=0.0)

    def _wait(self, window: Window, now: float) -> float:
        if len(self._sent) < window.count:
            return 0.0
        oldest = min(self._sent[-window.count], now)
        return max(oldest + _guarded(window) - now, 0.0)


def _guarded(window: Window) -> float:
    return window.seconds + max(window.seconds * _GUARD, _SHORTEST_GUARD)
