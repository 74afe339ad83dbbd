"""The demo's display: a live picture in a terminal, and line by line elsewhere."""

import asyncio
import time
from collections.abc import Callable

import aiohttp
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.app import Agent
from agent.demo.scene import (
    AccountRow,
    ChangeReporter,
    Scene,
    StoryEvent,
    TicketRow,
    account_row,
    ticket_rows,
    world_event,
)
from agent.demo.world import World
from agent.tickets.ledger import Filter

_FRAME_SECONDS = 0.25
_MAX_EVENTS = 200
ACTOR_STYLES = {"world": "bold yellow", "numwatch": "bold cyan", "desk": "magenta"}
SEVERITY_STYLES = {"critical": "bold red", "warning": "yellow", "info": "blue"}
STAGE_STYLES = {"closed": "green", "restored": "green", "observing": "green"}
MOST_TICKETS = 12


class Display:
    """Collects the events of agent and world and displays them."""

    def __init__(self, agent: Agent, world: World, speed: float) -> None:
        self._agent = agent
        self._world = world
        self._speed = speed
        self._console = Console()
        self._reporter = ChangeReporter()
        self._started_at = time.monotonic()
        self._last_seq = 0
        self._events: list[StoryEvent] = []
        self.addresses: tuple[tuple[str, str], ...] = ()

    @property
    def interactive(self) -> bool:
        """Whether the picture is drawn; otherwise events are printed as lines."""
        return self._console.is_terminal

    async def run(self, stopping: asyncio.Event) -> None:
        """Display everything until ``stopping``."""
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
        for event in scene.events:
            self._console.print(line(event), soft_wrap=True)
        self._events.clear()

    async def _scene(self, session: aiohttp.ClientSession) -> Scene:
        elapsed = (time.monotonic() - self._started_at) * self._speed
        now = time.time()
        accounts = tuple(account_row(snapshot, now) for snapshot in self._agent.fleet.snapshots())
        page = await self._agent.ledger.list(Filter(), limit=50)
        tickets = tuple(reversed(page.tickets))
        for entry in await self._world.events(session, self._last_seq):
            self._last_seq = max(self._last_seq, int(entry["seq"]))
            self._events.append(world_event(entry))
        self._events += self._reporter.changes(elapsed, accounts, tickets)
        del self._events[:-_MAX_EVENTS]
        return Scene(
            elapsed=elapsed,
            speed=self._speed,
            addresses=self.addresses,
            accounts=accounts,
            tickets=ticket_rows(tickets),
            events=tuple(self._events),
        )


def draw(scene: Scene, height: int) -> RenderableType:
    """The whole picture for a terminal of ``height`` lines."""
    layout = Layout()
    layout.split_column(
        Layout(_header(scene), name="header", size=len(scene.addresses) + 3),
        Layout(name="middle"),
        Layout(_accounts(scene.accounts), name="fleet", size=len(scene.accounts) + 5),
    )
    rows = max(3, height - len(scene.addresses) - len(scene.accounts) - 10)
    layout["middle"].split_row(
        Layout(_events(scene.events[-rows:]), ratio=5),
        Layout(_tickets(scene.tickets[-MOST_TICKETS:]), ratio=4),
    )
    return layout


def line(event: StoryEvent) -> Text:
    """One event as one line, for the picture and for output that is not a terminal."""
    minutes, seconds = divmod(int(event.at), 60)
    return Text.assemble(
        (f"{minutes}:{seconds:02d} ", "dim"),
        (f"{event.actor:<9}", ACTOR_STYLES.get(event.actor, "")),
        event.text,
    )


def address_lines(scene: Scene) -> Text:
    """Where to look, one address a line."""
    width = max(len(label) for label, _ in scene.addresses)
    return Text("\n").join(
        Text.assemble((f"{label:<{width}}  ", "bold"), (url, "underline cyan"))
        for label, url in scene.addresses
    )


def _header(scene: Scene) -> Panel:
    minutes, seconds = divmod(int(scene.elapsed), 60)
    pace = "" if scene.speed == 1 else f", {scene.speed:g} times as fast"
    title = f"[bold]numwatch[/] demo · {minutes}:{seconds:02d} into the story{pace} · Ctrl-C ends"
    return Panel(Group(address_lines(scene)), title=title, border_style="cyan")


def _events(events: tuple[StoryEvent, ...]) -> Panel:
    text = Text("\n", no_wrap=True, overflow="ellipsis").join(map(line, events))
    return Panel(text, title="What happens, and what numwatch makes of it", border_style="dim")


def _tickets(tickets: tuple[TicketRow, ...]) -> Panel:
    table = Table(box=None, expand=True, show_header=bool(tickets))
    table.add_column("stage", no_wrap=True)
    table.add_column("ticket", ratio=1)
    table.add_column("whose job", no_wrap=True)
    for ticket in reversed(tickets):
        done = STAGE_STYLES.get(ticket.stage)
        title = Text(
            ticket.title, style="dim" if done else SEVERITY_STYLES.get(ticket.severity, "")
        )
        table.add_row(Text(ticket.stage, style=done or "magenta"), title, ticket.party)
    empty = Text("No ticket yet: all is well so far.", style="dim")
    return Panel(table if tickets else empty, title="Tickets", border_style="dim")


def _accounts(accounts: tuple[AccountRow, ...]) -> Panel:
    table = Table(box=None, expand=True)
    for heading in ("account", "provider"):
        table.add_column(heading, no_wrap=True)
    for heading in ("in service", "down", "unknown", "phones unreachable", "balance"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in accounts:
        table.add_row(
            row.name,
            Text("answers", "green")
            if row.answering
            else Text(f"silent: {row.reason}", "bold red"),
            Text(str(row.in_service), "green"),
            _count(row.down, "bold red"),
            _count(row.unknown, "yellow"),
            _count(row.phones_unreachable, "yellow"),
            row.balance,
        )
    return Panel(table, title="The fleet as numwatch sees it", border_style="dim")


def _count(value: int, style: str) -> Text:
    return Text(str(value), style if value else "dim")
