"""The world served over real HTTP, its time passing even when nobody asks."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from agent.simulator.app import make_app
from agent.simulator.complaints import ComplaintPost
from agent.simulator.events import EventLog
from agent.simulator.world import World

__all__ = ["SimulatorServer", "World", "make_app", "start"]

_LONGEST_NAP = 0.5


class SimulatorServer:
    """A world that is being served. Use :meth:`stop`, or ``async with``."""

    def __init__(self, world: World, runner: web.AppRunner, url: str) -> None:
        self.world = world
        self.url = url
        """The simulator's own address, without a slash at the end."""
        self._runner = runner
        self._post: ComplaintPost | None = None
        self._ticking = asyncio.create_task(self._tick(), name="simulator-time")

    @property
    def desk_url(self) -> str:
        """Where tickets are delivered."""
        return f"{self.url}/desk/tickets"

    @property
    def events(self) -> EventLog:
        """What happened, and a way to follow what happens."""
        return self.world.events

    def base_url(self, provider: str) -> str:
        """The address of a provider's API."""
        return f"{self.url}/{provider}"

    def post_complaints_to(self, url: str, secret: str | None = None) -> None:
        """Has every complaint posted to ``url`` from now on, signed where there is a secret."""
        self._post = self._post or ComplaintPost(self.world.note)
        self._post.url, self._post.secret = url, secret
        self.world.on_complaint = self._post.post

    def apply(self, entry: dict[str, Any] | str) -> None:
        """Applies one timeline entry without ``at`` at once: a mapping, or YAML or JSON text.

        Raises:
            WorldFileError: with every mistake in it; nothing is applied then.
        """
        text = entry if isinstance(entry, str) else msgspec.json.encode(entry).decode()
        self.world.apply_text(text)

    async def stop(self) -> None:
        """Ends world time and every connection."""
        self._ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticking
        if self._post is not None:
            await self._post.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _tick(self) -> None:
        """Lets things happen at their time even when nobody asks."""
        while True:
            self.world.advance()
            due = self.world.next_due()
            await asyncio.sleep(_LONGEST_NAP if due is None else min(due + 0.001, _LONGEST_NAP))


async def start(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    *,
    clock: Callable[[], float] = time.time,
    complaints_url: str | None = None,
) -> SimulatorServer:
    """Begins the world and serves it; port 0 takes a free one.

    Raises:
        OSError: when the address cannot be listened on.
    """
    world.begin(clock, speed)
    runner = web.AppRunner(
        make_app(world), access_log=None, handler_cancellation=True, shutdown_timeout=0.2
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    running = SimulatorServer(world, runner, f"http://{shown}:{bound[1]}")
    if complaints_url is not None:
        running.post_complaints_to(complaints_url)
    return running
