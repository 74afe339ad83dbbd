"""Rejecting a number's drift, and ``POST /api/numbers/{number}/baseline/rejections``."""

from contextlib import suppress
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.baselines.rejections import NumberAt, Rejection
from agent.masking import mask_text
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.document import stamp
from agent.tickets.ledger import Filter
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.web.authentication import recorded_actor
from agent.web.baselines import LONGEST_NAME, LONGEST_NOTE
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.parameters import read
from agent.web.responses import ApiError, json_response, no_number
from agent.web.services import WebServices, services_of


class RejectionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rejection of everything that differs from the approved configuration now."""

    by: str
    """Who rejects it."""
    note: str
    """Why."""


class RejectionView(msgspec.Struct, frozen=True, kw_only=True):
    """Drift that a person has rejected."""

    at: str | None
    by: str
    note: str
    changes: tuple[str, ...]
    """The rejected differences as text."""
    sections: tuple[str, ...]
    ended_at: str | None
    """When all of it was as approved again; ``null`` while the rejection stands."""


def rejection_view(rejection: Rejection) -> RejectionView:
    """A rejection as the API shows it."""
    return RejectionView(
        at=stamp(rejection.at),
        by=rejection.by,
        note=mask_text(rejection.reason),
        changes=rejection.changes,
        sections=tuple(section.value for section in rejection.sections),
        ended_at=stamp(rejection.ended_at),
    )


async def reject_drift(
    services: WebServices, number: str, by: str, note: str, account: dict[str, str]
) -> Rejection | None:
    """Reject the number's drift, also in its open tickets; ``None`` where no account has it.

    Raises:
        LookupError: when nothing differs.
        StoreError: when the store cannot be written; nothing was rejected then.
    """
    if services.baselines is None or services.rejections is None:
        return None
    report = await services.baselines.report(number, **account)
    if report is None:
        return None
    snapshot = report.checked.snapshot
    at = snapshot.provider, snapshot.account, number
    rejection = await services.rejections.reject(at, by, note, report.differences, services.clock())
    await _comment(services, at, by, note)
    return rejection


async def _comment(services: WebServices, at: NumberAt, by: str, note: str) -> None:
    """Write the rejection into the open tickets on the drift; the alert opens one where none is."""
    provider, account, number = at
    drift = Filter(open=True, symptom="drift", provider=provider, account=account, number=number)
    found = await services.tickets.list(drift)
    for ticket in found.tickets:
        actor = Actor(ActorKind.PERSON, by)
        comment = ActionRequest(TicketAction.COMMENT, actor, note)
        # The rejection stands already; a ticket that has ended meanwhile needs no comment.
        with suppress(ActionRequestError, IllegalTransitionError):
            if services.act is not None:
                await services.act(ticket.id, comment)


async def reject_baseline_drift(request: web.Request) -> web.Response:
    """Reject everything in which a number differs from its approved configuration."""
    account = read(request.query, ACCOUNT_QUERY)
    sent = await read_body(request, RejectionRequest, '{"by": "Li Wei", "note": "not ordered"}')
    by, note = recorded_actor(request, sent.by).strip(), sent.note.strip()
    if not 0 < len(by) <= LONGEST_NAME:
        raise ApiError("400 by does not say who rejects", f"a name, {LONGEST_NAME} characters")
    if not 0 < len(note) <= LONGEST_NOTE:
        raise ApiError("400 note does not say why", f"a reason, {LONGEST_NOTE} characters")
    number = request.match_info["number"]
    try:
        rejection = await reject_drift(services_of(request), number, by, note, account)
    except LookupError as error:
        expected = "a number that differs from its approved configuration"
        raise ApiError(f"409 {error}", expected, HTTPStatus.CONFLICT) from None
    if rejection is None:
        raise no_number()
    return json_response(rejection_view(rejection))


REJECTION_ROUTES = (
    Endpoint(
        "POST",
        "/api/numbers/{number}/baseline/rejections",
        reject_baseline_drift,
        "Reject everything in which a number differs from its approved configuration",
        RejectionView,
        query=ACCOUNT_QUERY,
        body=RejectionRequest,
        access=Access.OPERATOR,
        errors=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
    ),
)
