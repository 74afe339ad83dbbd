"""``/api/tickets/{id}/customers``: who is behind a ticket, as JSON and CSV, and telling them."""

import asyncio
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import chain

import msgspec
from aiohttp import web

from agent.masking import mask_text
from agent.notices.customers import Telling
from agent.notices.ledger import NoticeStatus
from agent.notices.service import CustomersOfTicket, NoticeService
from agent.reports.render import spreadsheet
from agent.tickets.customers.affected import AffectedCustomer
from agent.tickets.customers.directory import Contact
from agent.tickets.document import stamp
from agent.tickets.ticket import Ticket
from agent.web.audit import LONGEST_REASON, record
from agent.web.authentication import is_authorized, recorded_actor
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.parameters import LIMIT, OFFSET, Parameter, next_page, read
from agent.web.responses import ApiError, json_response, large_json_response, no_ticket, running
from agent.web.services import services_of

TOLD, EXPORTED = "customers_told", "contacts_exported"
"""What the entries of the audit log say."""
REASON = Parameter(
    "reason",
    "Why the contacts' phones are needed in full; without it they are masked. It is recorded.",
)
_MOST_NUMBERS = 1000
_EXAMPLE = '{"reason": "before they complain", "companies": null}'
_COLUMNS = (
    *("company", "grade", "important", "numbers_affected", "numbers", "provinces", "cities"),
    *("contact", "contact_phone", "contact_locale", "told_at", "restored_told_at"),
)


class ContactView(msgspec.Struct, frozen=True):
    """A contact of a customer; the phone is masked."""

    id: str
    name: str
    phone: str
    locale: str


class NoticeView(msgspec.Struct, frozen=True):
    """That somebody was told of the ticket, and how far that has come."""

    at: str
    event: str
    sink: str
    name: str
    company: str
    about: str
    locale: str
    actor: str
    state: str
    detail: str


class CustomerView(msgspec.Struct, frozen=True):
    """One company behind a ticket."""

    company: str
    """Empty for numbers whose company nobody says."""
    grade: str
    important: bool
    numbers: list[str]
    numbers_total: int
    present: int
    """How many of its numbers are still affected."""
    restored: bool
    provinces: list[str]
    cities: list[str]
    contacts: list[ContactView]
    """Empty for viewers, who are not shown people's names."""
    contacts_total: int


class CustomerList(msgspec.Struct, frozen=True):
    """The customers behind a ticket, those of the best grade first."""

    total: int
    limit: int
    offset: int
    next: str | None
    numbers: int
    present: int
    province: bool
    """Whether the province's monitoring room commands: the fault is severe."""
    cities: list[str]
    """The cities that watch it."""
    items: list[CustomerView]
    notices: list[NoticeView]


class TellCustomers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to tell of a ticket, and why."""

    reason: str
    actor: str = ""
    companies: list[str] | None = None
    """Only these companies; everybody behind the ticket where nothing is said."""


async def list_customers(request: web.Request) -> web.Response:
    """The customers behind a ticket, and who of them was told of what."""
    query = read(request.query, (LIMIT, OFFSET))
    limit, offset = int(query["limit"]), int(query["offset"])
    found = await customers_of(request, await whole_ticket(request))
    shown = is_authorized(request)
    customers = found.affected.customers
    return await large_json_response(
        CustomerList(
            total=len(customers),
            limit=limit,
            offset=offset,
            next=next_page(request, len(customers), limit, offset),
            numbers=found.affected.numbers,
            present=found.affected.present,
            province=found.tier.province,
            cities=list(found.tier.cities),
            items=[customer_view(it, shown=shown) for it in customers[offset : offset + limit]],
            notices=[notice_view(it, shown=shown) for it in found.notices],
        )
    )


async def export_customers(request: web.Request) -> web.Response:
    """The same as CSV, a line for each contact; phones in full for a reason that is recorded."""
    reason = read(request.query, (REASON,))["reason"].strip()
    ticket = await whole_ticket(request)
    found = await customers_of(request, ticket)
    if reason:
        await record(request, EXPORTED, ticket.id, reason)
    content = await asyncio.to_thread(_table, found, in_full=bool(reason))
    headers = {
        "Content-Disposition": f'attachment; filename="customers-{ticket.id}.csv"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=content, content_type="text/csv", headers=headers)


async def tell_customers(request: web.Request) -> web.Response:
    """Tell the customers behind a ticket who were not told yet."""
    read(request.query, ())
    sent = await read_body(request, TellCustomers, _EXAMPLE)
    return json_response(await tell(request, sent))


async def tell(request: web.Request, sent: TellCustomers) -> Telling:
    """Queue what ``sent`` asks for, once the audit log has an entry about it.

    Raises:
        ApiError: when there is no such ticket, no reason, or no sink that tells customers.
        StoreError: when it cannot be written; nobody is told then.
    """
    reason = sent.reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        expected = f"a reason, {LONGEST_REASON} characters at most"
        raise ApiError("400 reason does not say why customers are told", expected)
    if not services_of(request).settings().customers.sinks:
        expected = "customers.sinks in the configuration"
        raise ApiError("409 no sink tells customers", expected, HTTPStatus.CONFLICT)
    notices, ticket = _notices(request), await whole_ticket(request)
    actor = mask_text(recorded_actor(request, sent.actor)) or "(token)"
    names = ", ".join(sent.companies) if sent.companies else "-"
    await record(request, TOLD, f"{ticket.id}: {names}", reason)
    return await notices.tell(ticket, actor, sent.companies)


async def whole_ticket(request: web.Request) -> Ticket:
    """The ticket of ``request`` with all its members.

    Raises:
        ApiError: when there is none.
    """
    services, wanted = services_of(request), request.match_info["id"]
    for ticket in services.tickets_in_memory():
        if ticket.id == wanted:
            return ticket
    stored = await services.tickets.get(wanted)
    if stored is None:
        raise no_ticket()
    return stored


async def customers_of(request: web.Request, ticket: Ticket) -> CustomersOfTicket:
    """The customers behind ``ticket``."""
    return await _notices(request).of(ticket)


def _notices(request: web.Request) -> NoticeService:
    return running(services_of(request).notices, "503 customers are not known here")


def customer_view(customer: AffectedCustomer, *, shown: bool) -> CustomerView:
    """``customer`` for an operator, or without people's names where not ``shown``."""
    return CustomerView(
        company=mask_text(customer.company),
        grade=customer.grade.value,
        important=customer.important,
        numbers=list(customer.numbers[:_MOST_NUMBERS]),
        numbers_total=len(customer.numbers),
        present=len(customer.present),
        restored=customer.restored,
        provinces=_names(province for province, _city in customer.places),
        cities=_names(city for _province, city in customer.places),
        contacts=[_contact_view(it) for it in customer.contacts] if shown else [],
        contacts_total=len(customer.contacts),
    )


