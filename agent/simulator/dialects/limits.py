"""Limits that vendors write down: requests per second, sizes of pages, windows of time."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


class RequestRate:
    """The most requests within any second, by a key such as account and operation.

    Seconds are those of a monotonic clock: how close requests follow is never world time.
    """

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._times: dict[str, deque[float]] = {}
        self.refused = 0
        """Requests that were too many."""

    def admit(self, key: str) -> bool:
        """Whether one more request is within the limit; one that is refused does not count."""
        now = self._clock()
        times = self._times.setdefault(key, deque(maxlen=self._per_second))
        if len(times) == self._per_second and now - times[0] < 1.0:
            self.refused += 1
            return False
        times.append(now)
        return True


@dataclass(frozen=True)
class PageLimit:
    """The page sizes that an operation takes."""

    most: int
    usual: int
    """The size where the request names none."""

    def problem(self, size: object) -> str | None:
        """Why a requested ``size`` is refused; ``None`` if it is not."""
        if size is None:
            return None
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            return "is not a whole number from 1"
        return f"is more than {self.most}" if size > self.most else None


@dataclass(frozen=True)
class WindowLimit:
    """The windows of time that an operation takes, in seconds."""

    longest: float
    oldest: float
    """How far back a window may begin."""

    def problem(self, start: float, end: float, now: float) -> str | None:
        """Why a window of epoch seconds is refused; ``None`` if it is not."""
        if end < start:
            return "ends before it begins"
        if end - start >= self.longest:
            return f"is not shorter than {self.longest:.0f} seconds"
        if now - start > self.oldest:
            return f"begins more than {self.oldest:.0f} seconds ago"
        return None
