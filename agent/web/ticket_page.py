"""A ticket's page: what is wrong, how much time is left, and forms to act on it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import Field
from agent.tickets.actions.specs import ACTION_SPECS, offered
from agent.tickets.document import document
from agent.tickets.ticket import Ticket
from agent.web.access import user_of
from agent.web.actions import from_form, perform
from agent.web.keys import state_of
from agent.web.language import LANG
from agent.web.pages import page
from agent.web.parameters import read
from agent.web.problem import ApiError

_FIRST = (
    TicketAction.ACCEPT,
    TicketAction.COMMENT,
    TicketAction.CONTACT,
    TicketAction.ESCALATE,
    TicketAction.RESTORE,
    TicketAction.CONFIRM,
    TicketAction.CLOSE,
)
"""Forms that are looked for most; the others follow."""
MOST_MEMBERS = 200


@dataclass(frozen=True)
class Form:
    """One form of the page."""

    act: TicketAction
    fields: Sequence[Field]
    filled: dict[str, str]
    """What was sent and refused."""


async def show(request: web.Request) -> web.Response:
    """The page."""
    asked = read(request.query, (LANG,))["lang"]
    return await _shown(request, await _found(request), asked)


async def act(request: web.Request) -> web.Response:
    """A form was sent; done, the page is shown again, and refused, it says why."""
    sent = await request.post()
    asked = from_form(sent)
    try:
        await perform(request, asked)
    except ApiError as problem:
        if problem.status is HTTPStatus.NOT_FOUND:
            raise
        filled = {name: value for name, value in sent.items() if isinstance(value, str)}
        form = Form(asked.action, ACTION_SPECS[asked.action].fields, filled)
        found = await _found(request)
        return await _shown(request, found, "", form=form, problem=problem)
    raise web.HTTPSeeOther(f"/tickets/{request.match_info['id']}")


async def _found(request: web.Request) -> Ticket:
    found = await state_of(request).tickets.get(request.match_info["id"])
    if found is None:
        expected = "the id of a ticket listed at /api/tickets"
        raise ApiError("404 there is no such ticket", expected, HTTPStatus.NOT_FOUND)
    return found


async def _shown(
    request: web.Request,
    ticket: Ticket,
    asked: str,
    form: Form | None = None,
    problem: ApiError | None = None,
) -> web.Response:
    state = state_of(request)
    told = await asyncio.to_thread(document, ticket, state.clock())
    zone = ZoneInfo(state.settings().timezone)
    filled = {} if form is None else {form.act: form.filled}
    shown = await page(
        request,
        "ticket.html",
        asked,
        ticket=told,
        members=told["members"][:MOST_MEMBERS],
        forms=[Form(it, ACTION_SPECS[it].fields, filled.get(it, {})) for it in _ordered(ticket)],
        problem="" if problem is None else problem.error.partition(" ")[2],
        failed=None if form is None else form.act,
        actor=user_of(request),
        moment=lambda stamp: _moment(stamp, zone),
    )
    if problem is not None:
        shown.set_status(problem.status)
    return shown


def _ordered(ticket: Ticket) -> list[TicketAction]:
    acts = offered(ticket)
    return [it for it in _FIRST if it in acts] + [it for it in acts if it not in _FIRST]


def _moment(stamp: str | None, zone: ZoneInfo) -> str:
    """A moment of the document as people in ``zone`` read it."""
    if stamp is None:
        return "–"
    return datetime.fromisoformat(stamp).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
