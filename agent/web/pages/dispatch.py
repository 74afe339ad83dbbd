"""The queue of what waits for whom, the most urgent first, with forms to take and to hand over."""

from typing import Final

from aiohttp import web

from agent.tickets.index_filter import NOBODY
from agent.web.authentication import actor_of
from agent.web.dispatch import ASSIGNEE, PAGE_SIZE, queue_page
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.list_page import ListPage
from agent.web.pages.rendering import BAD_REQUEST, HTML, page, reader_locale
from agent.web.parameters import OFFSET, read
from agent.web.privacy import viewer_mask
from agent.web.responses import ApiError
from agent.web.services import services_of
from agent.web.texts import PageTexts

_MOST_ASSIGNEES: Final = 200
_QUERY: Final = (LANG, ASSIGNEE, OFFSET)


async def dispatch_page(request: web.Request) -> web.Response:
    """The queue."""
    query = read(request.query, _QUERY)
    assignee, offset = query["assignee"].strip(), int(query["offset"])
    if viewer_mask(request)(assignee) != assignee:
        raise ApiError("400 a search for a phone needs the role operator", "a person's name")
    texts = PageTexts(reader_locale(request))
    rows, total = await queue_page(request, assignee, offset, texts)
    return await page(
        request,
        "dispatch.html",
        queue=ListPage(rows, total, PAGE_SIZE, offset),
        assignee=assignee,
        nobody=NOBODY,
        assignees=await services_of(request).tickets.index.assignees(_MOST_ASSIGNEES),
        actor=actor_of(request),
    )


ROUTES = (
    Endpoint(
        "GET",
        "/dispatch",
        dispatch_page,
        "What waits for whom, the most urgent first",
        HTML,
        query=_QUERY,
        errors=(BAD_REQUEST,),
    ),
)
"""The page of this module, for the route table."""
