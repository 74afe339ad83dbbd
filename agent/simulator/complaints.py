"""Complaints posted to whoever wants to hear of them."""

import asyncio
from collections.abc import Callable

import aiohttp

from agent.simulator.plan import Complaint

_TRIES = (0.0, 1.0, 3.0)
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class ComplaintPost:
    """Posts complaints one after another to ``url`` as JSON; a few tries each."""

    def __init__(self, note: Callable[..., None]) -> None:
        self.url = ""
        self._note = note
        self._queue: asyncio.Queue[Complaint] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="simulator-complaints")

    def post(self, complaint: Complaint) -> None:
        """Queues a complaint."""
        self._queue.put_nowait(complaint)

    async def close(self) -> None:
        """Stops posting."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                await self._deliver(session, await self._queue.get())

    async def _deliver(self, session: aiohttp.ClientSession, complaint: Complaint) -> None:
        body = {
            "number": complaint.number,
            "caller": complaint.caller,
            "prompt": complaint.prompt,
        }
        why = ""
        for pause in _TRIES:
            await asyncio.sleep(pause)
            try:
                async with session.post(self.url, json=body, allow_redirects=False) as answer:
                    if answer.ok:
                        return
                    why = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                why = type(error).__name__
        self._note("complaint", f"could not be posted: {why}", number=complaint.number)
