"""A number's page: how it is, what its configuration means for callers, what goes wrong."""

import asyncio

from aiohttp import web

from agent.web.api import NUMBER_PLACE, find_number
from agent.web.keys import state_of
from agent.web.language import LANG
from agent.web.pages import page
from agent.web.parameters import read

_ASKED = (LANG, *NUMBER_PLACE)


async def show(request: web.Request) -> web.Response:
    """The page, in the reader's language."""
    asked = read(request.query, _ASKED)
    state = state_of(request)
    number = request.match_info["number"]
    detail = await asyncio.to_thread(
        find_number, state, number, asked["provider"], asked["account"]
    )
    return await page(request, "number.html", asked["lang"], number=detail)
