"""The JSON API: reading only."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from agent.checks.engine import CheckResult
from agent.masking import mask_text
from agent.model import Verdict
from agent.states import NumberState, Severity, Stage
from agent.tickets.document import document
from agent.tickets.ledger import Filter
from agent.web.accounts import account_views
from agent.web.configured import configured_view
from agent.web.encoding import json_response, large_json_response
from agent.web.health import HEALTHS, classify_health
from agent.web.keys import state_of
from agent.web.numbers import Wanted, number_detail, select
from agent.web.parameters import Parameter, read
from agent.web.problem import ApiError
from agent.web.state import WebState
from agent.web.views import AccountList, Health, NumberDetail, NumberPage, NumberView

MOST_ITEMS = 1000
MOST_MEMBERS = 1000
"""Members shown of a ticket in a list; the ticket itself shows all."""

LIMIT = Parameter("limit", "The most items to give.", least=1, most=MOST_ITEMS, default="100")
OFFSET = Parameter("offset", "Items to pass over.", least=0, most=100_000_000, default="0")
PROVIDER = Parameter("provider", "Only what is at this provider.")
ACCOUNT = Parameter("account", "Only what is at this account.")
HEALTH = {
    "": HEALTHS,
    "true": (Health.OK,),
    "false": (Health.DOWN, Health.DEGRADED),
    "unknown": (Health.UNKNOWN,),
}
NUMBER_PARAMETERS = (
    LIMIT,
    OFFSET,
    PROVIDER,
    ACCOUNT,
    Parameter("state", "Only numbers in this state.", tuple(map(str, NumberState))),
    Parameter("healthy", "Only numbers that are, are not, or may be.", tuple(HEALTH)[1:]),
)
OPEN = {"": None, "true": True, "false": False}
TICKET_PARAMETERS = (
    LIMIT,
    OFFSET,
    Parameter("open", "Only tickets that still stand, or only those that do not.", tuple(OPEN)[1:]),
    Parameter("stage", "Only tickets in this stage.", tuple(map(str, Stage))),
    Parameter("severity", "Only tickets of this severity.", tuple(map(str, Severity))),
    Parameter("symptom", "Only tickets of this family of symptoms."),
    PROVIDER,
    ACCOUNT,
    Parameter("number", "Only tickets on this number."),
)
NUMBER_PLACE = (PROVIDER, ACCOUNT)
TICKET = Parameter("ticket", "Only the dead letters of this ticket.")
CALLER = Parameter("caller", "The phone that calls, as the number sees it.")


def next_page(request: web.Request, total: int, limit: int, offset: int) -> str | None:
    """The address of the stretch after this one; ``None`` at the end."""
    if offset + limit >= total:
        return None
    return f"{request.path}?{urlencode({**request.query, 'offset': str(offset + limit)})}"


async def numbers(request: web.Request) -> web.Response:
    """Numbers, filtered and paged."""
    state = state_of(request)
    given = read(request.query, NUMBER_PARAMETERS)
    limit, offset = int(given["limit"]), int(given["offset"])
    wanted = Wanted(
        NumberState(given["state"]) if given["state"] else None,
        given["provider"],
        given["account"],
        HEALTH[given["healthy"]],
    )
    total, items = await asyncio.to_thread(_select, state, wanted, limit, offset)
    following = next_page(request, total, limit, offset)
    return await large_json_response(NumberPage(total, limit, offset, following, items))


def _select(
    state: WebState, wanted: Wanted, limit: int, offset: int
) -> tuple[int, list[NumberView]]:
    now = state.clock()
    healths = [classify_health(checked, now) for checked in state.all_checked()]
    return select(healths, wanted, limit, offset, now)


async def number(request: web.Request) -> web.Response:
    """One number with everything known of it."""
    given = read(request.query, NUMBER_PLACE)
    found = await asyncio.to_thread(
        find_number,
        state_of(request),
        request.match_info["number"],
        given["provider"],
        given["account"],
    )
    return await large_json_response(found)


def find_number(state: WebState, number: str, provider: str, account: str) -> NumberDetail:
    """One number with everything known of it.

    Raises:
        Problem: when no account has it.
    """
    now = state.clock()
    holders = [each for each in state.all_checked() if each.number_row(number) is not None]
    chosen = next((each for each in holders if _is_at(each, provider, account)), None)
    row = None if chosen is None else chosen.number_row(number)
    if chosen is None or row is None:
        expected = "a number listed at /api/numbers"
        raise ApiError("404 no account has this number", expected, HTTPStatus.NOT_FOUND)
    others = [each for each in holders if each is not chosen]
    configured = configured_view(chosen, row, now, state.settings())
    return number_detail(classify_health(chosen, now), row, now, others, configured)


def _is_at(checked: CheckResult, provider: str, account: str) -> bool:
    snapshot = checked.snapshot
    return provider in ("", snapshot.provider) and account in ("", snapshot.account)


async def accounts(request: web.Request) -> web.Response:
    """Every configured account."""
    read(request.query, ())
    state = state_of(request)
    views = await asyncio.to_thread(account_views, state, state.clock())
    return await large_json_response(AccountList(views))


@dataclass(frozen=True)
class _TicketPage:
    """A stretch of the tickets that fit."""

    total: int
    limit: int
    offset: int
    next: str | None
    items: list[dict[str, object]]


async def tickets(request: web.Request) -> web.Response:
    """Tickets, filtered and paged, newest first."""
    state = state_of(request)
    given = read(request.query, TICKET_PARAMETERS)
    limit, offset = int(given.pop("limit")), int(given.pop("offset"))
    wanted = Filter(open=OPEN[given.pop("open")], **given)
    page = await state.tickets.list(wanted, limit, offset)
    now = state.clock()
    items = [document(ticket, now) for ticket in page.tickets]
    for item in items:
        item["members_total"] = len(item["members"])
        item["members"] = item["members"][:MOST_MEMBERS]
    following = next_page(request, page.total, limit, offset)
    return await large_json_response(_TicketPage(page.total, limit, offset, following, items))


async def ticket(request: web.Request) -> web.Response:
    """One ticket with its members and timeline."""
    read(request.query, ())
    state = state_of(request)
    found = await state.tickets.get(request.match_info["id"])
    if found is None:
        expected = "the id of a ticket listed at /api/tickets"
        raise ApiError("404 there is no such ticket", expected, HTTPStatus.NOT_FOUND)
    return await large_json_response(await asyncio.to_thread(document, found, state.clock()))


@dataclass(frozen=True)
class _Replayed:
    """How many deliveries were queued again."""

    replayed: int


async def replay(request: web.Request) -> web.Response:
    """Queue dead letters for delivery again: those of one ticket, or all of them."""
    ticket_id = read(request.query, (TICKET,))["ticket"]
    return json_response(_Replayed(await state_of(request).replay(ticket_id or None)))


def masked(verdict: Verdict) -> Verdict:
    """``verdict`` without anyone's phone in its evidence."""
    evidence = tuple(
        msgspec.structs.replace(each, value=mask_text(each.value)) for each in verdict.evidence
    )
    return msgspec.structs.replace(verdict, evidence=evidence)


async def diagnose(request: web.Request) -> web.Response:
    """Why a number cannot be reached, whose job that is, and what to do next."""
    caller = read(request.query, (CALLER,))["caller"]
    verdict = await state_of(request).diagnose(request.match_info["number"], caller or None)
    if verdict is None:
        expected = "a number listed at /api/numbers"
        raise ApiError("404 no account has this number", expected, HTTPStatus.NOT_FOUND)
    return await large_json_response(masked(verdict))
