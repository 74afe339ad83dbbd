"""``numwatch top``: a running agent as it is now, drawn again and again; once in a pipe."""

import asyncio
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from rich.console import Group
from rich.live import Live
from rich.text import Text

from agent.cli.client import ApiClient, Document
from agent.cli.language import locale
from agent.cli.runner import CommandError, ExitStatus, run_command
from agent.cli.ticket_view import STYLES
from agent.cli.words import Words
from agent.i18n import N_, Message
from agent.terminal.grid import Column, paragraph, table
from agent.terminal.output import console, print_lines

_PAUSE: Final = 2.0
"""Seconds between two questions to the agent."""
_MOST: Final = 200
"""The most numbers and tickets that are asked for."""
_RANKS: Final = {"down": 0, "unknown": 1, "degraded": 2, "not_opened": 3}
_HEALTH_STYLES: Final = {"down": "bold red", "unknown": "yellow", "degraded": "yellow"}
_TITLE: Final = Message("numwatch top · {time} · {url} · q ends it")
_ALL_WELL: Final = Message("no number needs a look")
_NO_TICKETS: Final = Message("no open ticket")
_MORE: Final = Message("and {count} more")
_ANSWERS: Final = Message("answers")
_SILENT: Final = Message("does not answer")
_UNREACHED: Final = Message("the agent does not answer now: {reason}")


@dataclass(frozen=True)
class Picture:
    """What the agent said at one moment."""

    at: float
    numbers: list[Document]
    tickets: list[Document]
    accounts: list[Document]


def top(url: str | None) -> int:
    """Draw the agent at ``url`` until q or Ctrl-C; returns 1 when none answers."""

    def command() -> int:
        with suppress(KeyboardInterrupt):
            asyncio.run(_top(url))
        return ExitStatus.OK

    return run_command(command)


async def _top(url: str | None) -> None:
    async with ApiClient.at(url) as client:
        words, out = Words(locale()), console()
        picture = await _picture(client)
        if not out.is_terminal or not sys.stdin.isatty():
            # Nobody watches: the whole of what is there now.
            print_lines(frame(picture, client.url, words, out.width, 0), out)
            return
        with _single_keys() as ended, Live(console=out, screen=True, auto_refresh=False) as live:
            trouble = ""
            while not ended.is_set():
                lines = list(frame(picture, client.url, words, out.width, out.height))
                if trouble:
                    lines = [Text(words.say(_UNREACHED, reason=trouble), "bold red"), *lines]
                live.update(Group(*lines[: out.height]), refresh=True)
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _PAUSE)
                try:
                    picture, trouble = await _picture(client), ""
                except CommandError as error:
                    trouble = str(error)


@contextmanager
def _single_keys() -> Iterator[asyncio.Event]:
    """Sets the event at ``q``; keys need no Enter while the block runs."""
    ended, descriptor = asyncio.Event(), sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        if sys.stdin.read(1) in ("q", "Q", ""):
            ended.set()

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield ended
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _picture(client: ApiClient) -> Picture:
    numbers: list[Document] = []
    for healthy in ("false", "unknown"):
        numbers += await client.items("/api/numbers", healthy=healthy, limit=str(_MOST))
    numbers.sort(key=lambda it: _RANKS.get(it["health"], len(_RANKS)))
    tickets = await client.tickets(_MOST, is_open=True)
    return Picture(time.time(), numbers, tickets, await client.items("/api/accounts"))


def frame(picture: Picture, url: str, words: Words, width: int, height: int) -> Iterator[Text]:
    """The lines of one picture; in ``height`` lines, or all of them where that is 0."""
    title = words.say(_TITLE, time=words.time(picture.at), url=url)
    yield from paragraph(Text(title, style="bold cyan"), width)
    accounts = _accounts(picture.accounts, words, width)
    # Three headings with a blank line before each, the title, and what is left out of two of them.
    left = height - len(accounts) - 9 if height else 0
    sections = (
        (N_("numbers"), _numbers(picture.numbers, words, width), _ALL_WELL),
        (N_("tickets"), _tickets(picture.tickets, words, width), _NO_TICKETS),
    )
    for heading, lines, empty in sections:
        yield Text()
        yield Text(words.heading(heading), style="bold")
        shown = lines if not height else lines[: max(2, left // 2)]
        yield from shown or paragraph(words.say(empty), width)
        if len(shown) < len(lines):
            yield Text(words.say(_MORE, count=len(lines) - len(shown)), style="dim")
    yield Text()
    yield Text(words.heading(N_("accounts")), style="bold")
    yield from accounts


def _numbers(numbers: list[Document], words: Words, width: int) -> list[Text]:
    columns = (
        Column(words.heading(N_("number"))),
        Column(words.heading(N_("health"))),
        Column(words.heading(N_("state")), wraps=True),
        Column(words.heading(N_("account"))),
        Column(words.heading(N_("company")), wraps=True),
    )
    rows = [
        (
            it["number"],
            Text(words.label(it["health"]), _HEALTH_STYLES.get(it["health"], "")),
            words.label(it["state"]),
            f"{it['provider']}/{it['account']}",
            it["company"],
        )
        for it in numbers
    ]
    return table(columns, rows, width) if rows else []


def _tickets(tickets: list[Document], words: Words, width: int) -> list[Text]:
    lines: list[Text] = []
    for it in sorted(tickets, key=_urgency):
        stage, severity = words.label(it["stage"]), words.label(it["severity"])
        head = Text(f"{it['id']} · {severity} · {stage}", STYLES.get(it["severity"], ""))
        lines += paragraph(head, width)
        lines += paragraph(it["title"], width, "  ")
        clocks = "  ".join(
            f"{words.label('clock.' + clock['name'])}: "
            + words.clock(
                clock["remaining_seconds"], paused=clock["paused"], breached=clock["breached"]
            )
            for clock in it["clocks"]
        )
        if clocks:
            lines += paragraph(Text(clocks, "dim"), width, "  ")
    return lines


def _urgency(ticket: Document) -> float:
    left = [it["remaining_seconds"] for it in ticket["clocks"] if not it["paused"]]
    return min((seconds for seconds in left if seconds is not None), default=float("inf"))


def _accounts(accounts: list[Document], words: Words, width: int) -> list[Text]:
    columns = (
        Column(words.heading(N_("account"))),
        Column(words.heading(N_("provider"))),
        Column(words.heading(N_("numbers")), right=True),
        Column(words.heading(N_("balance")), right=True),
    )
    rows = [
        (
            f"{it['provider']}/{it['account']}",
            Text(words.say(_ANSWERS), "green")
            if it["up"]
            else Text(words.say(_SILENT), "bold red"),
            str(it["numbers"]),
            "–"
            if it["money"] is None
            else f"{it['money']['amount']:,.2f} {it['money']['currency']}",
        )
        for it in accounts
    ]
    return table(columns, rows, width)
