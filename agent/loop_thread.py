"""An event loop in a thread of its own, for what must not wait for the agent's."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class LoopThread:
    """Runs coroutines in an event loop of its own, from :meth:`start` to :meth:`stop`.

    However long a turn of the agent's event loop takes, this one goes on: the interpreter's switch
    interval bounds how long it waits (:func:`agent.event_loop.shorten_switch_interval`).

    Args:
        name: The thread's name, as debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._is_over = asyncio.Event()
        self._ended: Future[None] = Future()
        # A process that ends without stop() does not wait for it.
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """The result of ``work``, which runs there; cancelling this cancels it.

        Raises:
            BaseException: what ``work`` raises.
        """
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def stop(self) -> None:
        """End the thread, and what runs there yet; it was started."""
        self._loop.call_soon_threadsafe(self._is_over.set)
        await asyncio.wrap_future(self._ended)

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._own_loop) as runner:
                runner.run(self._until_over())
        finally:
            self._ended.set_result(None)

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    async def _until_over(self) -> None:
        await self._is_over.wait()
