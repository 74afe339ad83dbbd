"""Server-sent events: an open page is notified of changes and loads them itself."""

import asyncio
import contextlib
from http import HTTPStatus

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from agent.fleet import Fleet
from agent.model import Snapshot
from agent.web.responses import ApiError

SHORTEST_PAUSE = 2.0
"""Seconds between two events to one page, however often providers are polled."""
MOST_LISTENERS = 100


class FleetEvents:
    """Notifies open pages of every change of the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._revision = 0
        self._changes: set[asyncio.Event] = set()
        self._end = asyncio.Event()
        fleet.subscribe(self._on_change)

    def _on_change(self, _: Snapshot) -> None:
        self._revision += 1
        self._wake_listeners()

    def _wake_listeners(self) -> None:
        for change in self._changes:
            change.set()

    async def end(self, _: web.Application) -> None:
        """End all streams; the server would wait for them otherwise."""
        self._end.set()
        self._wake_listeners()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Events until the page is closed or the agent stops."""
        if len(self._changes) >= MOST_LISTENERS:
            expected = f"at most {MOST_LISTENERS} pages to be left open"
            raise ApiError("503 too many pages", expected, HTTPStatus.SERVICE_UNAVAILABLE)
        change = asyncio.Event()
        self._changes.add(change)
        try:
            async with sse_response(request) as response:
                await self._send_changes(response, change)
            return response
        finally:
            self._changes.discard(change)

    async def _send_changes(self, response: EventSourceResponse, change: asyncio.Event) -> None:
        sent = self._revision
        with contextlib.suppress(ConnectionResetError):
            while response.is_connected() and not self._end.is_set():
                if self._revision != sent:
                    sent = self._revision
                    await response.send(str(sent), event="changed")
                    await self._pause()
                else:
                    # Nothing may be awaited between the comparison above and clear(): a change
                    # in between would be lost.
                    change.clear()
                    await change.wait()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHORTEST_PAUSE):
                await self._end.wait()


EVENTS: web.AppKey[FleetEvents] = web.AppKey("events", FleetEvents)


async def stream(request: web.Request) -> web.StreamResponse:
    """Events until the page is closed or the agent stops."""
    return await request.app[EVENTS].stream(request)
