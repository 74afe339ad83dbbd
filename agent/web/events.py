"""Server-sent events: a page left open hears that there is something new and asks for it."""

import asyncio
import contextlib
from http import HTTPStatus

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from agent.fleet import Fleet
from agent.model import Snapshot
from agent.web.problem import ApiError

SHORTEST_PAUSE = 2.0
"""Seconds between two events to one page, however often providers are polled."""
MOST_LISTENERS = 100


class Events:
    """Tells open pages of every change of the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._revision = 0
        self._news: set[asyncio.Event] = set()
        self._end = asyncio.Event()
        fleet.subscribe(self._note)

    def _note(self, _: Snapshot) -> None:
        self._revision += 1
        self._wake()

    def _wake(self) -> None:
        for news in self._news:
            news.set()

    async def end(self, _: web.Application) -> None:
        """End all streams, so that the server can stop."""
        self._end.set()
        self._wake()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Events until the page is closed or the agent stops."""
        if len(self._news) >= MOST_LISTENERS:
            expected = f"at most {MOST_LISTENERS} pages to be left open"
            raise ApiError("503 too many pages", expected, HTTPStatus.SERVICE_UNAVAILABLE)
        news = asyncio.Event()
        self._news.add(news)
        try:
            async with sse_response(request) as response:
                await self._tell(response, news)
            return response
        finally:
            self._news.discard(news)

    async def _tell(self, response: EventSourceResponse, news: asyncio.Event) -> None:
        seen = self._revision
        with contextlib.suppress(ConnectionResetError):
            while response.is_connected() and not self._end.is_set():
                if self._revision != seen:
                    seen = self._revision
                    await response.send(str(seen), event="changed")
                    await self._pause()
                else:
                    news.clear()
                    await news.wait()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHORTEST_PAUSE):
                await self._end.wait()
