"""The page of the configuration in effect: what is set where, what is a default, what failed."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from agent.web.effective_config import ConfigView, ValueView, config_view, reloads_of
from agent.web.endpoint import Access, Endpoint
from agent.web.language import LANG
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import Parameter, read
from agent.web.services import services_of

MOST_VALUES = 1500
"""Values of one page: that many weigh less than 300 KB."""
MOST_ERRORS = 50
_SET, _ALL = "set", "all"
CONFIG_QUERY = (
    LANG,
    Parameter("show", "What the file sets, or defaults too.", (_SET, _ALL), default=_SET),
    Parameter("text", "Only keys and values that contain this.", longest=100),
)


async def config_page(request: web.Request) -> web.Response:
    """The page of the configuration in effect."""
    query = read(request.query, CONFIG_QUERY)
    view = await asyncio.to_thread(config_view, reloads_of(request))
    values = _chosen(view, query["show"], query["text"].strip().casefold())
    return await page(
        request,
        "config.html",
        config=view,
        values=values[:MOST_VALUES],
        total=len(values),
        errors=view.failed.errors[:MOST_ERRORS] if view.failed else (),
        chosen=query,
        now=services_of(request).clock(),
    )


def _chosen(view: ConfigView, show: str, text: str) -> list[ValueView]:
    return [
        value
        for value in view.values
        if (show == _ALL or not value.default)
        and (not text or text in value.key.casefold() or text in str(value.value).casefold())
    ]


ROUTES = (
    Endpoint(
        "GET",
        "/config",
        config_page,
        "The configuration in effect",
        HTML,
        query=CONFIG_QUERY,
        access=Access.OPERATOR,
        errors=(BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
"""The page of this module, for the route table."""
