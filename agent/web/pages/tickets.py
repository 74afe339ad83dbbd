"""The list of tickets: by stage or by urgency, filtered and paged on the server, with views."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web
from msgspec.structs import replace

from agent.net.scrub import scrub
from agent.states import Cause, Grade, Party, Scope, Severity, Stage
from agent.tickets.index import IndexPage, is_open
from agent.tickets.index_filter import IndexFilter, TicketState
from agent.tickets.saved_views import MOST_VIEWS, SavedView, TooManyViewsError
from agent.web.authentication import actor_of, recorded_actor
from agent.web.endpoint import Endpoint
from agent.web.forms import read_form
from agent.web.language import LANG
from agent.web.pages.form_endpoint import form_endpoint
from agent.web.pages.list_page import ListPage
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, HTML, page, reader_locale
from agent.web.pages.ticket_filters import (
    DEFAULT_VIEWS,
    PAGE_SIZE,
    TICKETS_QUERY,
    chosen,
    read_query,
    selection_of,
    stored_query,
)
from agent.web.pages.ticket_rows import TicketRow, ticket_rows
from agent.web.parameters import read
from agent.web.privacy import viewer_mask
from agent.web.responses import ApiError
from agent.web.services import services_of

CARDS = 12
"""Tickets shown of each stage on the board; a link leads to the others."""
_MOST_ASSIGNEES = 200
_LONGEST_NAME = 60
_SEARCHED = ("number", "company", "assignee", "text")
_STAGES = (
    *(Stage.DETECTED, Stage.DIAGNOSING, Stage.REOPENED, Stage.REPORTED, Stage.ACCEPTED),
    *(Stage.CARRIER_ESCALATED, Stage.DISPATCHED, Stage.ON_SITE, Stage.OBSERVING),
    *(Stage.SUPPRESSED, Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED),
    *(Stage.CLOSED, Stage.REJECTED),
)
"""The columns of the board, in the order in which a ticket goes through them."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "stage": tuple(map(str, _STAGES)),
    "severity": tuple(map(str, Severity)),
    "grade": tuple(map(str, Grade)),
    "scope": tuple(map(str, Scope)),
    "cause": tuple(map(str, Cause)),
    "party": tuple(map(str, Party)),
}


@dataclass(frozen=True)
class Column:
    """One stage of the board."""

    stage: Stage
    total: int
    items: list[TicketRow]


async def tickets_page(request: web.Request) -> web.Response:
    """The list or the board."""
    query = read_query(request.query)
    return await _page(request, query)


async def save_view(request: web.Request) -> web.Response:
    """Store what is chosen under a name, or delete the view with that name."""
    lang = read(request.query, (LANG,))["lang"]
    form = dict(await read_form(request))
    name = scrub(form.get("name", ""), _LONGEST_NAME).strip()
    query = stored_query(form.get("query", ""))
    if not name:
        raise ApiError("400 the name is missing", "a name for the view")
    views = services_of(request).tickets.views
    if form.get("delete"):
        await views.delete(name)
    else:
        try:
            await views.save(SavedView(name, query, recorded_actor(request, "")))
        except TooManyViewsError:
            expected = f"at most {MOST_VIEWS} views: delete one first"
            raise ApiError("409 there are too many views", expected, HTTPStatus.CONFLICT) from None
    raise web.HTTPSeeOther(Links(lang).address("/tickets", **dict(parse_qsl(query))))


async def _page(request: web.Request, query: Mapping[str, str]) -> web.Response:
    services, now = services_of(request), services_of(request).clock()
    _refuse_guesses(request, query)
    selection = selection_of(query, actor_of(request), now)
    stages = await services.tickets.index.stages(selection, now)
    columns: list[Column] = []
    tickets = None
    if query["view"] == "board":
        columns = await _columns(request, selection, stages)
    else:
        tickets = await _list(request, selection, int(query["offset"]))
    return await page(
        request,
        "tickets.html",
        query=query,
        chosen=chosen(query),
        is_filtered=bool(chosen(query).keys() - {"view", "state"}),
        total=sum(stages.values()),
        stages=[(stage, stages[stage]) for stage in _STAGES if stage in stages],
        columns=columns,
        tickets=tickets,
        actor=actor_of(request),
        default_views=DEFAULT_VIEWS,
        saved_views=[
            (view, dict(parse_qsl(view.query))) for view in await services.tickets.views.all()
        ],
        choices={**_CHOICES, **await _present_choices(request)},
    )


async def _present_choices(request: web.Request) -> dict[str, list[str]]:
    """The choices that depend on the configuration and on the open tickets."""
    services = services_of(request)
    return {
        "provider": [provider.name for provider in services.settings().providers],
        "account": sorted({account for _, account in services.accounts()}),
        "assignee": await services.tickets.index.assignees(_MOST_ASSIGNEES),
    }


async def _list(request: web.Request, selection: IndexFilter, offset: int) -> ListPage[TicketRow]:
    services, now = services_of(request), services_of(request).clock()
    found = await services.tickets.index.page(selection, now, PAGE_SIZE, offset)
    rows = await asyncio.to_thread(ticket_rows, found.tickets, now, reader_locale(request))
    return ListPage(rows, found.total, PAGE_SIZE, offset)


async def _columns(
    request: web.Request, selection: IndexFilter, stages: Mapping[Stage, int]
) -> list[Column]:
    services, now = services_of(request), services_of(request).clock()

    async def column(stage: Stage) -> Column:
        state = TicketState.OPEN if is_open(stage) else TicketState.CLOSED
        one = replace(selection, stage=stage.value, state=state)
        found: IndexPage = await services.tickets.index.page(one, now, CARDS)
        rows = await asyncio.to_thread(ticket_rows, found.tickets, now, reader_locale(request))
        return Column(stage, stages[stage], rows)

    return [await column(stage) for stage in _STAGES if stage in stages]


def _refuse_guesses(request: web.Request, query: Mapping[str, str]) -> None:
    """Refuse a search for a phone that the reader may not see: a hit would say that it is right.

    Raises:
        ApiError: when there is one.
    """
    mask = viewer_mask(request)
    if any(mask(query[name]) != query[name] for name in _SEARCHED):
        raise ApiError(
            "400 a search for a phone needs the role operator", "a number that is watched"
        )


ROUTES = (
    Endpoint(
        "GET",
        "/tickets",
        tickets_page,
        "The list of tickets",
        HTML,
        query=TICKETS_QUERY,
        errors=(BAD_REQUEST,),
    ),
    form_endpoint(
        "/tickets/views",
        save_view,
        "Save a view of the list of tickets, or delete one",
        errors=(BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    ),
)
"""The pages of this module, for the route table."""
