"""``/api/numbers/{number}/reveal``: one phone in full, for a reason, and an entry in the audit log.

Everywhere else a person's phone is masked. Who has to call one is shown that one, and the entry is
stored before the answer leaves: a phone that nobody accounts for is shown to nobody.
"""

from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.checks.result import CheckResult
from agent.masking import mask_text
from agent.web.audit import LONGEST_REASON, record
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.numbers import ACCOUNT_QUERY, is_at
from agent.web.parameters import read
from agent.web.responses import ApiError, json_response, no_number
from agent.web.services import services_of

WHAT = "phone_revealed"
"""What the entry of the audit log says."""
_EXAMPLE = '{"binding": "b1", "reason": "the caller waits for a call back"}'


class Reveal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which phone is to be shown, and why."""

    binding: str
    """The phone's label, as ``/api/numbers/{number}`` has it."""
    reason: str
    """Why it has to be known."""


class RevealedPhone(msgspec.Struct, frozen=True):
    """A phone in full."""

    number: str
    binding: str
    phone: str


async def reveal(request: web.Request) -> web.Response:
    """Show one phone of a number in full."""
    account = read(request.query, ACCOUNT_QUERY)
    sent = await read_body(request, Reveal, _EXAMPLE)
    shown = await revealed(request, sent, account["provider"], account["account"])
    return json_response(shown, headers={"Cache-Control": "no-store"})


async def revealed(
    request: web.Request, sent: Reveal, provider: str, account: str
) -> RevealedPhone:
    """The phone that ``sent`` asks for, once the audit log has an entry about it.

    Raises:
        ApiError: when there is no such number or phone, or no reason is given.
        StoreError: when the entry cannot be stored.
    """
    number = request.match_info["number"]
    reason = sent.reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        error = "400 reason does not say why the phone has to be known"
        raise ApiError(error, f"a reason, {LONGEST_REASON} characters at most")
    result = _result(request, number, provider, account)
    phone = _phone(result, number, sent.binding)
    label = mask_text(sent.binding)
    snapshot = result.snapshot
    subject = f"{number} {label} ({snapshot.provider}/{snapshot.account})"
    await record(request, WHAT, subject, reason)
    return RevealedPhone(number, label, phone)


def _result(request: web.Request, number: str, provider: str, account: str) -> CheckResult:
    for result in services_of(request).check_results():
        if result.number_row(number) is not None and is_at(result, provider, account):
            return result
    raise no_number()


def _phone(result: CheckResult, number: str, label: str) -> str:
    bindings = result.bindings(number) or {}
    # Labels are shown masked, so that is how they come back.
    found = [it for name, it in bindings.items() if label in {name, mask_text(name)}]
    if len(found) != 1:
        fault = "has no such phone" if not found else "has several phones of this label"
        expected = "the label of a phone as /api/numbers/{number} lists it"
        raise ApiError(f"404 the number {fault}", expected, HTTPStatus.NOT_FOUND)
    return found[0].phone


REVEAL_ROUTES = (
    Endpoint(
        "POST",
        "/api/numbers/{number}/reveal",
        reveal,
        "Show one phone of a number in full; the audit log gets an entry",
        RevealedPhone,
        query=ACCOUNT_QUERY,
        body=Reveal,
        access=Access.OPERATOR,
        errors=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
"""The endpoint of this module, for the route table."""
