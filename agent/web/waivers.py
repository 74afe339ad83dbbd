"""Waiving lints of a number until a day, and ``/api/numbers/{number}/waivers``."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from agent.i18n import Message
from agent.lints import LINTS
from agent.lints.waivers import OperatorWaiver, WaiverStore
from agent.masking import mask_text
from agent.tickets.document import stamp
from agent.web.authentication import recorded_actor
from agent.web.baselines import LONGEST_NAME, LONGEST_NOTE
from agent.web.bodies import read_body
from agent.web.endpoint import Access, Endpoint
from agent.web.responses import ApiError, json_response, no_number
from agent.web.services import WebServices, services_of

LONGEST_DAYS = 730
"""Days that a waiver may last: whoever answers for a finding looks at it again some day."""
MOST_WAIVERS = 100
"""Waivers in force at one number."""
_NO_NAME: Final = Message("Not waived: say who answers for it, in at most {count} characters.")
_NO_REASON: Final = Message("Not waived: say why, in at most {count} characters.")
_NO_DAY: Final = Message("Not waived: the last day must be a date from today to {until}.")
_NO_LINT: Final = Message("Not waived: there is no such finding about a number.")
_TOO_MANY: Final = Message("Not waived: this number has {count} waivers; withdraw some first.")
_NOT_IN_FORCE: Final = Message("Not withdrawn: this waiver is not in force any more.")
_API_LOCALE = "en"
"""Errors of the API are read by programs and whoever writes them."""
_EXAMPLE = '{"lint": "L06", "by": "Li Wei", "reason": "night desk", "until": "2027-01-31"}'


class WaiverRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A waiver of one lint of a number."""

    lint: str
    by: str
    """Who answers for it."""
    reason: str
    until: str
    """The last day on which it applies, in ISO 8601."""


class WithdrawalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A waiver is withdrawn."""

    by: str


class WaiverView(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver that nobody has withdrawn."""

    id: int
    lint: str
    by: str
    reason: str
    written_at: str | None
    until: str


class WaiverList(msgspec.Struct, frozen=True):
    """The waivers of a number that nobody has withdrawn, expired ones included."""

    items: tuple[WaiverView, ...]


async def waive_lint(
    services: WebServices, number: str, sent: WaiverRequest
) -> Message | OperatorWaiver:
    """Put a waiver into force; returns it, or what is wrong with ``sent``.

    Raises:
        StoreError: when the store cannot be written; nothing is waived then.
    """
    waivers = store_of(services)
    now = services.clock()
    today = datetime.fromtimestamp(now, ZoneInfo(services.settings().timezone)).date()
    problem = _problem(sent, today)
    if problem is None and len(waivers.of(number)) >= MOST_WAIVERS:
        problem = _TOO_MANY.with_values(count=MOST_WAIVERS)
    if problem is not None:
        return problem
    return await waivers.waive(
        OperatorWaiver(
            lint=sent.lint,
            number=number,
            reason=sent.reason,
            author=sent.by,
            written_at=now,
            until=sent.until,
        )
    )


async def withdraw_waiver(
    services: WebServices, number: str, identity: str, by: str
) -> Message | None:
    """Withdraw a waiver; returns what is wrong with the request, if anything.

    Raises:
        StoreError: when the store cannot be written; the waiver stays in force then.
    """
    if not by or len(by) > LONGEST_NAME:
        return _NO_NAME.with_values(count=LONGEST_NAME)
    is_id = identity.isascii() and identity.isdigit() and len(identity) <= len(str(2**31))
    if not is_id or not await store_of(services).withdraw(number, int(identity), by):
        return _NOT_IN_FORCE
    return None


def known_number(services: WebServices, number: str) -> str:
    """``number``, which some account has.

    Raises:
        ApiError: when none has: nothing can be waived there.
    """
    if not any(result.number_row(number) is not None for result in services.check_results()):
        raise no_number()
    return number


def store_of(services: WebServices) -> WaiverStore:
    """The store of waivers."""
    if services.waivers is None:
        raise no_number()
    return services.waivers


def _problem(sent: WaiverRequest, today: date) -> Message | None:
    """The first thing that is wrong with a waiver."""
    lint = LINTS.get(sent.lint)
    if lint is None or lint.of_account:
        return _NO_LINT
    if not sent.by or len(sent.by) > LONGEST_NAME:
        return _NO_NAME.with_values(count=LONGEST_NAME)
    if not 0 < len(sent.reason) <= LONGEST_NOTE:
        return _NO_REASON.with_values(count=LONGEST_NOTE)
    latest = today + timedelta(days=LONGEST_DAYS)
    until = _date(sent.until)
    if until is None or not today <= until <= latest:
        return _NO_DAY.with_values(until=latest.isoformat())
    return None


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Other forms of ISO 8601 are dates, too, but are stored and compared as this one.
    return day if day.isoformat() == text else None


async def list_waivers(request: web.Request) -> web.Response:
    """The waivers of a number."""
    services = services_of(request)
    number = known_number(services, request.match_info["number"])
    return json_response(WaiverList(tuple(map(_view, store_of(services).of(number)))))


async def write_waiver(request: web.Request) -> web.Response:
    """Waive a lint of a number until a day."""
    services = services_of(request)
    number = known_number(services, request.match_info["number"])
    sent = await read_body(request, WaiverRequest, _EXAMPLE)
    by = recorded_actor(request, sent.by).strip()
    sent = msgspec.structs.replace(sent, by=by, reason=sent.reason.strip())
    waiver = await waive_lint(services, number, sent)
    if isinstance(waiver, Message):
        raise ApiError(f"400 {waiver.text(_API_LOCALE)}", f"a body such as {_EXAMPLE}")
    return json_response(_view(waiver))


async def end_waiver(request: web.Request) -> web.Response:
    """Withdraw a waiver of a number; what it waived counts again."""
    services = services_of(request)
    number = known_number(services, request.match_info["number"])
    sent = await read_body(request, WithdrawalRequest, '{"by": "Li Wei"}')
    identity, by = request.match_info["waiver"], recorded_actor(request, sent.by).strip()
    problem = await withdraw_waiver(services, number, identity, by)
    if problem is not None:
        expected = "who withdraws it, and the id of a waiver that the number has"
        raise ApiError(f"409 {problem.text(_API_LOCALE)}", expected, HTTPStatus.CONFLICT)
    return json_response(WaiverList(tuple(map(_view, store_of(services).of(number)))))


def _view(waiver: OperatorWaiver) -> WaiverView:
    return WaiverView(
        id=waiver.id,
        lint=waiver.lint,
        by=waiver.author,
        reason=mask_text(waiver.reason),
        written_at=stamp(waiver.written_at),
        until=waiver.until,
    )


_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
_BODY_REFUSALS = (*_REFUSALS, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_PATH = "/api/numbers/{number}/waivers"

WAIVER_ROUTES = (
    Endpoint("GET", _PATH, list_waivers, "The waivers of a number", WaiverList, errors=_REFUSALS),
    Endpoint(
        "POST",
        _PATH,
        write_waiver,
        "Waive a lint of a number until a day",
        WaiverView,
        body=WaiverRequest,
        access=Access.OPERATOR,
        errors=_BODY_REFUSALS,
    ),
    Endpoint(
        "POST",
        f"{_PATH}/{{waiver}}/withdrawal",
        end_waiver,
        "Withdraw a waiver of a number; what it waived counts again",
        WaiverList,
        body=WithdrawalRequest,
        access=Access.OPERATOR,
        errors=(*_BODY_REFUSALS, HTTPStatus.CONFLICT),
    ),
)
