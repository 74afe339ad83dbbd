"""Paces the answers handed to adapters, so that reading many never blocks the event loop."""

import asyncio
import time

from agent.net.exchange import Answer, Fetch, Request

READING_SECONDS = 0.01
"""Seconds of reading per iteration of the event loop, after which other callbacks run."""


class LoopThrottle:
    """Hands answers on for 10 ms per iteration of the event loop; all accounts share one.

    Reading a page takes a few milliseconds. Many pages that arrive together would all be read
    in one iteration, and everything else the agent does would wait for the last of them.
    """

    def __init__(self) -> None:
        self._iteration_began: float | None = None

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch``, with its answers held back until there is time to read them."""

        async def fetch_throttled(request: Request) -> Answer:
            answer = await fetch(request)
            while not self._has_time():  # noqa: ASYNC110 - there is time in the next iteration
                await asyncio.sleep(0)
            return answer

        return fetch_throttled

    def _has_time(self) -> bool:
        now = time.monotonic()
        if self._iteration_began is None:
            self._iteration_began = now
            asyncio.get_running_loop().call_soon(self._end_iteration)
        return now - self._iteration_began < READING_SECONDS

    def _end_iteration(self) -> None:
        self._iteration_began = None
