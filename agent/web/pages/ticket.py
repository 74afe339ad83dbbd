"""A ticket's page: what is wrong, how much time is left, and forms to act on it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import Field
from agent.tickets.actions.specs import ACTION_SPECS, offered
from agent.tickets.document import document
from agent.tickets.ticket import Ticket
from agent.web.authentication import actor_of
from agent.web.endpoint import Access, Endpoint
from agent.web.forms import FORM, read_form
from agent.web.language import LANG
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, HTML, NOT_FOUND, page
from agent.web.parameters import read
from agent.web.responses import ApiError, no_ticket
from agent.web.services import services_of
from agent.web.tickets import action_of_form, perform

_FIRST = (
    TicketAction.ACCEPT,
    TicketAction.COMMENT,
    TicketAction.CONTACT,
    TicketAction.ESCALATE,
    TicketAction.RESTORE,
    TicketAction.CONFIRM,
    TicketAction.CLOSE,
)
"""The forms that are used most; the others follow."""
MOST_MEMBERS = 200


@dataclass(frozen=True)
class Form:
    """One form of the page."""

    action: TicketAction
    fields: Sequence[Field]
    values: dict[str, str]
    """A form that was sent and refused."""


async def ticket_page(request: web.Request) -> web.Response:
    """A ticket's page."""
    read(request.query, (LANG,))
    return await _page(request, await _ticket(request))


async def submit_form(request: web.Request) -> web.Response:
    """Act on the ticket and redirect to its page; a refused form is shown again with the error."""
    lang = read(request.query, (LANG,))["lang"]
    sent = dict(await read_form(request))
    action = action_of_form(sent)
    try:
        await perform(request, action)
    except ApiError as error:
        if error.status is HTTPStatus.NOT_FOUND:
            raise
        values = sent
        form = Form(action.action, ACTION_SPECS[action.action].fields, values)
        return await _page(request, await _ticket(request), refused=form, error=error)
    raise web.HTTPSeeOther(Links(lang).address("/tickets/{}", request.match_info["id"]))


async def _ticket(request: web.Request) -> Ticket:
    ticket = await services_of(request).tickets.get(request.match_info["id"])
    if ticket is None:
        raise no_ticket()
    return ticket


async def _page(
    request: web.Request,
    ticket: Ticket,
    refused: Form | None = None,
    error: ApiError | None = None,
) -> web.Response:
    services = services_of(request)
    ticket_document = await asyncio.to_thread(document, ticket, services.clock())
    return await page(
        request,
        "ticket.html",
        HTTPStatus.OK if error is None else error.status,
        ticket=ticket_document,
        members=ticket_document["members"][:MOST_MEMBERS],
        forms=_forms(ticket, refused),
        problem="" if error is None else error.error.partition(" ")[2],
        failed=None if refused is None else refused.action,
        actor=actor_of(request),
    )


def _forms(ticket: Ticket, refused: Form | None) -> list[Form]:
    """A form per action the ticket's stage allows; a refused one with the values it had."""
    actions = offered(ticket)
    ordered = [action for action in _FIRST if action in actions]
    ordered += [action for action in actions if action not in _FIRST]
    return [
        refused
        if refused is not None and refused.action is action
        else Form(action, ACTION_SPECS[action].fields, {})
        for action in ordered
    ]


ROUTES = (
    Endpoint(
        "GET",
        "/tickets/{id}",
        ticket_page,
        "A ticket's page",
        HTML,
        query=(LANG,),
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
    Endpoint(
        "POST",
        "/tickets/{id}/actions",
        submit_form,
        "Act on a ticket with a form of its page",
        HTML,
        query=(LANG,),
        body=FORM,
        access=Access.OPERATOR,
        errors=(
            BAD_REQUEST,
            NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
    ),
)
"""The pages of this module, for the route table."""
