"""``/api/numbers``: the numbers, filtered and paged, and one number with everything known of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from agent.checks.engine import CheckResult
from agent.health.account import AccountHealth
from agent.health.rule import HEALTHS
from agent.states import Health, NumberState
from agent.web.configuration import configuration_view
from agent.web.number_views import number_detail, number_view
from agent.web.parameters import ACCOUNT, LIMIT, OFFSET, PROVIDER, Parameter, next_page, read
from agent.web.responses import large_json_response, no_number
from agent.web.services import WebServices, services_of
from agent.web.views import NumberDetail, NumberPage, NumberView

_HEALTHS_OF = {
    "": HEALTHS,
    "true": (Health.OK,),
    "false": (Health.DOWN, Health.DEGRADED),
    "unknown": (Health.UNKNOWN,),
}
NUMBERS_QUERY = (
    LIMIT,
    OFFSET,
    PROVIDER,
    ACCOUNT,
    Parameter("state", "Only numbers in this state.", tuple(map(str, NumberState))),
    Parameter("healthy", "Only numbers that are, are not, or may be.", tuple(_HEALTHS_OF)[1:]),
)
ACCOUNT_QUERY = (PROVIDER, ACCOUNT)
"""Which account's number, where several accounts have it."""


@dataclass(frozen=True)
class NumberFilter:
    """Which numbers to list; an empty name matches all."""

    state: NumberState | None = None
    provider: str = ""
    account: str = ""
    health: tuple[Health, ...] = HEALTHS

    def matches_account(self, result: CheckResult) -> bool:
        """Whether numbers of this account are to be listed."""
        return is_at(result, self.provider, self.account)


def is_at(result: CheckResult, provider: str, account: str) -> bool:
    """Whether ``result`` is that of an account; an empty name matches all."""
    snapshot = result.snapshot
    return provider in ("", snapshot.provider) and account in ("", snapshot.account)


async def list_numbers(request: web.Request) -> web.Response:
    """Numbers, filtered and paged."""
    query = read(request.query, NUMBERS_QUERY)
    limit, offset = int(query["limit"]), int(query["offset"])
    filter_ = NumberFilter(
        NumberState(query["state"]) if query["state"] else None,
        query["provider"],
        query["account"],
        _HEALTHS_OF[query["healthy"]],
    )
    total, items = await asyncio.to_thread(_page, services_of(request), filter_, limit, offset)
    following = next_page(request, total, limit, offset)
    return await large_json_response(NumberPage(total, limit, offset, following, items))


def _page(
    services: WebServices, filter_: NumberFilter, limit: int, offset: int
) -> tuple[int, list[NumberView]]:
    now = services.clock()
    return select(services.healths(now), filter_, limit, offset, now)


def select(
    healths: Sequence[AccountHealth], filter_: NumberFilter, limit: int, offset: int, now: float
) -> tuple[int, list[NumberView]]:
    """How many numbers match, and one page of them, account by account and by number."""
    total, views = 0, list[NumberView]()
    for health in healths:
        if not filter_.matches_account(health.result):
            continue
        rows = health.rows(*filter_.health, state=filter_.state)
        start = max(0, offset - total)
        page = rows[start : start + limit - len(views)]
        views += [number_view(health, row, now) for row in page.tolist()]
        total += rows.size
    return total, views


async def show_number(request: web.Request) -> web.Response:
    """One number with everything known of it."""
    query = read(request.query, ACCOUNT_QUERY)
    number = request.match_info["number"]
    detail = await asyncio.to_thread(
        find_number, services_of(request), number, query["provider"], query["account"]
    )
    return await large_json_response(detail)


def find_number(services: WebServices, number: str, provider: str, account: str) -> NumberDetail:
    """One number with everything known of it, at the first account that matches.

    Raises:
        ApiError: when no account has it.
    """
    now = services.clock()
    holders = [it for it in services.check_results() if it.number_row(number) is not None]
    chosen = next((it for it in holders if is_at(it, provider, account)), None)
    row = None if chosen is None else chosen.number_row(number)
    if chosen is None or row is None:
        raise no_number()
    others = [it for it in holders if it is not chosen]
    configuration = configuration_view(chosen, row, now, services.settings())
    return number_detail(services.fleet_health.of(chosen, now), row, now, others, configuration)
