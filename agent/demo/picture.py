"""The demo's picture, of one column in a narrow terminal and of two in a wide one; its lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.text import Text

from agent.demo.scene import AccountRow, Scene, StoryEvent, TicketRow, label
from agent.i18n import N_, Message, translate
from agent.terminal.grid import Column, paragraph, table

ACTOR_STYLES: Final = {
    "world": "bold yellow",
    "numwatch": "bold cyan",
    "desk": "magenta",
    "person": "bold green",
}
SEVERITY_STYLES: Final = {"critical": "bold red", "warning": "yellow", "info": "blue"}
STAGE_STYLES: Final = {"closed": "green", "restored": "green", "observing": "green"}
_ACTORS: Final[Mapping[str, Message]] = {
    "world": Message("world"),
    "desk": Message("desk"),
    "person": Message("person"),
}
_ACTOR_CELLS: Final = 9
_WIDE: Final = 130
"""Cells from which events and tickets stand side by side."""
_FRAME: Final = 4
"""Cells and lines that the frame of a panel takes."""
_TITLE: Final = N_("numwatch demo · {clock} into the story · Ctrl-C ends it")
_TITLE_FAST: Final = N_(
    "numwatch demo · {clock} into the story, {speed} × as fast · Ctrl-C ends it"
)
_HEADINGS: Final = (
    N_("account"),
    N_("provider"),
    N_("in service"),
    N_("down"),
    N_("unknown"),
    N_("phones lost"),
    N_("balance"),
)


def draw(scene: Scene, width: int, height: int) -> RenderableType:
    """The whole picture for a terminal of ``width`` cells and ``height`` lines."""
    locale = scene.locale
    inner = width - _FRAME
    head = address_lines(scene.addresses, inner)
    fleet = _account_lines(scene.accounts, inner, locale)
    layout = Layout()
    layout.split_column(
        Layout(_panel(head, _title(scene), "cyan"), name="header", size=len(head) + 2),
        Layout(name="middle"),
        Layout(
            _panel(fleet, translate(locale, N_("The fleet as numwatch sees it"))),
            name="fleet",
            size=len(fleet) + 2,
        ),
    )
    rows = max(4, height - len(head) - len(fleet) - 4)
    layout["middle"].split(*_middle(scene, width, rows))
    if width >= _WIDE:
        layout["middle"].split_row(*layout["middle"].children)
    return layout


def _middle(scene: Scene, width: int, rows: int) -> list[Layout]:
    """The events and the tickets: the newest that fit."""
    locale = scene.locale
    side_by_side = width >= _WIDE
    inner = (width * 5 // 9 if side_by_side else width) - _FRAME
    ticket_width = (width - width * 5 // 9 if side_by_side else width) - _FRAME
    tickets = _ticket_lines(scene.tickets, ticket_width, locale)
    share = rows - 2 if side_by_side else max(3, min(len(tickets), rows // 2 - 2))
    events = _newest(scene.events, inner, locale, rows - (2 if side_by_side else share + 4))
    heading = translate(locale, N_("What happens, and what numwatch makes of it"))
    return [
        Layout(_panel(events, heading), ratio=5),
        Layout(
            _panel(tickets[:share], translate(locale, N_("Tickets"))),
            ratio=4,
            size=None if side_by_side else share + 2,
        ),
    ]


def _newest(events: Sequence[StoryEvent], width: int, locale: str, rows: int) -> list[Text]:
    lines: list[Text] = []
    for event in reversed(events):
        own = event_lines(event, width, locale)
        if len(lines) + len(own) > rows:
            break
        lines = [*own, *lines]
    return lines


def event_lines(event: StoryEvent, width: int, locale: str) -> list[Text]:
    """One event as lines, for the picture and for output that is not a terminal."""
    known = _ACTORS.get(event.actor)
    actor = known.text(locale) if known else event.actor
    blank = " " * max(1, _ACTOR_CELLS - Text(actor).cell_len)
    head = f"{_clock(event.at)} {actor}{blank}"
    lines = paragraph(event.text, width, head, " " * Text(head).cell_len)
    start = len(_clock(event.at)) + 1
    lines[0].stylize("dim", 0, start)
    lines[0].stylize(ACTOR_STYLES.get(event.actor, ""), start, start + len(actor))
    return lines


def address_lines(addresses: Sequence[tuple[str, str]], width: int) -> list[Text]:
    """Where to look, one address a line."""
    cells = max((Text(name).cell_len for name, _ in addresses), default=0)
    lines = []
    for name, address in addresses:
        blank = " " * (cells - Text(name).cell_len + 2)
        short = Text.assemble((name + blank, "bold"), (address, "underline cyan"))
        fits = short.cell_len <= width
        lines += [short] if fits else [Text(name, "bold"), Text(f"  {address}", "underline cyan")]
    return lines


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _title(scene: Scene) -> str:
    text = _TITLE if scene.speed == 1 else _TITLE_FAST
    return translate(scene.locale, text, clock=_clock(scene.elapsed), speed=f"{scene.speed:g}")


def _panel(lines: Iterable[Text], title: str, border: str = "dim") -> Panel:
    return Panel(Group(*lines), title=Text(title), border_style=border, padding=(0, 1))


def _ticket_lines(tickets: Sequence[TicketRow], width: int, locale: str) -> list[Text]:
    """The tickets, the newest first."""
    if not tickets:
        return [Text(translate(locale, N_("No ticket yet: all is well so far.")), style="dim")]
    columns = (
        Column(translate(locale, N_("stage"))),
        Column(translate(locale, N_("ticket")), wraps=True),
        Column(translate(locale, N_("whose job"))),
    )
    rows = [
        (
            Text(label(it.stage, locale), STAGE_STYLES.get(it.stage, "magenta")),
            Text(
                it.title,
                "dim" if it.stage in STAGE_STYLES else SEVERITY_STYLES.get(it.severity, ""),
            ),
            Text(it.party),
        )
        for it in reversed(tickets)
    ]
    return table(columns, rows, width)


def _account_lines(accounts: Iterable[AccountRow], width: int, locale: str) -> list[Text]:
    names = [translate(locale, heading) for heading in _HEADINGS]
    columns = [Column(name, right=index >= 2) for index, name in enumerate(names)]  # noqa: PLR2004 - counts follow
    rows = [
        (
            Text(row.name),
            _answering(row, locale),
            Text(str(row.in_service), "green"),
            _count(row.down, "bold red"),
            _count(row.unknown, "yellow"),
            _count(row.phones_unreachable, "yellow"),
            Text(row.balance),
        )
        for row in accounts
    ]
    return table(columns, rows, width)


def _answering(row: AccountRow, locale: str) -> Text:
    if row.answering:
        return Text(translate(locale, N_("answers")), "green")
    return Text(label(row.reason, locale), "bold red")


def _count(value: int, style: str) -> Text:
    return Text(str(value), style if value else "dim")
