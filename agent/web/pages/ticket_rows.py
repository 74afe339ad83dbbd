"""Rows of lists of tickets: what a person needs of each, and its clock."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.ticket import Ticket
from agent.web.texts import PageTexts


@dataclass(frozen=True)
class ClockView:
    """The clock of a ticket that runs out first, or has."""

    name: str
    remaining: float
    """Seconds left; negative once breached."""
    deadline: float | None
    """When it runs out, epoch seconds; ``None`` where the time does not run now."""
    paused: tuple[str, ...]
    """Why it does not run."""


@dataclass(frozen=True)
class TicketRow:
    """One ticket in a list."""

    id: str
    severity: str
    title: str
    scope: str
    number: str
    company: str
    cause: str
    party: str
    stage: str
    grade: str
    assignee: str
    since: float
    closed_at: float | None
    outcome: str
    clock: ClockView | None
    """``None`` where no clock runs."""


def clock_view(reading: Reading) -> ClockView:
    """The clock as a list and the ticket's page show it."""
    deadline = None if reading.paused else reading.deadline
    reasons = tuple(reason.value for reason in reading.paused)
    return ClockView(reading.name.value, reading.remaining, deadline, reasons)


def first_clock(ticket: Ticket, now: float) -> ClockView | None:
    """The running clock that runs out first."""
    running = [it for it in readings(ticket.clocks, now) if it.stopped_at is None]
    first = min(running, key=lambda it: it.remaining, default=None)
    return None if first is None else clock_view(first)


def ticket_row(ticket: Ticket, now: float, texts: PageTexts) -> TicketRow:
    """The row of ``ticket`` for the readers of ``texts``."""
    subject, verdict = ticket.subject, ticket.diagnosis
    scope = (subject.provider, subject.account, subject.carrier, subject.binding)
    return TicketRow(
        id=ticket.id,
        severity=ticket.severity.value,
        title=texts.ticket_title(ticket),
        scope=" / ".join(filter(None, scope)),
        number=subject.number,
        company=ticket.company,
        cause="" if verdict is None else str(verdict.cause),
        party="" if verdict is None else str(verdict.party),
        stage=ticket.stage.value,
        grade=ticket.grade.value,
        assignee=ticket.assignee,
        since=ticket.started_at,
        closed_at=ticket.closed_at,
        outcome=ticket.outcome,
        clock=first_clock(ticket, now) if ticket.open else None,
    )


def ticket_rows(tickets: Iterable[Ticket], now: float, locale: str) -> list[TicketRow]:
    """The rows of ``tickets`` for readers of ``locale``, in their order."""
    texts = PageTexts(locale)
    return [ticket_row(ticket, now, texts) for ticket in tickets]
