"""The page of the sinks: what waits at each and why, and dead letters to be sent again."""

from http import HTTPStatus

from aiohttp import web

from agent.config.web import Role
from agent.tickets.outbox.overview import DeadLetter
from agent.web.audit import record_replay
from agent.web.authentication import actor_of, role_of
from agent.web.endpoint import Access, Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.list_page import ListPage
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.services import services_of
from agent.web.sink_views import sink_rows

MOST_DEAD_LETTERS = 100
"""Dead letters of one page of the list."""
SINKS_QUERY = (
    LANG,
    OFFSET,
    Parameter("replayed", "How many were queued again.", least=0, most=10**9),
)


async def sinks_page(request: web.Request) -> web.Response:
    """The page of the sinks and of what waits for them."""
    query = read(request.query, SINKS_QUERY)
    services, offset = services_of(request), int(query["offset"])
    kinds = {sink.name: sink.kind for sink in services.settings().sinks}
    deliveries, now = services.deliveries, services.clock()
    statuses = () if deliveries is None else deliveries.statuses()
    queues = {} if deliveries is None else await deliveries.queues()
    total, letters = (0, []) if deliveries is None else await _letters(request, offset)
    return await page(
        request,
        "sinks.html",
        sinks=sink_rows(kinds, statuses, queues, now),
        letters=ListPage(letters, total, MOST_DEAD_LETTERS, offset),
        replayed=query["replayed"],
        can_replay=_may_replay(request),
        now=now,
    )


async def _letters(request: web.Request, offset: int) -> tuple[int, list[DeadLetter]]:
    deliveries = services_of(request).deliveries
    assert deliveries is not None
    return await deliveries.dead_letters(MOST_DEAD_LETTERS, offset)


def _may_replay(request: web.Request) -> bool:
    """Whether to show the forms: not to somebody who has logged in and may not use them."""
    return role_of(request) is Role.ADMINISTRATOR or not actor_of(request)


async def replay_form(request: web.Request) -> web.Response:
    """Queue the dead letters of a ticket, or all, again; then show the page."""
    lang = read(request.query, (LANG,))["lang"]
    ticket = dict(await read_form(request)).get("ticket", "")
    count = await services_of(request).replay(ticket or None)
    await record_replay(request, ticket, count)
    raise web.HTTPSeeOther(Links(lang).address("/sinks", replayed=str(count)))


ROUTES = (
    Endpoint(
        "GET",
        "/sinks",
        sinks_page,
        "The sinks, what waits for them, and dead letters",
        HTML,
        query=SINKS_QUERY,
        errors=(BAD_REQUEST,),
    ),
    form_endpoint(
        "/sinks/replay",
        replay_form,
        "Queue dead letters for delivery again, with a form of the page",
        access=Access.ADMINISTRATOR,
        errors=(BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    ),
)
"""The pages of this module, for the route table."""
