"""The forms that decide on a number's drift: the configuration is approved, or rejected."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from agent.i18n import Message
from agent.web.authentication import recorded_actor
from agent.web.baselines import LONGEST_NAME, LONGEST_NOTE
from agent.web.forms import read_form
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.pages.number.notices import FORM_QUERY, back_to_number
from agent.web.pages.number.page import RefusedForm, show_number
from agent.web.parameters import read
from agent.web.rejections import reject_drift
from agent.web.responses import no_number
from agent.web.services import WebServices, services_of

_NO_NAME: Final = Message("Say who decides: a name of at most {count} characters.")
_NO_NOTE: Final = Message("Say why, in at most {count} characters.")
_NOTHING_DIFFERS: Final = Message("Not rejected: nothing differs from the baseline any more.")
_INCOMPLETE: Final = Message(
    "Not approved: the configuration has not been read completely yet. See below what was not read."
)


async def decide(request: web.Request) -> web.Response:
    """Approve or reject the number's configuration; a refused form is shown with what is wrong."""
    query = read(request.query, FORM_QUERY)
    sent = dict(await read_form(request))
    decision = "reject" if sent.get("decision") == "reject" else "approve"
    refused = _check(request, decision, sent) or await _carry_out(request, decision, sent, query)
    if refused is not None:
        return await show_number(request, query["provider"], query["account"], refused=refused)
    raise back_to_number(request, query, {"approve": "approved", "reject": "rejected"}[decision])


def _check(request: web.Request, decision: str, sent: dict[str, str]) -> RefusedForm | None:
    by = recorded_actor(request, sent.get("by", "")).strip()
    note = sent.get("note", "").strip()
    if not by or len(by) > LONGEST_NAME:
        return RefusedForm(decision, _NO_NAME.with_values(count=LONGEST_NAME), sent)
    if not note or len(note) > LONGEST_NOTE:
        return RefusedForm(decision, _NO_NOTE.with_values(count=LONGEST_NOTE), sent)
    return None


async def _carry_out(
    request: web.Request, decision: str, sent: dict[str, str], query: dict[str, str]
) -> RefusedForm | None:
    number = request.match_info["number"]
    account = {it.name: query[it.name] for it in ACCOUNT_QUERY}
    by, note = recorded_actor(request, sent["by"]).strip(), sent["note"].strip()
    act = _reject if decision == "reject" else _approve
    try:
        is_done = await act(services_of(request), number, by, note, account)
    except LookupError:
        problem = _NOTHING_DIFFERS if decision == "reject" else _INCOMPLETE
        return RefusedForm(decision, problem, sent, HTTPStatus.CONFLICT)
    if not is_done:
        raise no_number()
    return None


async def _approve(
    services: WebServices, number: str, by: str, note: str, account: dict[str, str]
) -> bool:
    """Whether an account has the number, whose configuration is approved then.

    Raises:
        LookupError: when the configuration is not completely known.
    """
    if services.baselines is None:
        return False
    return await services.baselines.approve(number, by, note, **account) is not None


async def _reject(
    services: WebServices, number: str, by: str, note: str, account: dict[str, str]
) -> bool:
    """Whether an account has the number, whose drift is rejected then, also in its open ticket.

    Raises:
        LookupError: when nothing differs.
    """
    return await reject_drift(services, number, by, note, account) is not None
