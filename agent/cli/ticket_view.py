"""Tickets as text: the list, and one ticket with its diagnosis, clocks, members and timeline."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from rich.text import Text

from agent.cli.client import Document
from agent.cli.words import Words
from agent.diagnosis.evidence_words import fact_text, value_of_fact
from agent.i18n import N_, Message
from agent.terminal.grid import Column, facts, paragraph, table
from agent.tickets.changes import AGENT
from agent.web.pages.timeline import actor_text, event_text, reason_text
from agent.web.texts import PageTexts

STYLES: Final = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_HEAD: Final = (
    ("title", N_("title"), ""),
    ("id", N_("id"), ""),
    ("stage", N_("stage"), "label"),
    ("severity", N_("severity"), "label"),
    ("grade", N_("grade"), "grade"),
    ("scope", N_("scope"), "scope"),
    ("symptom", N_("symptom"), "symptom"),
    ("provider", N_("provider"), ""),
    ("account", N_("account"), ""),
    ("number", N_("number"), ""),
    ("company", N_("company"), ""),
    ("carrier", N_("carrier"), "carrier"),
    ("started_at", N_("started"), "time"),
    ("detected_at", N_("detected"), "time"),
    ("closed_at", N_("closed"), "time"),
    ("pattern", N_("pattern"), "pattern"),
)
_WIDE: Final = 150
"""Cells from which a ticket has one row."""
_CAUSE: Final = Message("{cause}, sure to {share}")


def list_lines(tickets: Iterable[Document], words: Words, width: int) -> list[Text]:
    """The tickets, newest first: a row each where the width allows it, otherwise some lines."""
    rows = [_cells(ticket, words) for ticket in tickets]
    if width < _WIDE:
        return [line for row in rows for line in _stacked(row, width)]
    headings = (N_("id"), N_("stage"), N_("severity"), N_("grade"), N_("detected"))
    columns = [Column(words.heading(heading)) for heading in headings]
    columns += [Column(words.heading(N_("account"))), Column(words.heading(N_("number")))]
    columns.append(Column(words.heading(N_("title")), wraps=True))
    return table(columns, rows, width)


def _cells(ticket: Document, words: Words) -> list[Text]:
    style = STYLES.get(ticket["severity"], "") if ticket["stage"] != "closed" else "dim"
    cells = (
        ticket["id"],
        words.label(ticket["stage"]),
        words.label(ticket["severity"]),
        words.label(ticket["grade"], "grade"),
        words.time(ticket["detected_at"]),
        "/".join(filter(None, (ticket["provider"], ticket["account"]))),
        ticket["number"],
        ticket["title"],
    )
    return [Text(str(cell or ""), style) for cell in cells]


def _stacked(row: list[Text], width: int) -> list[Text]:
    identity, stage, severity, grade, detected, account, number, title = row
    known = [it for it in (severity, stage, grade, detected, account, number) if it.plain]
    return [
        *paragraph(identity, width),
        *paragraph(Text(" · ").join(known), width, "  "),
        *paragraph(title, width, "  "),
    ]


def ticket_lines(ticket: Document, words: Words, width: int) -> Iterator[Text]:
    """One ticket."""
    yield from facts(
        ((words.heading(label), _value(ticket[name], kind, words)) for name, label, kind in _HEAD),
        width,
    )
    if ticket["description"]:
        yield Text()
        yield from paragraph(str(ticket["description"]), width)
    yield Text()
    yield from facts(_diagnosis(ticket["diagnosis"], words), width)
    sections = (
        (N_("clock"), _clocks(ticket["clocks"], words)),
        (N_("members"), _members(ticket["members"], words)),
        (N_("timeline"), _timeline(ticket["timeline"], words)),
    )
    for heading, (columns, rows) in sections:
        if rows:
            yield Text()
            yield Text(words.heading(heading), style="bold")
            yield from table(columns, rows, width)


def _value(value: Any, kind: str, words: Words) -> str:
    if value in (None, ""):
        return ""
    if kind == "time":
        return words.time(value)
    return words.label(value, kind) if kind else str(value)


def _diagnosis(verdict: Document, words: Words) -> Iterator[tuple[str, str]]:
    if verdict["cause"]:
        cause, share = words.label(verdict["cause"]), f"{verdict['confidence']:.0%}"
        yield words.heading(N_("cause")), words.say(_CAUSE, cause=cause, share=share)
        party = f"{words.label(verdict['party'])} {verdict['contact']}".strip()
        yield words.heading(N_("whose job")), party
    for fact in verdict["evidence"]:
        yield words.heading(N_("fact")), _fact(fact, words.locale)
    for step in verdict["next_steps"]:
        yield words.heading(N_("next")), step
    for question in verdict["questions"]:
        yield words.heading(N_("question")), question


def _fact(fact: Document, locale: str) -> str:
    value = value_of_fact(fact["fact"], fact["value"], locale)
    return f"{fact_text(fact['fact'], locale)} = {value}"


_Table = tuple[Sequence[Column], list[list[str]]]


def _clocks(clocks: Sequence[Document], words: Words) -> _Table:
    columns = (
        Column(words.heading(N_("clock"))),
        Column(words.heading(N_("state"))),
        Column(words.heading(N_("deadline"))),
    )
    return columns, [
        [
            words.label(f"clock.{it['name']}"),
            words.clock(it["remaining_seconds"], paused=it["paused"], breached=it["breached"]),
            words.time(it["deadline"]),
        ]
        for it in clocks
    ]


def _members(members: Sequence[Document], words: Words) -> _Table:
    names = (N_("number"), N_("symptom"), N_("joined"), N_("left"))
    return [Column(words.heading(name)) for name in names], [
        [
            it["number"],
            words.label(it["symptom"], "symptom"),
            words.time(it["joined_at"]),
            words.time(it["left_at"]),
        ]
        for it in members
    ]


def _timeline(entries: Sequence[Document], words: Words) -> _Table:
    columns = (
        Column(words.heading(N_("time"))),
        Column(words.heading(N_("who"))),
        Column(words.heading(N_("event"))),
        Column(words.heading(N_("reason")), wraps=True),
    )
    return columns, [_entry(it, words) for it in entries]


def _entry(entry: Document, words: Words) -> list[str]:
    texts, is_agent = PageTexts(words.locale), entry["actor"] == AGENT
    return [
        words.time(entry["at"]),
        actor_text(entry["actor"], texts),
        event_text(entry["event"], texts, is_agent=is_agent),
        reason_text(entry["reason"], texts, is_agent=is_agent),
    ]
