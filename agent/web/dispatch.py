"""``/api/dispatch`` and ``/api/tickets/{id}/visits``: what waits for whom, and how visits went."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from agent.config.settings import Settings
from agent.masking import mask_text
from agent.states import Stage
from agent.tickets.dispatch.conduct import Check, checks_of
from agent.tickets.dispatch.movement import is_waiting, stalled_after
from agent.tickets.dispatch.stored_movements import Movement
from agent.tickets.document import stamp
from agent.tickets.forms import Visit
from agent.tickets.index_filter import IndexFilter
from agent.tickets.ticket import Ticket
from agent.web.endpoint import Endpoint
from agent.web.pages.ticket_rows import TicketRow, ticket_row
from agent.web.parameters import OFFSET, Parameter, next_page, read
from agent.web.responses import large_json_response, no_ticket
from agent.web.services import services_of
from agent.web.texts import PageTexts

ASSIGNEE = Parameter("assignee", "Only tickets of this person; - for those of nobody.")
PAGE_SIZE: Final = 50


@unique
class WaitsFor(StrEnum):
    """For whom or what a ticket waits."""

    TAKER = "taker"
    """Nobody has it yet."""
    ASSIGNEE = "assignee"
    PROVIDER = "provider"
    CARRIER = "carrier"
    VISIT = "visit"
    """The hour of a visit that is agreed."""
    STAFF = "staff"
    """Staff are on the way or on site."""
    RECOVERY = "recovery"
    """The recovery has been seen and must last."""
    CUSTOMER = "customer"
    """The customer has to confirm."""


_BY_STAGE: Final = {
    Stage.REPORTED: WaitsFor.PROVIDER,
    Stage.CARRIER_ESCALATED: WaitsFor.CARRIER,
    Stage.DISPATCHED: WaitsFor.STAFF,
    Stage.ON_SITE: WaitsFor.STAFF,
    Stage.OBSERVING: WaitsFor.RECOVERY,
    Stage.RESTORED: WaitsFor.CUSTOMER,
    Stage.REPAIRED: WaitsFor.CUSTOMER,
    Stage.TESTING: WaitsFor.CUSTOMER,
    Stage.CONFIRMED: WaitsFor.CUSTOMER,
}


class QueueRow(msgspec.Struct, frozen=True):
    """One ticket of the queue."""

    row: TicketRow
    revision: int
    severe: bool
    waits_for: WaitsFor
    moved_at: float
    unmoved: float
    """Seconds since it last moved."""
    stalled: bool
    """Whether that is longer than its grade may."""
    nudges: int
    """Reminders since then."""
    appointment: float | None


class QueueItem(msgspec.Struct, frozen=True):
    """One ticket of the queue, for programs."""

    id: str
    title: str
    severity: str
    grade: str
    severe: bool
    stage: str
    assignee: str
    waits_for: str
    moved_at: str | None
    unmoved_seconds: float
    stalled: bool
    nudges: int
    appointment: str | None
    clock: str
    remaining_seconds: float | None


class Queue(msgspec.Struct, frozen=True):
    """Open tickets, the most urgent first."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: list[QueueItem]


class VisitView(msgspec.Struct, frozen=True):
    """One visit on site with the checks of its conduct."""

    hour: str | None
    agreed_at: str | None
    arrived_at: str | None
    left_at: str | None
    waited_seconds: float | None
    staff: str
    helpers: str
    checks: list[Check]


class VisitList(msgspec.Struct, frozen=True):
    """The visits of a ticket in their order."""

    items: list[VisitView]


async def show_queue(request: web.Request) -> web.Response:
    """Open tickets by urgency: severe faults, severity, grade, clock."""
    query = read(request.query, (ASSIGNEE, OFFSET))
    offset = int(query["offset"])
    rows, total = await queue_page(request, query["assignee"], offset, PageTexts("en"))
    following = next_page(request, total, PAGE_SIZE, offset)
    return await large_json_response(
        Queue(total, PAGE_SIZE, offset, following, [_item(it) for it in rows])
    )


