"""Tickets for people at a terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_LIST = ("id", "stage", "severity", "grade", "detected_at", "provider", "number", "title")
_HEAD = (
    *("title", "stage", "severity", "grade", "scope", "symptom", "provider", "account"),
    *("number", "company", "carrier", "started_at", "detected_at", "closed_at", "pattern"),
)
_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def list_table(tickets: Iterable[dict[str, Any]]) -> RenderableType:
    """One line a ticket, newest first."""
    table = Table(box=None, header_style="bold")
    for name in _LIST:
        table.add_column(name.replace("_at", "").upper(), no_wrap=name != "title")
    for ticket in tickets:
        style = _STYLE.get(ticket["severity"], "") if ticket["stage"] != "closed" else "dim"
        table.add_row(*(Text(_plain(ticket[name])) for name in _LIST), style=style)
    return table


def show_table(ticket: dict[str, Any]) -> RenderableType:
    """Everything of one ticket."""
    diagnosis = ticket["diagnosis"]
    return Group(
        _facts([(name, ticket[name]) for name in _HEAD]),
        Text(f"\n{ticket['description']}\n"),
        _facts(
            [
                ("cause", f"{diagnosis['cause']} ({diagnosis['confidence']:.0%})"),
                ("whose job", f"{diagnosis['party']} {diagnosis['contact']}".strip()),
                *(("fact", f"{it['fact']} = {it['value']}") for it in diagnosis["evidence"]),
                *(("next", step) for step in diagnosis["next_steps"]),
                *(("ask", question) for question in diagnosis["questions"]),
            ]
        ),
        _lines("clock", ticket["clocks"], ("name", "deadline", "remaining_seconds", "breached")),
        _lines("member", ticket["members"], ("number", "symptom", "joined_at", "left_at")),
        _lines("timeline", ticket["timeline"], ("at", "actor", "event", "reason")),
    )


def _facts(facts: Sequence[tuple[str, Any]]) -> Table:
    table = Table(box=None, show_header=False)
    for name, value in facts:
        if value not in ("", None):
            table.add_row(Text(name.replace("_", " "), style="bold"), Text(_plain(value)))
    return table


def _lines(title: str, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> RenderableType:
    if not rows:
        return Text("")
    table = Table(title=f"\n{title}", title_justify="left", box=None, header_style="bold")
    for name in names:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(_plain(row[name])) for name in names))
    return table


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
