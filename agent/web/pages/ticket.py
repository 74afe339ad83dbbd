"""A ticket's page: what is wrong, how much time is left, and forms to act on it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import Field
from agent.tickets.actions.specs import ACTION_SPECS
from agent.tickets.document import document
from agent.tickets.policy import ticket_policy_of
from agent.tickets.refusal import RefusalError
from agent.tickets.ticket import Ticket
from agent.web.authentication import actor_of
from agent.web.dispatch import visits_of
from agent.web.endpoint import Access, Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, FORM_ERRORS, HTML, NOT_FOUND, page, reader_locale
from agent.web.pages.ticket_actions import Situation, applicable, fields_of, ordered
from agent.web.pages.ticket_customers import customers_section
from agent.web.pages.ticket_view import MEMBERS_A_PAGE, ticket_view
from agent.web.parameters import OFFSET, read
from agent.web.responses import ApiError, no_ticket
from agent.web.services import services_of
from agent.web.texts import PageTexts
from agent.web.tickets import action_of_form, perform

TICKET_QUERY = (LANG, OFFSET)
_TAKE = "take"


@dataclass(frozen=True)
class Form:
    """One form of the page."""

    action: TicketAction
    fields: Sequence[Field]
    values: Mapping[str, str]
    """What was filled in, where the form was sent and refused."""


@dataclass(frozen=True)
class _Refusal:
    """A form that was sent and refused."""

    action: TicketAction
    values: Mapping[str, str]
    error: ApiError


async def ticket_page(request: web.Request) -> web.Response:
    """A ticket's page."""
    read(request.query, TICKET_QUERY)
    return await _page(request)


async def submit_form(request: web.Request) -> web.Response:
    """Act on the ticket and redirect to its page; a refused form is shown again with the error."""
    lang = read(request.query, (LANG,))["lang"]
    sent = _with_taker(request, dict(await read_form(request)))
    action = action_of_form(sent)
    try:
        await perform(request, action)
    except ApiError as error:
        if error.status is HTTPStatus.NOT_FOUND:
            raise
        refusal = _Refusal(action.action, sent, error)
        return await _page(request, refusal)
    raise web.HTTPSeeOther(Links(lang).address("/tickets/{}", request.match_info["id"]))


def _with_taker(request: web.Request, sent: dict[str, str]) -> dict[str, str]:
    """The form of the button "take it" as the assignment to whoever pressed it."""
    if sent.get("action") != _TAKE:
        return sent
    taker = actor_of(request) or sent.get("actor", "")
    return {**sent, "action": TicketAction.ASSIGN.value, "field.assignee": taker}


async def replay_ticket(request: web.Request) -> web.Response:
    """Queue the ticket's dead letters for delivery again."""
    lang = read(request.query, (LANG,))["lang"]
    await read_form(request)
    ticket = await _ticket(request)
    await services_of(request).replay(ticket.id)
    raise web.HTTPSeeOther(Links(lang).address("/tickets/{}", ticket.id) + "#deliveries")


async def _ticket(request: web.Request) -> Ticket:
    ticket = await services_of(request).tickets.get(request.match_info["id"])
    if ticket is None:
        raise no_ticket()
    return ticket


async def _page(request: web.Request, refusal: _Refusal | None = None) -> web.Response:
    services, now = services_of(request), services_of(request).clock()
    offset = int(request.query.get("offset") or 0)
    found = await services.tickets.opened_out(request.match_info["id"], offset, MEMBERS_A_PAGE)
    if found is None:
        raise no_ticket()
    ticket, members = found
    settings, texts = services.settings(), PageTexts(reader_locale(request))
    situation = Situation.of(ticket, ticket_policy_of(settings), now)
    first, others = ordered(situation)
    sinks = [sink.name for sink in settings.sinks]
    return await page(
        request,
        "ticket.html",
        HTTPStatus.OK if refusal is None else refusal.error.status,
        ticket=await asyncio.to_thread(document, ticket, now),
        subject=ticket.subject,
        customers=await customers_section(request, ticket, members.total),
        visits=visits_of(ticket, settings, now),
        view=await asyncio.to_thread(ticket_view, ticket, members, texts, now, offset),
        first=[_form(action, situation, refusal) for action in first],
        others=[_form(action, situation, refusal) for action in others],
        possible=applicable(situation),
        deliveries=await services.tickets.deliveries.of_ticket(ticket.id, sinks),
        has_evidence=services.evidence is not None,
        problem="" if refusal is None else _problem(refusal.error, texts),
        failed=None if refusal is None else refusal.action,
        sent={} if refusal is None else refusal.values,
        actor=actor_of(request),
    )


def _problem(error: ApiError, texts: PageTexts) -> str:
    """What is wrong with a form, with the label of the field as the form has it."""
    refused = error.__cause__
    if not isinstance(refused, RefusalError):
        return error.error.partition(" ")[2]
    problem, name = refused.problem(texts.locale), refused.field.replace("fields.", "field.")
    label = texts.label(name)
    return f"{label}: {problem}" if name else problem


def _form(action: TicketAction, situation: Situation, refusal: _Refusal | None) -> Form:
    values = refusal.values if refusal is not None and refusal.action is action else {}
    # A refused form may be of an action that does not apply any more; it keeps its fields.
    fields = fields_of(action, situation) if not values else ACTION_SPECS[action].fields
    return Form(action, fields, values)


ROUTES = (
    Endpoint(
        "GET",
        "/tickets/{id}",
        ticket_page,
        "A ticket's page",
        HTML,
        query=TICKET_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    form_endpoint(
        "/tickets/{id}/actions",
        submit_form,
        "Act on a ticket with a form of its page",
        errors=(*FORM_ERRORS, HTTPStatus.CONFLICT),
    ),
    form_endpoint(
        "/tickets/{id}/replay",
        replay_ticket,
        "Queue the dead letters of a ticket again with the form of its page",
        access=Access.ADMINISTRATOR,
    ),
)
"""The pages of this module, for the route table."""
