"""The list of all numbers: searched, filtered, sorted and paged on the server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from agent.health.rule import WORST_FIRST
from agent.states import Grade, NumberState
from agent.web.authentication import is_authorized
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.number_search import (
    FILTERS,
    MARK_CHOICES,
    NO,
    NUMBER_SEARCH,
    SORTS,
    TROUBLE,
    YES,
    NumberFilter,
    NumberSearch,
)
from agent.web.number_views import number_view
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.services import WebServices, services_of
from agent.web.views import NumberView

PAGE_LIMIT = Parameter("limit", "Numbers on one page.", least=1, most=200, default="50")
NUMBERS_PAGE_QUERY = (
    LANG,
    PAGE_LIMIT,
    OFFSET,
    *FILTERS,
    Parameter("sort", "The order of the numbers.", SORTS[:-1], default=SORTS[0]),
)


@dataclass(frozen=True)
class NumberList:
    """One page of the list, and what can be chosen."""

    total: int
    limit: int
    offset: int
    items: list[NumberView]
    counts: dict[str, int]
    """How many numbers of each health match all else that is chosen."""
    carriers: list[str]
    accounts: list[tuple[str, str]]

    @property
    def all_healths(self) -> int:
        """How many numbers match all else that is chosen."""
        return sum(self.counts.values())

    @property
    def in_trouble(self) -> int:
        """How many of these are not ok."""
        return self.all_healths - self.counts["ok"]


async def numbers_page(request: web.Request) -> web.Response:
    """The numbers that match, worst first unless something else is chosen."""
    query = read(request.query, NUMBERS_PAGE_QUERY)
    view = await asyncio.to_thread(
        _number_list,
        services_of(request),
        request.app[NUMBER_SEARCH],
        query,
        masked=not is_authorized(request),
    )
    defaults = {it.name: it.default for it in NUMBERS_PAGE_QUERY}
    chosen = {
        name: value
        for name, value in query.items()
        if value != defaults[name] and name not in ("lang", "offset")
    }
    return await page(
        request,
        "numbers.html",
        view=view,
        query=query,
        chosen=chosen,
        states=list(NumberState),
        grades=list(Grade),
        healths=(*WORST_FIRST[:-1], TROUBLE, WORST_FIRST[-1]),
        marks=tuple(MARK_CHOICES),
        yes_no=(YES, NO),
    )


def _number_list(
    services: WebServices, search: NumberSearch, query: Mapping[str, str], *, masked: bool
) -> NumberList:
    limit, offset = int(query["limit"]), int(query["offset"])
    filter_ = NumberFilter.of(query, masked=masked)
    now = services.clock()
    healths = services.healths(now)
    found = search.select(healths, filter_, query["sort"], limit, offset, now)
    items = [number_view(health, row, now) for health, row in found.page]
    carriers, accounts = search.carriers(healths), services.accounts()
    return NumberList(found.total, limit, offset, items, found.counts, carriers, accounts)


ROUTES = (
    Endpoint(
        "GET",
        "/numbers",
        numbers_page,
        "All numbers, filtered and sorted",
        HTML,
        query=NUMBERS_PAGE_QUERY,
        errors=(BAD_REQUEST,),
    ),
)
"""The page of this module, for the route table."""
