"""Which tickets a list shows, and in which order: the filter, and its conditions in SQL."""

from enum import StrEnum, unique
from typing import Any

import msgspec
from sqlalchemy import ColumnElement

from agent.store.schema import ticket_index

NOBODY = "-"
"""The assignee of tickets that are assigned to nobody, in a filter; no person's name."""
_EXACT = (
    *("stage", "severity", "grade", "scope", "cause", "party"),
    *("provider", "account", "number"),
)


@unique
class TicketState(StrEnum):
    """Whether a list shows open tickets, closed ones or both."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class IndexFilter(msgspec.Struct, frozen=True):
    """Selects tickets; an empty field selects all."""

    state: TicketState = TicketState.OPEN
    stage: str = ""
    severity: str = ""
    grade: str = ""
    scope: str = ""
    cause: str = ""
    party: str = ""
    provider: str = ""
    account: str = ""
    number: str = ""
    company: str = ""
    """A part of the company's name."""
    assignee: str = ""
    """The whole name; :data:`NOBODY` for tickets that nobody has taken."""
    text: str = ""
    """A part of the id, the title, the company, the number or the provider's ticket number."""
    overdue: bool = False
    severe: bool = False
    closed_since: float = 0.0


def conditions_of(selection: IndexFilter, now: float) -> list[ColumnElement[bool]]:
    """The conditions that ``selection`` stands for at ``now``."""
    columns = ticket_index.c
    conditions: list[ColumnElement[bool]] = []
    if selection.state is not TicketState.ALL:
        conditions.append(columns.open == (selection.state is TicketState.OPEN))
    exact = {name: getattr(selection, name) for name in _EXACT}
    conditions += [columns[name] == value for name, value in exact.items() if value]
    if selection.assignee:
        assignee = "" if selection.assignee == NOBODY else selection.assignee
        conditions.append(columns.assignee == assignee)
    if selection.company:
        conditions.append(columns.company.icontains(selection.company, autoescape=True))
    if selection.text:
        conditions.append(columns.words.contains(selection.text.casefold(), autoescape=True))
    if selection.overdue:
        conditions.append(columns.due_at < now)
    if selection.severe:
        conditions.append(columns.severe)
    if selection.closed_since:
        conditions.append(columns.closed_at >= selection.closed_since)
    return conditions


def order_of(selection: IndexFilter) -> tuple[ColumnElement[Any], ...]:
    """The order: what is due first, of closed tickets the newest, of both the newest detected."""
    columns = ticket_index.c
    orders: dict[TicketState, tuple[ColumnElement[Any], ...]] = {
        TicketState.OPEN: (columns.due_at, columns.detected_at, columns.ticket_id),
        TicketState.CLOSED: (columns.closed_at.desc(), columns.ticket_id.desc()),
        TicketState.ALL: (columns.detected_at.desc(), columns.ticket_id.desc()),
    }
    return orders[selection.state]
