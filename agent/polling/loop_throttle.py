"""Paces requests and the answers handed to adapters, so that many never block the event loop."""

import asyncio
import time
from collections import deque
from itertools import islice

from agent.net.exchange import Answer, Fetch, Request

BUSY_SECONDS = 0.01
"""Seconds of work per iteration of the event loop, after which other callbacks run."""
_WOKEN = 8
"""How many of those that wait are woken per iteration; who finds no time left goes on waiting."""


class _Waiter:
    """Somebody who waits for time: woken when there may be some."""

    __slots__ = ("woken",)

    def __init__(self) -> None:
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class LoopThrottle:
    """Lets requests and answers through for 10 ms per iteration of the event loop.

    All accounts share one. To send a request takes half a millisecond, to read a page takes a few.
    Where thousands are due at once, because the machine was busy, all of them would be begun in
    one iteration, and read in another one, and everything else the agent does would wait for that.
    They come through in the order in which they began to wait.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._waiting: deque[_Waiter] = deque()
        self._is_scheduled = False

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch``, begun when there is time, with its answers held back until there is."""

        async def fetch_throttled(request: Request) -> Answer:
            await self._until_there_is_time()
            answer = await fetch(request)
            await self._until_there_is_time()
            return answer

        return fetch_throttled

    async def _until_there_is_time(self) -> None:
        if not self._waiting and self._has_time():
            return
        waiter = _Waiter()
        self._waiting.append(waiter)
        self._schedule()
        try:
            await waiter.woken
            while not self._has_time():
                # It keeps its place.
                waiter.woken = asyncio.get_running_loop().create_future()
                await waiter.woken
        finally:
            self._waiting.remove(waiter)

    def _has_time(self) -> bool:
        now = time.monotonic()
        if self._began is None:
            self._began = now
            self._schedule()
        return now - self._began < BUSY_SECONDS

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._end_iteration)

    def _end_iteration(self) -> None:
        self._began, self._is_scheduled = None, False
        for waiter in islice(self._waiting, _WOKEN):
            if not waiter.woken.done():
                waiter.woken.set_result(None)
        if self._waiting:
            self._schedule()
