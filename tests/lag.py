"""Measures how long this process blocked its own event loop, on a machine shared with others.

Wall time alone counts the neighbours' work, CPU time alone counts threads that work beside the
loop without blocking it. Blocking the loop costs both, so the smaller one is taken.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

LONGEST_BLOCK_SECONDS = 0.05
TRIES = 3
_BEAT = 0.001


def _begin() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _elapsed(since: tuple[float, float]) -> float:
    wall, cpu = since
    return min(time.perf_counter() - wall, time.process_time() - cpu)


async def longest_lag(until: asyncio.Future) -> float:
    """The longest lag of the loop, in seconds, until ``until`` was done."""
    longest = 0.0
    while not until.done():
        begun = _begin()
        await asyncio.sleep(_BEAT)
        longest = max(longest, _elapsed(begun) - _BEAT)
    return longest


class Stopwatch:
    """Measures the longest lap of synchronous work, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._begun = _begin()

    def lap(self) -> None:
        """End one lap and begin the next."""
        self.longest = max(self.longest, _elapsed(self._begun))
        self._begun = _begin()


async def assert_unblocked(lag_of: Callable[[], Awaitable[float]], what: str) -> None:
    """Fail when ``lag_of`` returns a lag that is too long at every try.

    A neighbour on the machine can delay one try; work that blocks the loop delays all.
    """
    lags: list[float] = []
    while len(lags) < TRIES and min(lags, default=1) >= LONGEST_BLOCK_SECONDS:
        lags.append(await lag_of())
    assert min(lags) < LONGEST_BLOCK_SECONDS, f"{what} blocked the loop for {lags} s"
