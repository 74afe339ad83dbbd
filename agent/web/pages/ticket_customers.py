"""The customers behind a ticket: the list, who was told of what, and the form that tells them."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.masking import mask_text
from agent.notices.customers import Telling
from agent.notices.service import CustomersOfTicket
from agent.tickets.ticket import Ticket
from agent.web.authentication import actor_of, is_authorized
from agent.web.customers import (
    CustomerView,
    NoticeView,
    TellCustomers,
    customer_view,
    customers_of,
    notice_view,
    tell,
    whole_ticket,
)
from agent.web.endpoint import Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.list_page import ListPage
from agent.web.pages.rendering import FORM_ERRORS, HTML, page, reader_locale
from agent.web.parameters import OFFSET, read
from agent.web.responses import ApiError
from agent.web.services import services_of
from agent.web.texts import PageTexts

PAGE_SIZE: Final = 50
SHOWN_WITH_TICKET: Final = 5
"""Customers that the ticket's own page shows; a link leads to the others."""
MOST_MEMBERS: Final = 2000
"""Members up to which the ticket's own page shows customers of a ticket that is over."""


@dataclass(frozen=True)
class CustomersView:
    """What a page shows of the customers behind a ticket."""

    customers: ListPage[CustomerView]
    numbers: int
    present: int
    province: bool
    cities: tuple[str, ...]
    notices: list[NoticeView]
    can_tell: bool
    """Whether a sink tells customers, and the fault goes on."""


async def customers_page(request: web.Request) -> web.Response:
    """The customers behind a ticket."""
    read(request.query, (LANG, OFFSET))
    return await _page(request)


async def submit_form(request: web.Request) -> web.Response:
    """Tell the customers, and show how many were and who was not."""
    read(request.query, (LANG,))
    form = dict(await read_form(request))
    company = form.get("company", "")
    sent = TellCustomers(
        form.get("reason", ""), form.get("actor", ""), [company] if company else None
    )
    try:
        telling = await tell(request, sent)
    except ApiError as error:
        if error.status is HTTPStatus.NOT_FOUND:
            raise
        return await _page(request, refused=error)
    return await _page(request, telling=telling)


async def _page(
    request: web.Request, telling: Telling | None = None, refused: ApiError | None = None
) -> web.Response:
    ticket = await whole_ticket(request)
    offset = int(request.query.get("offset") or 0)
    found = await customers_of(request, ticket)
    return await page(
        request,
        "ticket_customers.html",
        HTTPStatus.OK if refused is None else refused.status,
        ticket_id=ticket.id,
        title=PageTexts(reader_locale(request)).ticket_title(ticket),
        view=customers_view(request, ticket, found, PAGE_SIZE, offset),
        outcome=telling,
        is_refused=refused is not None,
        actor=actor_of(request),
    )


async def customers_section(
    request: web.Request, ticket: Ticket, members: int
) -> CustomersView | None:
    """The first customers for the ticket's own page; ``None`` where they are not known."""
    if services_of(request).notices is None or (not members and not ticket.subject.number):
        return None
    if not ticket.open and members > MOST_MEMBERS:
        return None
    whole = await whole_ticket(request)
    found = await customers_of(request, whole)
    return customers_view(request, whole, found, SHOWN_WITH_TICKET, 0)


def customers_view(
    request: web.Request, ticket: Ticket, found: CustomersOfTicket, limit: int, offset: int
) -> CustomersView:
    """A page of the customers ``found``, for whoever sent ``request``."""
    shown = is_authorized(request)
    customers = found.affected.customers
    items = [customer_view(it, shown=shown) for it in customers[offset : offset + limit]]
    has_sink = bool(services_of(request).settings().customers.sinks)
    return CustomersView(
        customers=ListPage(items, len(customers), limit, offset),
        numbers=found.affected.numbers,
        present=found.affected.present,
        province=found.tier.province,
        cities=tuple(map(mask_text, found.tier.cities)),
        notices=[notice_view(it, shown=shown) for it in reversed(found.notices)],
        can_tell=has_sink and ticket.open and found.affected.present > 0,
    )


ROUTES = (
    Endpoint(
        "GET",
        "/tickets/{id}/customers",
        customers_page,
        "The customers behind a ticket",
        HTML,
        query=(LANG, OFFSET),
        errors=(*FORM_ERRORS, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    form_endpoint(
        "/tickets/{id}/customers",
        submit_form,
        "Tell the customers behind a ticket with the form of their page",
        errors=(*FORM_ERRORS, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
"""The pages of this module, for the route table."""
