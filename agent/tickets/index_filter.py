"""Which tickets a list shows, and in which order: the filter, and its conditions in SQL."""

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case

from agent.states import Grade, Severity, Stage
from agent.store.schema import ticket_index

NOBODY = "-"
"""The assignee of tickets that are assigned to nobody, in a filter; no person's name."""
_GRAVEST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
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
    without_suppressed: bool = False
    """Whether tickets are left out that a wider one explains."""
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
    by_urgency: bool = False
    """Whether the gravest come first: severe faults, then by severity, grade and clock."""


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
    if selection.without_suppressed:
        conditions.append(columns.stage != Stage.SUPPRESSED.value)
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
    if selection.by_urgency:
        ranks = (_rank(columns.severity, _GRAVEST_FIRST), _rank(columns.grade, tuple(Grade)))
        return (
            columns.severe.desc(),
            *ranks,
            columns.due_at,
            columns.detected_at,
            columns.ticket_id,
        )
    orders: dict[TicketState, tuple[ColumnElement[Any], ...]] = {
        TicketState.OPEN: (columns.due_at, columns.detected_at, columns.ticket_id),
        TicketState.CLOSED: (columns.closed_at.desc(), columns.ticket_id.desc()),
        TicketState.ALL: (columns.detected_at.desc(), columns.ticket_id.desc()),
    }
    return orders[selection.state]


def _rank(column: ColumnElement[Any], order: Sequence[str]) -> ColumnElement[Any]:
    """The place of a column's value in ``order``, for sorting."""
    places = {str(value): place for place, value in enumerate(order)}
    return case(places, value=column, else_=len(order))
