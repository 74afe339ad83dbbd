"""The tickets on a number: its own, those that it is a member of, and callers' complaints."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from agent.complaints.complaint import Complaint
from agent.tickets.index import IndexPage
from agent.tickets.index_filter import IndexFilter, TicketState
from agent.tickets.ticket import Ticket
from agent.web.services import WebServices

MOST_TICKETS = 50
MOST_COMPLAINTS = 50


@dataclass(frozen=True)
class TicketLine:
    """One ticket of the page."""

    id: str
    ticket: Ticket
    severity: str
    stage: str
    cause: str
    opened: float
    closed: float | None
    is_open: bool
    is_member: bool
    """Whether the ticket is about something wider, of which the number is a part."""


@dataclass(frozen=True)
class ComplaintLine:
    """One complaint that belongs to a ticket on the number."""

    complaint: Complaint
    ticket: str


@dataclass(frozen=True)
class NumberTickets:
    """The tickets on a number, the open ones first, and their complaints, the newest first."""

    lines: tuple[TicketLine, ...]
    total: int
    complaints: tuple[ComplaintLine, ...]

    @property
    def open_count(self) -> int:
        """How many of them are open."""
        return sum(line.is_open for line in self.lines)


async def tickets_of(services: WebServices, number: str) -> NumberTickets:
    """The tickets on ``number`` as last written."""
    own = IndexFilter(state=TicketState.ALL, number=number)
    page = await services.tickets.index.page(own, services.clock(), MOST_TICKETS)
    return await asyncio.to_thread(_gathered, page, await services.open_tickets(), number)


def _gathered(page: IndexPage, is_open: Iterable[Ticket], number: str) -> NumberTickets:
    """The number's own tickets of ``page``, and those that it is a member of now."""
    own = {ticket.id for ticket in page.tickets}
    wider = [ticket for ticket in is_open if ticket.id not in own and _has_member(ticket, number)][
        :MOST_TICKETS
    ]
    lines = [_line(ticket, is_member=False) for ticket in page.tickets]
    lines += [_line(ticket, is_member=True) for ticket in wider]
    lines.sort(key=lambda line: (not line.is_open, -line.opened))
    complaints = _complaints((*page.tickets, *wider), number)
    return NumberTickets(tuple(lines), page.total + len(wider), complaints)


def _has_member(ticket: Ticket, number: str) -> bool:
    return any(it.subject.number == number and it.left_at is None for it in ticket.members)


def _complaints(tickets: Iterable[Ticket], number: str) -> tuple[ComplaintLine, ...]:
    lines = [
        ComplaintLine(complaint, ticket.id)
        for ticket in tickets
        for complaint in ticket.complaints
        if complaint.number == number
    ]
    lines.sort(key=lambda line: -line.complaint.received_at)
    return tuple(lines[:MOST_COMPLAINTS])


def _line(ticket: Ticket, *, is_member: bool) -> TicketLine:
    return TicketLine(
        id=ticket.id,
        ticket=ticket,
        severity=ticket.severity.value,
        stage=ticket.stage.value,
        cause="" if ticket.diagnosis is None else ticket.diagnosis.cause,
        opened=ticket.detected_at,
        closed=ticket.closed_at,
        is_open=ticket.open,
        is_member=is_member,
    )
