"""The home page: how the fleet is, what is broken, and whose job it is."""

import asyncio

from aiohttp import web

from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.overview import MOST_BLIND_SPOTS, Overview, overview
from agent.web.pages.rendering import BAD_REQUEST, HTML, page, reader_locale
from agent.web.pages.ticket_rows import ticket_rows
from agent.web.parameters import read
from agent.web.services import WebServices, services_of

OVERVIEW_SECONDS = 1.0
"""How long one overview serves all readers."""


class OverviewCache:
    """Computes the home page's overview; concurrent readers share one."""

    def __init__(self) -> None:
        self._overview: Overview | None = None
        self._computed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, services: WebServices) -> Overview:
        """The newest overview, at most ``OVERVIEW_SECONDS`` old."""
        # Whoever waits for the lock finds the overview of whoever had it before.
        async with self._lock:
            loop_time = asyncio.get_running_loop().time()
            if self._overview is None or loop_time - self._computed_at > OVERVIEW_SECONDS:
                tickets = await services.open_tickets()
                self._overview = await asyncio.to_thread(
                    overview, services, tickets, services.clock()
                )
                self._computed_at = loop_time
            return self._overview


OVERVIEW_CACHE: web.AppKey[OverviewCache] = web.AppKey("overview", OverviewCache)


async def home_page(request: web.Request) -> web.Response:
    """The home page in the reader's language."""
    services = services_of(request)
    read(request.query, (LANG,))
    view, not_ready = await request.app[OVERVIEW_CACHE].get(services), services.ready()
    locale = reader_locale(request)
    return await page(
        request,
        "home.html",
        view=view,
        tickets=await asyncio.to_thread(ticket_rows, view.tickets, view.at, locale),
        now=view.at,
        most_blind_spots=MOST_BLIND_SPOTS,
        not_ready=not_ready,
    )


ROUTES = (
    Endpoint("GET", "/", home_page, "The home page", HTML, query=(LANG,), errors=(BAD_REQUEST,)),
)
"""The page of this module, for the route table."""
