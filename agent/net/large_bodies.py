"""Bounds how many large answers of one account are in memory at once.

Each poll may have an answer of ``polling.max_body`` bytes under way, and one that asks for many
numbers at once has many: together hundreds of megabytes, which the allocator keeps. A place is
taken while a body grows large, and given back once it has been read.
"""

import asyncio
from contextvars import ContextVar
from typing import Any, Final

from agent.net.exchange import Answer, Fetch, Request
from agent.net.heap import Heap

LARGE_BYTES: Final = 1024 * 1024
"""A body beyond this size needs a place."""
PLACES: Final = 2
"""Large bodies of one account at once."""

_PLACES: ContextVar["LargeBodies | None"] = ContextVar("large_bodies", default=None)


class LargeBodies:
    """The places of one account. Whoever holds one gives it back with the next request."""

    def __init__(self, heap: Heap, places: int = PLACES) -> None:
        self._heap = heap
        self._free = asyncio.Semaphore(places)
        self._holders: set[asyncio.Task[Any]] = set()

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch``, whose large answers take these places."""

        async def fetch_in_place(request: Request) -> Answer:
            _PLACES.set(self)
            self.give_back()
            try:
                return await fetch(request)
            except BaseException:
                self.give_back()
                raise

        return fetch_in_place

    async def take(self) -> None:
        """Wait for a place and take it for the present task, which holds it at most to its end."""
        await self._free.acquire()
        task = asyncio.current_task()
        assert task is not None
        self._holders.add(task)
        task.add_done_callback(self._give_back)

    def give_back(self) -> None:
        """Give the present task's place back, if it has one."""
        task = asyncio.current_task()
        if task is not None:
            self._give_back(task)

    def _give_back(self, task: "asyncio.Task[Any]") -> None:
        if task in self._holders:
            self._holders.remove(task)
            task.remove_done_callback(self._give_back)
            self._free.release()
            self._heap.note_freed()


async def take_place() -> None:
    """Wait for a place for the large body that the present task reads; at once without limits."""
    places = _PLACES.get()
    if places is not None:
        await places.take()


def body_was_read() -> None:
    """Give the place of the present task's last answer back: its body is not needed any more."""
    places = _PLACES.get()
    if places is not None:
        places.give_back()
