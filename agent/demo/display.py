"""The demo's display: a live picture in a terminal, and line by line elsewhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
from rich.live import Live

from agent.app import Agent
from agent.demo.pacing import Pacer
from agent.demo.picture import address_lines, draw, event_lines
from agent.demo.scene import (
    ChangeReporter,
    Scene,
    StoryEvent,
    account_row,
    ticket_rows,
    world_event,
)
from agent.demo.world import World
from agent.event_loop import BackgroundTask
from agent.terminal.output import console, print_lines
from agent.tickets.ledger import Filter

_FRAME_SECONDS = 0.25
_MAX_EVENTS = 200


class Display:
    """Collects the events of agent and world and displays them."""

    def __init__(self, agent: Agent, world: World, speed: float, locale: str) -> None:
        self._agent = agent
        self._world = world
        self._speed = speed
        self._pacer = Pacer(agent, world, speed)
        self._locale = locale
        self._console = console()
        self._reporter = ChangeReporter(locale)
        self._last_seq = 0
        self._events: list[StoryEvent] = []
        self.addresses: tuple[tuple[str, str], ...] = ()
        self.act: Callable[[float], Awaitable[None]] | None = None
        """What the story's person does, at a time of the story in seconds."""

    @property
    def interactive(self) -> bool:
        """Whether the picture is drawn; otherwise events are printed as lines."""
        return self._console.is_terminal

    async def run(self, stopping: asyncio.Event) -> None:
        """Display everything until ``stopping``."""
        pacing = BackgroundTask("demo-pace", self._pacer.run)
        pacing.start()
        try:
            async with aiohttp.ClientSession() as session:
                await self._display(stopping, session)
        finally:
            await pacing.stop()

    async def _display(self, stopping: asyncio.Event, session: aiohttp.ClientSession) -> None:
        if not self.interactive:
            lines = address_lines((await self._scene(session)).addresses, self._console.width)
            print_lines(lines, self._console)
            await self._until(stopping, session, self._print_new)
            return
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            await self._until(stopping, session, lambda scene: self._paint(live, scene))

    async def _until(
        self,
        stopping: asyncio.Event,
        session: aiohttp.ClientSession,
        show: Callable[[Scene], None],
    ) -> None:
        while not stopping.is_set():
            show(await self._scene(session))
            try:
                async with asyncio.timeout(_FRAME_SECONDS):
                    await stopping.wait()
            except TimeoutError:
                continue

    def _paint(self, live: Live, scene: Scene) -> None:
        size = self._console.size
        live.update(draw(scene, size.width, size.height), refresh=True)

    def _print_new(self, scene: Scene) -> None:
        for event in scene.events:
            lines = event_lines(event, self._console.width, self._locale)
            print_lines(lines, self._console)
        self._events.clear()

    async def _scene(self, session: aiohttp.ClientSession) -> Scene:
        elapsed = self._pacer.elapsed
        if self.act is not None:
            await self.act(elapsed)
        now = time.time()
        accounts = tuple(account_row(snapshot, now) for snapshot in self._agent.fleet.snapshots())
        page = await self._agent.ledger.list(Filter(), limit=50)
        tickets = tuple(reversed(page.tickets))
        for entry in await self._world.events(session, self._last_seq):
            self._last_seq = max(self._last_seq, int(entry["seq"]))
            self._events.append(world_event(entry, self._locale))
        self._events += self._reporter.changes(elapsed, accounts, tickets)
        del self._events[:-_MAX_EVENTS]
        return Scene(
            elapsed=elapsed,
            speed=self._speed,
            addresses=self.addresses,
            accounts=accounts,
            tickets=ticket_rows(tickets, self._locale),
            events=tuple(self._events),
            locale=self._locale,
        )
