"""The demo's terminal picture: pure functions from a :class:`Scene` to what rich draws."""

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.demo.state import AccountRow, Happening, Scene, TicketRow

ACTOR_STYLES = {"world": "bold yellow", "numwatch": "bold cyan", "desk": "magenta"}
SEVERITY_STYLES = {"critical": "bold red", "warning": "yellow", "info": "blue"}
STAGE_STYLES = {"closed": "green", "restored": "green", "observing": "green"}
MOST_TICKETS = 12


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
        Layout(_happenings(scene.happenings[-rows:]), ratio=5),
        Layout(_tickets(scene.tickets[-MOST_TICKETS:]), ratio=4),
    )
    return layout


def line(happening: Happening) -> Text:
    """One happening as one line, for the picture and for output that is not a terminal."""
    minutes, seconds = divmod(int(happening.at), 60)
    return Text.assemble(
        (f"{minutes}:{seconds:02d} ", "dim"),
        (f"{happening.actor:<9}", ACTOR_STYLES.get(happening.actor, "")),
        happening.text,
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


def _happenings(happenings: tuple[Happening, ...]) -> Panel:
    text = Text("\n", no_wrap=True, overflow="ellipsis").join(map(line, happenings))
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
