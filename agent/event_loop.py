"""How late the event loop wakes up, and a garbage collector that does not make it late."""

import asyncio
import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from exporters.telemetry import Telemetry

BEAT = 0.01
"""The meter asks to be woken after this many seconds and records how much later it was."""


class LoopLag:
    """Records the event loop's lag into the agent's own metrics while it runs."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._lag = telemetry.loop_lag
        self._longest = telemetry.loop_lag_max
        self._task: asyncio.Task[None] | None = None
        self.longest = 0.0
        """The longest lag since the start, in seconds."""

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="event loop lag")

    async def stop(self) -> None:
        """Measure no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT
            await asyncio.sleep(BEAT)
            late = max(0.0, loop.time() - due)
            self._lag.observe(late)
            if late > self.longest:
                self.longest = late
                self._longest.set(late)


TURN_SECONDS = 0.0005
"""How long a thread may keep the interpreter while another one waits for it."""


def give_turns_often() -> None:
    """Call once before threads work beside the event loop.

    The event loop asks for the interpreter again after every wait, many hundred times a second
    while pages come in. With Python's own 5 ms a turn, each time behind a thread that checks or
    renders, it comes late by tens of milliseconds; with half a millisecond it does not.
    """
    sys.setswitchinterval(TURN_SECONDS)


def queue_heavy_work() -> None:
    """Let ``asyncio.to_thread`` work in one thread, one piece of work after the other.

    Call it inside the event loop. Two threads that compute do not finish sooner than one, they
    share one interpreter; but the event loop would have to wait for a turn behind both.
    """
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy")
    asyncio.get_running_loop().set_default_executor(worker)


YOUNG = 10_000
"""Container objects made before the youngest are looked through."""

MIDDLE = 2
OLD = 5_000
"""Collections of one generation before the next older one is looked through too.

What survived a few collections waits for one that looks at all of it at once, and the event loop
waits then; hence few. The oldest generation is what lives to the end, and is hardly ever looked at.
"""


def settle_garbage_collector() -> None:
    """Call once after start-up: what was made so far lives to the end and is not looked at.

    A collection of everything visits every container and stops the event loop meanwhile. The
    facts are Structs that the collector does not track, and cycles are rare here, so it may
    look at the rest seldom.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
