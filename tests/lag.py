"""How long the event loop was kept from its turn by this process, whatever else the machine does.

Wall time alone blames the process for its neighbours, CPU alone blames threads that work beside
the loop without holding it. What the process does to its own loop costs both.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

LONGEST_BLOCK_SECONDS = 0.05
TRIES = 3
_BEAT = 0.001


def _begin() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _taken(since: tuple[float, float]) -> float:
    wall, cpu = since
    return min(time.perf_counter() - wall, time.process_time() - cpu)


async def longest_lag(until: asyncio.Future) -> float:
    """The longest the loop was late, in seconds, until ``until`` was done."""
    longest = 0.0
    while not until.done():
        begun = _begin()
        await asyncio.sleep(_BEAT)
        longest = max(longest, _taken(begun) - _BEAT)
    return longest


class Stopwatch:
    """Measures what is done at once, lap by lap."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._begun = _begin()

    def lap(self) -> None:
        """End one lap and begin the next."""
        self.longest = max(self.longest, _taken(self._begun))
        self._begun = _begin()


async def assert_unblocked(lag_of: Callable[[], Awaitable[float]], what: str) -> None:
    """Fail when ``lag_of`` gives a lag that is too long, again and again.

    A neighbour on the machine can make one try late, work that blocks makes all late.
    """
    lags: list[float] = []
    while len(lags) < TRIES and min(lags, default=1) >= LONGEST_BLOCK_SECONDS:
        lags.append(await lag_of())
    assert min(lags) < LONGEST_BLOCK_SECONDS, f"{what} blocked the loop for {lags} s"