async def queue_page(
    request: web.Request, assignee: str, offset: int, texts: PageTexts
) -> tuple[list[QueueRow], int]:
    """One page of the queue, and how many tickets all have; raises StoreError."""
    services, now = services_of(request), services_of(request).clock()
    selection = IndexFilter(assignee=assignee, without_suppressed=True, by_urgency=True)
    found = await services.tickets.index.page(selection, now, PAGE_SIZE, offset)
    moved = await services.tickets.movements.of([it.id for it in found.tickets])
    settings = services.settings()
    rows = await asyncio.to_thread(_rows, found.tickets, moved, settings, now, texts)
    return rows, found.total


def _rows(
    tickets: Sequence[Ticket],
    movements: Mapping[str, Movement],
    settings: Settings,
    now: float,
    texts: PageTexts,
) -> list[QueueRow]:
    return [_row(ticket, movements[ticket.id], settings, now, texts) for ticket in tickets]


def _row(
    ticket: Ticket, movement: Movement, settings: Settings, now: float, texts: PageTexts
) -> QueueRow:
    moved = ticket.detected_at if movement.at is None else movement.at
    waiting = is_waiting(ticket) and waits_for(ticket, now) is not WaitsFor.VISIT
    return QueueRow(
        row=ticket_row(ticket, now, texts),
        revision=ticket.revision,
        severe=ticket.severe is not None and not ticket.severe.excluded,
        waits_for=waits_for(ticket, now),
        moved_at=moved,
        unmoved=max(0.0, now - moved),
        stalled=waiting and now - moved >= stalled_after(ticket.grade, settings.dispatch),
        nudges=movement.nudges,
        appointment=ticket.appointment,
    )


def waits_for(ticket: Ticket, now: float) -> WaitsFor:
    """For whom or what ``ticket``, which is open, waits."""
    if ticket.appointment is not None and ticket.appointment > now:
        return WaitsFor.VISIT
    by_stage = _BY_STAGE.get(ticket.stage)
    if by_stage is not None:
        return by_stage
    return WaitsFor.ASSIGNEE if ticket.assignee else WaitsFor.TAKER


def _item(queued: QueueRow) -> QueueItem:
    row = queued.row
    return QueueItem(
        id=row.id,
        title=row.title,
        severity=row.severity,
        grade=row.grade,
        severe=queued.severe,
        stage=row.stage,
        assignee=row.assignee,
        waits_for=queued.waits_for.value,
        moved_at=stamp(queued.moved_at),
        unmoved_seconds=round(queued.unmoved, 3),
        stalled=queued.stalled,
        nudges=queued.nudges,
        appointment=stamp(queued.appointment),
        clock="" if row.clock is None else row.clock.name,
        remaining_seconds=None if row.clock is None else round(row.clock.remaining, 3),
    )


async def show_visits(request: web.Request) -> web.Response:
    """The visits of a ticket, with the checks of their conduct."""
    read(request.query, ())
    services = services_of(request)
    ticket = await services.tickets.get(request.match_info["id"])
    if ticket is None:
        raise no_ticket()
    checked = visits_of(ticket, services.settings(), services.clock())
    return await large_json_response(VisitList([_view(*it) for it in checked]))


def visits_of(
    ticket: Ticket, settings: Settings, now: float
) -> list[tuple[Visit, tuple[Check, ...]]]:
    """The visits of ``ticket``, each with its checks."""
    conduct, zone = settings.dispatch.conduct, settings.timezone
    return [(it, checks_of(it, ticket, conduct, zone, now)) for it in ticket.visits]


def _view(visit: Visit, checks: Sequence[Check]) -> VisitView:
    return VisitView(
        hour=stamp(visit.hour),
        agreed_at=stamp(visit.agreed_at),
        arrived_at=stamp(visit.arrived_at),
        left_at=stamp(visit.left_at),
        waited_seconds=visit.waited,
        staff=mask_text(visit.staff),
        helpers=mask_text(visit.helpers),
        checks=list(checks),
    )


_BAD = HTTPStatus.BAD_REQUEST
DISPATCH_ROUTES = (
    Endpoint(
        "GET",
        "/api/dispatch",
        show_queue,
        "Open tickets by urgency, with whom each waits for",
        Queue,
        query=(ASSIGNEE, OFFSET),
        errors=(_BAD,),
    ),
    Endpoint(
        "GET",
        "/api/tickets/{id}/visits",
        show_visits,
        "The visits of a ticket, with the checks of their conduct",
        VisitList,
        errors=(_BAD, HTTPStatus.NOT_FOUND),
    ),
)
"""The endpoints of this module, for the route table."""
