"""The event loop: background tasks, how late it wakes up, and what keeps it on time.

Everything that computes for long runs in a thread, but all threads share one interpreter lock:
a single C call over 100,000 objects keeps the event loop waiting until it returns. Long work is
therefore done in chunks, between which other threads run.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise, zip_longest
from typing import Any, TypeVar

import structlog

from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)


class BackgroundTask:
    """Runs one coroutine function in a task of its own, from :meth:`start` to :meth:`stop`.

    Args:
        name: The task's name, as debuggers show it.
        run: The coroutine function; it usually loops until it is cancelled.
    """

    def __init__(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._name = name
        self._run = run
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the task and wait until it has ended; does nothing when it is not running."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            # gather, not await: a cancellation of whoever stops the task must still get through.
            (ending,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(ending, Exception):
                # It had ended before it was stopped, or could not end as it should.
                log.error("background_task_failed", task=self._name, exc_info=ending)


MEASURING_INTERVAL = 0.05
"""Seconds of sleep that are asked for; how much longer it took is the lag."""


class LoopLag:
    """Records the event loop's lag into the agent's own metrics while it runs."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._lag = telemetry.loop_lag
        self._longest = telemetry.loop_lag_max
        self._task = BackgroundTask("event loop lag", self._measure)
        self.longest = 0.0
        """The longest lag since the start, in seconds."""

    def start(self) -> None:
        """Begin to measure."""
        self._task.start()

    async def stop(self) -> None:
        """Stop measuring."""
        await self._task.stop()

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + MEASURING_INTERVAL
            await asyncio.sleep(MEASURING_INTERVAL)
            lag = max(0.0, loop.time() - due)
            self._lag.observe(lag)
            if lag > self.longest:
                self.longest = lag
                self._longest.set(lag)


SWITCH_INTERVAL = 0.0005
"""Seconds a thread may hold the interpreter lock while another thread waits for it."""


def shorten_switch_interval() -> None:
    """Set the interpreter's switch interval; call it once before threads are started.

    The event loop needs the interpreter lock again after every wait, many hundred times a second
    while pages come in. With Python's default of 5 ms, each time behind a thread that checks or
    renders, it runs late by tens of milliseconds; with half a millisecond it does not
    (docs/adr/0008-cpu-bound-work-runs-in-threads.md).
    """
    sys.setswitchinterval(SWITCH_INTERVAL)


def use_one_worker_thread() -> None:
    """Run the work of ``asyncio.to_thread`` in one thread, one call after the other.

    Call it inside the event loop. Two threads that compute do not finish sooner than one, since
    they share one interpreter lock; but the event loop would have to wait for it behind both.
    """
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy")
    asyncio.get_running_loop().set_default_executor(worker)


YOUNG = 10_000
"""How many new container objects trigger a collection of the youngest generation."""

MIDDLE = 2
OLD = 5_000
"""How many collections of one generation trigger a collection of the next older one.

What survived a few collections is looked through in one go, and the event loop waits meanwhile;
hence few for the middle generation. The oldest one lives to the end and is hardly ever collected.
"""


def settle_garbage_collector() -> None:
    """Exempt everything allocated so far from garbage collection; call it once after start-up.

    A full collection visits every container and stops the event loop meanwhile. The facts are
    structs that the collector does not track, and reference cycles are rare here, so the rest
    may be collected seldom.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


INLINE_ITEMS = 2000
"""Up to this many facts are processed in the event loop itself; a thread would cost more."""

CHUNK = 1024
"""Facts compared or freed in one step; well under a millisecond."""

_SORTED_CHUNK = 16_384
_Item = TypeVar("_Item")


def chunks(length: int) -> Iterator[slice]:
    """Slices that cover ``length`` items in order; other threads may run between two of them."""
    for start in range(0, length, CHUNK):
        if start:
            time.sleep(0)  # releases the interpreter lock to whichever thread waits for it
        yield slice(start, start + CHUNK)


def release(items: list[Any]) -> None:
    """Empty ``items`` chunk by chunk.

    Facts that a poll found unchanged are discarded in favour of the old objects. Freeing all of
    them at once would hold the interpreter lock as long as one large comparison would.
    """
    while items:
        del items[-CHUNK:]
        time.sleep(0)


def sorted_in_chunks(items: list[_Item], key: Callable[[_Item], str]) -> list[_Item]:
    """``items`` sorted by ``key``; stable, as ``sorted`` is.

    Chunks are sorted alone, then merged in pairs: timsort recognizes two ordered runs and only
    has to merge them, and other threads run between the steps.
    """
    runs = [
        sorted(items[start : start + _SORTED_CHUNK], key=key)
        for start in range(0, len(items), _SORTED_CHUNK)
    ]
    if all(key(left[-1]) <= key(right[0]) for left, right in pairwise(runs)):
        return list(chain.from_iterable(runs))
    while len(runs) > 1:
        pairs = zip_longest(runs[::2], runs[1::2], fillvalue=())
        runs = [sorted([*left, *right], key=key) for left, right in pairs]
    return runs[0] if runs else []
