"""How a page is rendered: its template, the texts, links and times that every template has."""

import asyncio
import re
from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from agent.web.authentication import is_authorized, may_act, role_of
from agent.web.csrf import csrf_field
from agent.web.language import choose_locale
from agent.web.pages.assets import ASSETS_DIGEST
from agent.web.pages.navigation import Links, language_link, navigation
from agent.web.privacy import VIEWER_MASK, Mask, finalize, mask_for
from agent.web.services import services_of
from agent.web.shown_phones import hidden_in, record_shown, records_texts
from agent.web.texts import PageTexts

HTML = "text/html"
BAD_REQUEST, NOT_FOUND = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
FORM_ERRORS = (BAD_REQUEST, NOT_FOUND, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
"""The refusals of every form about something that may be gone."""

_TICKET_ID = re.compile(r"NW-[0-9A-F]{12}-\d+", re.ASCII)
_COMPLAINT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def page(
    request: web.Request, template: str, status: HTTPStatus = HTTPStatus.OK, **context: object
) -> web.Response:
    """``template`` in the language of the address, else of the browser, else of the agent.

    Every template has ``texts``, ``link`` (an address that keeps the chosen language), ``moment``
    (a time in the agent's zone), ``csrf_field`` (to be written into every form that posts),
    ``role`` (of the reader, as in ``role.includes('operator')``), ``shows_actions`` (whether
    forms of operators are of use to the reader) and what the layout shows.
    """
    services = services_of(request)
    settings = services.settings()
    lang, locale = request.query.get("lang", ""), reader_locale(request)
    texts, zone = PageTexts(locale), ZoneInfo(settings.timezone)
    mask = None if is_authorized(request) else _page_mask(mask_for(services))
    links = Links(lang, str if mask is None else _address_mask(mask))
    shared = {
        "texts": texts,
        "link": links,
        "moment": lambda moment: local_time(moment, zone),
        "zone": settings.timezone,
        "now": services.clock(),
        "csrf_field": csrf_field(request),
        "role": role_of(request),
        "shows_actions": may_act(request),
        "navigation": navigation(request, links, locale),
        "language_link": lambda other: language_link(request, other),
        "version": services.version,
        "uptime": services.clock() - services.started_at,
        "assets_digest": Markup(ASSETS_DIGEST),  # nosec B704 # hexadecimal digits
    }
    if mask is not None:
        shared[VIEWER_MASK] = mask
    text = await _rendered(request, template, {**shared, **context})
    return web.Response(
        # Half a character, which a provider's JSON may hold, has no form in UTF-8.
        body=text.encode("utf-8", "replace"),
        charset="utf-8",
        status=status,
        content_type=HTML,
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language"},
    )


async def _rendered(request: web.Request, template: str, context: dict[str, object]) -> str:
    """The page; to an operator with phones in its texts only once that is recorded."""
    if VIEWER_MASK in context or not records_texts(request, of_programs=True):
        return await _render(request, template, context)
    mask, phones = _page_mask(mask_for(services_of(request))), set[str]()

    def observe(text: str) -> str:
        phones.update(hidden_in(text, mask(text)))
        return text

    text = await _render(request, template, {**context, VIEWER_MASK: observe})
    if await record_shown(request, frozenset(phones)):
        return text
    return await _render(request, template, {**context, VIEWER_MASK: mask})


async def _render(request: web.Request, template: str, context: dict[str, object]) -> str:
    return await asyncio.to_thread(aiohttp_jinja2.render_string, template, request, context)


def reader_locale(request: web.Request) -> str:
    """The locale of whoever reads: of the address, else of the browser, else of the agent."""
    accepted = request.headers.get("Accept-Language", "")
    default = services_of(request).settings().locale
    return choose_locale(request.query.get("lang", ""), accepted, default)


def local_time(moment: str | float | None, zone: ZoneInfo) -> str:
    """A time, epoch seconds or RFC 3339, as people in ``zone`` read it; a dash for ``None``."""
    if moment is None:
        return "–"
    if isinstance(moment, str):
        at = datetime.fromisoformat(moment)
    else:
        at = datetime.fromtimestamp(moment, UTC)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _page_mask(mask: Mask) -> Mask:
    """``mask`` but for ids of tickets; some have many digits."""
    return lambda text: text if _TICKET_ID.fullmatch(text) else mask(text)


def _address_mask(mask: Mask) -> Mask:
    """``mask`` but for the ids of complaints too, which are hexadecimal, in addresses."""
    return lambda text: text if _COMPLAINT_ID.fullmatch(text) else mask(text)


def set_up_templates(app: web.Application) -> None:
    """Let ``app`` render the templates of ``agent.web``."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("agent.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
