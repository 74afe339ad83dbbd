"""The pages: the status page, a number's page, and how pages are rendered."""

import asyncio
import re
from hashlib import sha256
from importlib.resources import files

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from agent.web.authentication import is_authorized
from agent.web.language import LANG, choose_locale
from agent.web.numbers import ACCOUNT_QUERY, find_number
from agent.web.overview import Overview, overview
from agent.web.parameters import read
from agent.web.privacy import VIEWER_MASK, Mask, finalize, mask_for
from agent.web.services import WebServices, services_of
from agent.web.texts import PageTexts

OVERVIEW_SECONDS = 1.0
"""How long one overview serves all readers."""
NUMBER_PAGE_QUERY = (LANG, *ACCOUNT_QUERY)

_TICKET_ID = re.compile(r"NW-[0-9A-F]{12}-\d+", re.ASCII)
_CONTENT_TYPES = {"numwatch.css": "text/css", "numwatch.js": "text/javascript"}
_ASSETS = {
    name: files("agent.web").joinpath("static", name).read_bytes() for name in _CONTENT_TYPES
}
_ASSETS_DIGEST = sha256(b"".join(_ASSETS.values())).hexdigest()[:12]
"""In the assets' addresses, so that browsers may cache them and still load new ones."""


class OverviewCache:
    """Computes the status page's overview; concurrent readers share one."""

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
                tickets = await services.tickets.open_tickets()
                self._overview = await asyncio.to_thread(
                    overview, services, tickets, services.clock()
                )
                self._computed_at = loop_time
            return self._overview


OVERVIEW_CACHE: web.AppKey[OverviewCache] = web.AppKey("overview", OverviewCache)


async def status_page(request: web.Request) -> web.Response:
    """The status page in the reader's language."""
    services = services_of(request)
    language = read(request.query, (LANG,))["lang"]
    view, not_ready = await request.app[OVERVIEW_CACHE].get(services), services.ready()
    return await page(request, "status.html", language, view=view, not_ready=not_ready)


async def number_page(request: web.Request) -> web.Response:
    """A number's page: its state, what its configuration means for callers, what is wrong."""
    query = read(request.query, NUMBER_PAGE_QUERY)
    number = request.match_info["number"]
    detail = await asyncio.to_thread(
        find_number, services_of(request), number, query["provider"], query["account"]
    )
    return await page(request, "number.html", query["lang"], number=detail)


async def page(request: web.Request, template: str, lang: str, **context: object) -> web.Response:
    """``template`` in the language of ``lang``, else of the browser, else of the agent."""
    services = services_of(request)
    locale = choose_locale(
        lang, request.headers.get("Accept-Language", ""), services.settings().locale
    )
    shared = {
        "texts": PageTexts(locale),
        "path": request.rel_url.raw_path,
        "version": services.version,
        "uptime": services.clock() - services.started_at,
        "assets_digest": Markup(_ASSETS_DIGEST),  # nosec B704 # hexadecimal digits
    }
    if not is_authorized(request):
        shared[VIEWER_MASK] = _page_mask(mask_for(services))
    text = await asyncio.to_thread(
        aiohttp_jinja2.render_string, template, request, {**shared, **context}
    )
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language"},
    )


def _page_mask(mask: Mask) -> Mask:
    """``mask`` but for ids of tickets, which stand in addresses; some have many digits."""
    return lambda text: text if _TICKET_ID.fullmatch(text) else mask(text)


async def asset(request: web.Request) -> web.Response:
    """The style sheet or the script."""
    name = request.match_info["name"]
    if name not in _ASSETS:
        raise web.HTTPNotFound
    return web.Response(
        body=_ASSETS[name],
        content_type=_CONTENT_TYPES[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def set_up_templates(app: web.Application) -> None:
    """Let ``app`` render the templates of this package."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("agent.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
