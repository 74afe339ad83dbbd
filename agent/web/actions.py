"""People's acts on tickets, over the API and from the forms of a ticket's page."""

from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor, person_name
from agent.tickets.changes import Change
from agent.tickets.document import document
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.web.access import user_of
from agent.web.encoding import large_json_response
from agent.web.keys import state_of
from agent.web.parameters import read
from agent.web.problem import ApiError

_JSON = "application/json"
_EXAMPLE = '{"action": "accept", "actor": "Li Wei", "reason": "on it", "fields": {}}'


class TicketActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent to act on a ticket."""

    action: TicketAction
    reason: str
    actor: str = ""
    """Who acts; the user name, where one was asked for."""
    fields: dict[str, str | int | float] = {}
    """What the action asks for beside the reason."""
    revision: int | None = None
    """The revision that was looked at; another one by now refuses the action."""


async def act(request: web.Request) -> web.Response:
    """Act on a ticket; the answer is the ticket as it is then."""
    read(request.query, ())
    if request.content_type != _JSON:
        # A page of another site can have a browser post a form, but not JSON.
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise ApiError("415 the body is of another type", _JSON, status)
    asked = _asked(await request.read())
    change = await perform(request, asked)
    told = document(change.after, state_of(request).clock())
    return await large_json_response(told)


def _asked(body: bytes) -> TicketActionRequest:
    try:
        return msgspec.json.decode(body, type=TicketActionRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ApiError(f"400 {error}", f"a body such as {_EXAMPLE}") from None


async def perform(request: web.Request, asked: TicketActionRequest) -> Change:
    """The change that was asked for, durable.

    Raises:
        Problem: when there is no such ticket, or it cannot be done.
    """
    state = state_of(request)
    if state.act is None:
        raise ApiError("503 tickets cannot be acted on here", "a running agent", _UNAVAILABLE)
    try:
        actor = Actor(ActorKind.PERSON, person_name(asked.actor or user_of(request)))
        order = ActionRequest(asked.action, actor, asked.reason, asked.fields, asked.revision)
        change = await state.act(request.match_info["id"], order)
    except ActionRequestError as error:
        expected = f"what {asked.action} asks for"
        raise ApiError(f"{_status(error).value} {error}", expected, _status(error)) from None
    except IllegalTransitionError as error:
        expected = "an action that the ticket's stage allows"
        raise ApiError(f"409 {error}", expected, HTTPStatus.CONFLICT) from None
    if change is None:
        expected = "the id of a ticket listed at /api/tickets"
        raise ApiError("404 there is no such ticket", expected, HTTPStatus.NOT_FOUND)
    return change


_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


def _status(error: ActionRequestError) -> HTTPStatus:
    conflicts = str(error).startswith(("revision:", "action:"))
    return HTTPStatus.CONFLICT if conflicts else HTTPStatus.BAD_REQUEST


def from_form(form: Any) -> TicketActionRequest:
    """What a form of a ticket's page asks for.

    Raises:
        Problem: when it is no form of ours.
    """
    told = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        action, revision = TicketAction(told.pop("action", "")), int(told.pop("revision", ""))
    except ValueError:
        raise ApiError("400 this is no form of a ticket", "a form of the ticket's page") from None
    actor, reason = told.pop("actor", ""), told.pop("reason", "")
    fields = {name.removeprefix("field."): value for name, value in told.items() if value}
    return TicketActionRequest(action, reason, actor, {**fields}, revision)
