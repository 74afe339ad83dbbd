"""The status page, what it is made of, and how it is served."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import aiohttp_jinja2
import jinja2
from aiohttp import web

from agent.web.events import Events
from agent.web.keys import state_of
from agent.web.language import LANG, choose_locale
from agent.web.overview import Overview, overview
from agent.web.parameters import read
from agent.web.state import WebState
from agent.web.texts import PageTexts

FRESH_SECONDS = 1.0
"""A page worked out this long ago serves other readers too."""

_KINDS = {"numwatch.css": "text/css", "numwatch.js": "text/javascript"}
_ASSETS = {name: files("agent.web").joinpath("static", name).read_bytes() for name in _KINDS}
_STAMP = sha256(b"".join(_ASSETS.values())).hexdigest()[:12]


@dataclass
class _Kept:
    """The newest overview and when it was made."""

    made_at: float = float("-inf")
    view: Overview | None = None


class Pages:
    """Renders the status page; readers that come together share one overview."""

    def __init__(self) -> None:
        self._kept = _Kept()
        self._lock = asyncio.Lock()

    async def _overview(self, state: WebState) -> Overview:
        async with self._lock:
            loop_time = asyncio.get_running_loop().time()
            if self._kept.view is None or loop_time - self._kept.made_at > FRESH_SECONDS:
                tickets = await state.tickets.open_tickets()
                view = await asyncio.to_thread(overview, state, tickets, state.clock())
                self._kept = _Kept(loop_time, view)
            assert self._kept.view is not None
            return self._kept.view

    async def status(self, request: web.Request) -> web.Response:
        """The status page in the reader's language."""
        state = state_of(request)
        asked = read(request.query, (LANG,))["lang"]
        view, not_ready = await self._overview(state), state.ready()
        return await page(request, "status.html", asked, view=view, not_ready=not_ready)


async def page(request: web.Request, template: str, asked: str, **context: object) -> web.Response:
    """A page in the reader's language: ``asked`` for in the query, the browser's, or ours."""
    state = state_of(request)
    locale = choose_locale(
        asked, request.headers.get("Accept-Language", ""), state.settings().locale
    )
    shared = {
        "texts": PageTexts(locale),
        "asked": asked,
        "path": request.rel_url.raw_path,
        "version": state.version,
        "uptime": state.clock() - state.started_at,
        "stamp": _STAMP,
    }
    text = await asyncio.to_thread(
        aiohttp_jinja2.render_string, template, request, {**shared, **context}
    )
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language"},
    )


async def asset(request: web.Request) -> web.Response:
    """The style sheet or the script."""
    name = request.match_info["name"]
    if name not in _ASSETS:
        raise web.HTTPNotFound
    return web.Response(
        body=_ASSETS[name],
        content_type=_KINDS[name],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def add_pages(app: web.Application, state: WebState) -> None:
    """Give ``app`` the pages."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("agent.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    events = Events(state.fleet)
    app.on_shutdown.append(events.end)
    app.add_routes(
        (
            web.get("/", Pages().status),
            web.get("/events", events.stream, allow_head=False),
            web.get("/static/{name}", asset),
        )
    )
