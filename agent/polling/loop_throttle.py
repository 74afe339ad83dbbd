"""Answers come in a few at a time, so that reading many never holds up the event loop."""

import asyncio
import time

from agent.net.exchange import Answer, Fetch, Request

READING = 0.01
"""Seconds of reading in one turn of the event loop, after which other work has its turn."""


class LoopThrottle:
    """Hands answers on while the turn of the event loop is young, whichever account they are for.

    Reading a page takes a few milliseconds. Many pages that arrive together would all be read
    in one turn, and everything else the agent does would wait for the last of them.
    """

    def __init__(self) -> None:
        self._turn_began: float | None = None

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch``, its answers handed on as time allows."""

        async def fetch_in_turn(request: Request) -> Answer:
            answer = await fetch(request)
            while not self._is_open():  # noqa: ASYNC110 - it opens with the next turn of the loop
                await asyncio.sleep(0)
            return answer

        return fetch_in_turn

    def _is_open(self) -> bool:
        now = time.monotonic()
        if self._turn_began is None:
            self._turn_began = now
            asyncio.get_running_loop().call_soon(self._end_turn)
        return now - self._turn_began < READING

    def _end_turn(self) -> None:
        self._turn_began = None
