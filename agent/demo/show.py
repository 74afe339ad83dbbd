"""The demo's picture, kept up to date: live in a terminal, line by line elsewhere."""

import asyncio
import time
from collections.abc import Callable

import aiohttp
from rich.console import Console
from rich.live import Live

from agent.app import Agent
from agent.demo.narrator import Narrator
from agent.demo.state import Happening, Scene, account_row, ticket_rows, world_happening
from agent.demo.view import address_lines, draw, line
from agent.demo.world import World
from agent.tickets.ledger import Filter

_FRAME_SECONDS = 0.25
_KEPT_HAPPENINGS = 200


class Show:
    """Gathers what happens and shows it until it is told to stop."""

    def __init__(self, agent: Agent, world: World, speed: float) -> None:
        self._agent = agent
        self._world = world
        self._speed = speed
        self._console = Console()
        self._narrator = Narrator()
        self._begun = time.monotonic()
        self._seen = 0
        self._happenings: list[Happening] = []
        self.addresses: tuple[tuple[str, str], ...] = ()

    @property
    def interactive(self) -> bool:
        """Whether the picture is drawn; otherwise happenings are printed as lines."""
        return self._console.is_terminal

    async def run(self, stopping: asyncio.Event) -> None:
        """Show everything until ``stopping``."""
        async with aiohttp.ClientSession() as session:
            if not self.interactive:
                self._console.print(address_lines(await self._scene(session)), soft_wrap=True)
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
        live.update(draw(scene, self._console.height), refresh=True)

    def _print_new(self, scene: Scene) -> None:
        for happening in scene.happenings:
            self._console.print(line(happening), soft_wrap=True)
        self._happenings.clear()

    async def _scene(self, session: aiohttp.ClientSession) -> Scene:
        elapsed = (time.monotonic() - self._begun) * self._speed
        now = time.time()
        accounts = tuple(account_row(it, now) for it in self._agent.fleet.snapshots())
        page = await self._agent.ledger.list(Filter(), limit=50)
        tickets = tuple(reversed(page.tickets))
        for event in await self._world.events(session, self._seen):
            self._seen = max(self._seen, int(event["seq"]))
            self._happenings.append(world_happening(event))
        self._happenings += self._narrator.tell(elapsed, accounts, tickets)
        del self._happenings[:-_KEPT_HAPPENINGS]
        return Scene(
            elapsed=elapsed,
            speed=self._speed,
            addresses=self.addresses,
            accounts=accounts,
            tickets=ticket_rows(tickets),
            happenings=tuple(self._happenings),
        )
