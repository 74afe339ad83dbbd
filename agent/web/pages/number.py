"""A number's page: its state, what its configuration means for callers, what is wrong."""

import asyncio

from aiohttp import web

from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.numbers import ACCOUNT_QUERY, find_number
from agent.web.pages.rendering import BAD_REQUEST, HTML, NOT_FOUND, page
from agent.web.parameters import read
from agent.web.services import services_of

NUMBER_PAGE_QUERY = (LANG, *ACCOUNT_QUERY)


async def number_page(request: web.Request) -> web.Response:
    """A number's page."""
    query = read(request.query, NUMBER_PAGE_QUERY)
    number = request.match_info["number"]
    detail = await asyncio.to_thread(
        find_number, services_of(request), number, query["provider"], query["account"]
    )
    return await page(request, "number.html", number=detail)


ROUTES = (
    Endpoint(
        "GET",
        "/numbers/{number}",
        number_page,
        "A number's page",
        HTML,
        query=NUMBER_PAGE_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
)
"""The page of this module, for the route table."""
