"""A verdict as output: for people, in the configured language, and as JSON."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.config.settings import Settings
from agent.diagnosis.words import Words
from agent.model import Considered, Evidence, Verdict
from agent.states import Cause

_STYLES = {Cause.HEALTHY.value: "green", Cause.UNKNOWN.value: "yellow"}
_BAD = "red"
_LIST_STYLES = {"findings": ("!", "yellow"), "next_steps": (">", ""), "questions": ("?", "cyan")}


def render_json(verdict: Verdict) -> str:
    """The verdict as one JSON document (docs/reference/interface.md, States)."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2).decode()


def render(verdict: Verdict, settings: Settings, console: Console) -> None:
    """Prints the verdict to ``console``, in the configured language."""
    words = Words(settings.locale)
    console.print(_header(verdict, settings, words))
    if verdict.evidence:
        console.print(_evidence(verdict.evidence, words))
    for name, (mark, style) in _LIST_STYLES.items():
        lines: tuple[str, ...] = getattr(verdict, name)
        if lines:
            console.print(Text(words.word("headings", name), style="bold"))
            for line in lines:
                console.print(Padding(Text(f"{mark} {line}", style=style), (0, 2)))
    if verdict.considered:
        console.print(Text(words.word("headings", "considered"), style="bold"))
        for considered in verdict.considered:
            console.print(Padding(_considered(considered, words), (0, 2)))


def _header(verdict: Verdict, settings: Settings, words: Words) -> RenderableType:
    style = _STYLES.get(verdict.cause, _BAD)
    title = Text(f"{verdict.number}  {words.title(Cause(verdict.cause))}", style=f"bold {style}")
    body = Table.grid(padding=(0, 2))
    for heading, value in _summary(verdict, settings, words):
        body.add_row(Text(words.word("headings", heading), style="dim"), Text(value))
    return Panel(body, title=title, title_align="left", border_style=style)


def _summary(verdict: Verdict, settings: Settings, words: Words) -> Iterator[tuple[str, str]]:
    party = words.word("parties", verdict.party)
    yield "job", f"{party}  ({verdict.cause}, {verdict.party})"
    yield "sure", f"{verdict.confidence:.0%}"
    if verdict.contact:
        yield "call", verdict.contact
    if verdict.since is not None:
        since = datetime.fromtimestamp(verdict.since, ZoneInfo(settings.timezone))
        yield "since", since.isoformat(sep=" ", timespec="seconds")


def _evidence(facts: tuple[Evidence, ...], words: Words) -> Table:
    headings = (words.word("headings", name) for name in ("fact", "value", "source", "age"))
    table = Table(*headings, box=None, pad_edge=False)
    for fact in facts:
        age = "-" if fact.age_seconds is None else f"{fact.age_seconds:.0f} s"
        table.add_row(*map(Text, (fact.fact, fact.value, fact.source, age)))
    return table


def _considered(considered: Considered, words: Words) -> Text:
    title = words.title(Cause(considered.cause))
    parts = [
        f"{words.word('headings', name)}: {'; '.join(facts)}"
        for name, facts in (("pro", considered.for_), ("contra", considered.against))
        if facts
    ]
    return Text(f"· {title}  {'  '.join(parts)}", style="dim")
