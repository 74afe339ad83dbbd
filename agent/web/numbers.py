"""``/api/numbers``: the numbers, filtered and paged, and one number with everything known of it."""

import asyncio
from dataclasses import replace

from aiohttp import web

from agent.checks.engine import CheckResult
from agent.states import Health
from agent.web.authentication import is_authorized
from agent.web.configuration import configuration_view
from agent.web.number_search import FILTERS, NUMBER_SEARCH, SORTS, NumberFilter, NumberSearch
from agent.web.number_views import number_detail, number_view
from agent.web.parameters import ACCOUNT, LIMIT, OFFSET, PROVIDER, Parameter, next_page, read
from agent.web.responses import large_json_response, no_number
from agent.web.services import WebServices, services_of
from agent.web.views import NumberDetail, NumberPage, NumberView

_HEALTHS_OF = {
    "true": (Health.OK,),
    "false": (Health.DOWN, Health.DEGRADED),
    "unknown": (Health.UNKNOWN,),
}
NUMBERS_QUERY = (
    LIMIT,
    OFFSET,
    *FILTERS,
    Parameter("healthy", "Only numbers that are, are not, or may be.", tuple(_HEALTHS_OF)),
    Parameter("sort", "The order of the numbers.", SORTS, default="account"),
)
ACCOUNT_QUERY = (PROVIDER, ACCOUNT)
"""Which account's number, where several accounts have it."""


def is_at(result: CheckResult, provider: str, account: str) -> bool:
    """Whether ``result`` is that of an account; an empty name matches all."""
    snapshot = result.snapshot
    return provider in ("", snapshot.provider) and account in ("", snapshot.account)


async def list_numbers(request: web.Request) -> web.Response:
    """Numbers, filtered, sorted and paged."""
    query = read(request.query, NUMBERS_QUERY)
    limit, offset = int(query["limit"]), int(query["offset"])
    filter_ = NumberFilter.of(query, masked=not is_authorized(request))
    if query["healthy"]:
        filter_ = replace(filter_, health=_HEALTHS_OF[query["healthy"]])
    total, _, items = await asyncio.to_thread(
        find_numbers,
        services_of(request),
        request.app[NUMBER_SEARCH],
        filter_,
        query["sort"],
        limit,
        offset,
    )
    following = next_page(request, total, limit, offset)
    return await large_json_response(NumberPage(total, limit, offset, following, items))


def find_numbers(
    services: WebServices,
    search: NumberSearch,
    filter_: NumberFilter,
    sort: str,
    limit: int,
    offset: int,
) -> tuple[int, dict[str, int], list[NumberView]]:
    """How many numbers match, how many of each health, and one page of them."""
    now = services.clock()
    selection = search.select(services.healths(now), filter_, sort, limit, offset, now)
    items = [number_view(health, row, now) for health, row in selection.page]
    return selection.total, selection.counts, items


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
