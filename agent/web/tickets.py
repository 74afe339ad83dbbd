"""``/api/tickets``: tickets listed, shown and acted on, and their dead letters."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.i18n import CHINESE
from agent.states import Severity, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.changes import Change
from agent.tickets.document import document
from agent.tickets.ledger import Filter, Page
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.refusal import RefusalError
from agent.tickets.text import in_language
from agent.tickets.ticket import Ticket
from agent.web.audit import record_replay
from agent.web.authentication import recorded_actor
from agent.web.bodies import read_body
from agent.web.language import choose_locale
from agent.web.parameters import ACCOUNT, LIMIT, OFFSET, PROVIDER, Parameter, next_page, read
from agent.web.responses import ApiError, json_response, large_json_response, no_ticket, running
from agent.web.services import services_of

MOST_MEMBERS = 1000
"""The most members of a ticket in a list; the ticket itself has all."""

_OPEN = {"": None, "true": True, "false": False}
TICKETS_QUERY = (
    LIMIT,
    OFFSET,
    Parameter("open", "Only open tickets, or only closed ones.", tuple(_OPEN)[1:]),
    Parameter("stage", "Only tickets in this stage.", tuple(map(str, Stage))),
    Parameter("severity", "Only tickets of this severity.", tuple(map(str, Severity))),
    Parameter("symptom", "Only tickets of this family of symptoms."),
    PROVIDER,
    ACCOUNT,
    Parameter("number", "Only tickets on this number."),
)
REPLAY_QUERY = (Parameter("ticket", "Only the dead letters of this ticket."),)

_JSON = "application/json"
_EXAMPLE = '{"action": "accept", "actor": "Li Wei", "reason": "on it", "fields": {}}'


class TicketActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action on a ticket."""

    action: TicketAction
    reason: str
    actor: str = ""
    """Who acts; by default the user name the browser has sent. A user's login is recorded, too."""
    fields: dict[str, str | int | float] = {}
    """The fields of the action's form."""
    revision: int | None = None
    """The revision the actor has seen; the action is refused if the ticket has another by now."""


class Replayed(msgspec.Struct, frozen=True):
    """How many deliveries were queued again."""

    replayed: int


@dataclass(frozen=True)
class _TicketPage:
    total: int
    limit: int
    offset: int
    next: str | None
    items: list[dict[str, object]]


async def list_tickets(request: web.Request) -> web.Response:
    """Tickets, filtered and paged, newest first."""
    services = services_of(request)
    query = read(request.query, TICKETS_QUERY)
    limit, offset = int(query.pop("limit")), int(query.pop("offset"))
    filter_ = Filter(open=_OPEN[query.pop("open")], **query)
    page = await services.tickets.list(filter_, limit, offset)
    now = services.clock()
    shown = Page(tuple(_in_language(request, it) for it in page.tickets), page.total)
    items = await asyncio.to_thread(_documents, shown, now)
    following = next_page(request, page.total, limit, offset)
    return await large_json_response(_TicketPage(page.total, limit, offset, following, items))


def _documents(page: Page, now: float) -> list[dict[str, object]]:
    items = [document(ticket, now) for ticket in page.tickets]
    for item in items:
        item["members_total"] = len(item["members"])
        item["members"] = item["members"][:MOST_MEMBERS]
    return items


async def show_ticket(request: web.Request) -> web.Response:
    """One ticket with its members and timeline."""
    read(request.query, ())
    services = services_of(request)
    ticket = await services.tickets.get(request.match_info["id"])
    if ticket is None:
        raise no_ticket()
    ticket = _in_language(request, ticket)
    return await large_json_response(await asyncio.to_thread(document, ticket, services.clock()))


async def replay(request: web.Request) -> web.Response:
    """Queue dead letters for delivery again: those of one ticket, or all of them."""
    ticket_id = read(request.query, REPLAY_QUERY)["ticket"]
    count = await services_of(request).replay(ticket_id or None)
    await record_replay(request, ticket_id, count)
    return json_response(Replayed(count))


async def act_on_ticket(request: web.Request) -> web.Response:
    """Act on a ticket; answers with the ticket as it is then."""
    read(request.query, ())
    change = await perform(request, await read_body(request, TicketActionRequest, _EXAMPLE))
    after = _in_language(request, change.after)
    return await large_json_response(document(after, services_of(request).clock()))


async def perform(request: web.Request, action: TicketActionRequest) -> Change:
    """Act on the ticket of ``request`` and return the change, which is durable.

    Raises:
        ApiError: when there is no such ticket, or the action cannot be done.
    """
    services = services_of(request)
    act = running(services.act, "503 tickets cannot be acted on here")
    try:
        actor = Actor(ActorKind.PERSON, person_name(recorded_actor(request, action.actor)))
        change = await act(
            request.match_info["id"],
            ActionRequest(action.action, actor, action.reason, action.fields, action.revision),
        )
    except ActionRequestError as error:
        status, expected = _status(error), f"what {action.action} needs"
        raise ApiError(f"{status.value} {_words(request, error)}", expected, status) from error
    except IllegalTransitionError as error:
        expected = "an action that the ticket's stage allows"
        text = f"409 {_words(request, error)}"
        raise ApiError(text, expected, HTTPStatus.CONFLICT) from error
    if change is None:
        raise no_ticket()
    return change


def _in_language(request: web.Request, ticket: Ticket) -> Ticket:
    """The ticket with its texts in the language that is asked for, else in the configured one."""
    settings = services_of(request).settings()
    accepted = request.headers.get("Accept-Language", "")
    return in_language(ticket, choose_locale("", accepted, settings.locale), settings.timezone)


def _words(request: web.Request, error: RefusalError) -> str:
    """What is wrong: in Chinese for who asks for it, else in English with codes."""
    accepted = request.headers.get("Accept-Language", "")
    return error.text(CHINESE) if choose_locale("", accepted, "") == CHINESE else str(error)


def _status(error: ActionRequestError) -> HTTPStatus:
    """409 where the request would have been right for another revision or stage."""
    is_conflict = str(error).startswith(("revision:", "action:"))
    return HTTPStatus.CONFLICT if is_conflict else HTTPStatus.BAD_REQUEST


def action_of_form(form: Any) -> TicketActionRequest:
    """The action that a form of a ticket's page asks for.

    Raises:
        ApiError: when it is not such a form.
    """
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        action = TicketAction(values.pop("action", ""))
        revision = int(values.pop("revision", ""))
    except ValueError:
        raise ApiError("400 this is no form of a ticket", "a form of the ticket's page") from None
    actor, reason = values.pop("actor", ""), values.pop("reason", "")
    fields = {name.removeprefix("field."): value for name, value in values.items() if value}
    return TicketActionRequest(action, reason, actor, {**fields}, revision)