def _names(names: Iterable[str]) -> list[str]:
    return sorted(set(names) - {""})


def _contact_view(contact: Contact) -> ContactView:
    return ContactView(
        contact.id, mask_text(contact.name), mask_text(contact.phone), contact.locale
    )


def notice_view(status: NoticeStatus, *, shown: bool) -> NoticeView:
    """``status`` for an operator, or without a customer's person where not ``shown``."""
    notice = status.notice
    return NoticeView(
        at=stamp(notice.at) or "",
        event=notice.event,
        sink=notice.sink,
        name=notice.name if shown or not notice.company else "",
        company=notice.company,
        about=notice.about,
        locale=notice.locale,
        actor=notice.actor,
        state=status.state,
        detail=mask_text(status.detail),
    )


def _table(found: CustomersOfTicket, *, in_full: bool) -> bytes:
    times = _times(found.notices)
    rows = (
        _row(customer, contact, times, in_full=in_full)
        for customer in found.affected.customers
        for contact in customer.contacts or (None,)
    )
    return spreadsheet(chain([_COLUMNS], rows))


def _times(notices: Sequence[NoticeStatus]) -> dict[tuple[str, str], str]:
    """When each contact was told last, by contact and event."""
    return {(it.notice.receiver, it.notice.event): stamp(it.notice.at) or "" for it in notices}


def _row(
    customer: AffectedCustomer,
    contact: Contact | None,
    times: dict[tuple[str, str], str],
    *,
    in_full: bool,
) -> tuple[str, ...]:
    view = customer_view(customer, shown=True)
    known = (
        ("", "", "", "", "")
        if contact is None
        else (
            mask_text(contact.name),
            contact.phone if in_full else mask_text(contact.phone),
            contact.locale,
            times.get((contact.id, "customer.affected"), ""),
            times.get((contact.id, "customer.restored"), ""),
        )
    )
    return (
        view.company,
        view.grade,
        "yes" if view.important else "no",
        str(view.present),
        " ".join(view.numbers),
        " ".join(view.provinces),
        " ".join(view.cities),
        *known,
    )


_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
CUSTOMER_ROUTES = (
    Endpoint(
        "GET",
        "/api/tickets/{id}/customers",
        list_customers,
        "The customers behind a ticket, and who was told of what",
        CustomerList,
        query=(LIMIT, OFFSET),
        errors=_ERRORS,
    ),
    Endpoint(
        "GET",
        "/api/tickets/{id}/customers.csv",
        export_customers,
        "The customers behind a ticket, a line for each contact",
        "text/csv",
        query=(REASON,),
        access=Access.OPERATOR,
        errors=_ERRORS,
    ),
    Endpoint(
        "POST",
        "/api/tickets/{id}/customers/notices",
        tell_customers,
        "Tell the customers behind a ticket who were not told yet",
        Telling,
        body=TellCustomers,
        access=Access.OPERATOR,
        errors=(*_ERRORS, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    ),
)
"""The endpoints of this module, for the route table."""
