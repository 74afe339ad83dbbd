"""Answers come in one at a time, so that reading many never holds up the event loop."""

import asyncio

from agent.providers.base import Answer, Fetch, Request


class Turnstile:
    """Hands on one answer per turn of the event loop, whichever account it is for.

    Reading a page takes a few milliseconds. Many pages that arrive together would all be read
    in one turn, and everything else the agent does would wait for the last of them.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch``, its answers handed on in turns."""

        async def fetch_in_turn(request: Request) -> Answer:
            answer = await fetch(request)
            async with self._turn:
                await asyncio.sleep(0)
            return answer

        return fetch_in_turn
