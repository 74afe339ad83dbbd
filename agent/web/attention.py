"""Whoever looks finds every account checked by its newest polls."""

from aiohttp import web

from agent.web.endpoint import Access, endpoint_of
from agent.web.responses import Handler
from agent.web.services import services_of

_LOOKING = frozenset({Access.VIEWER, Access.OPERATOR, Access.ADMINISTRATOR})
_METRICS = "/metrics"
"""It shows the accounts that are polled here, whose checks never wait."""


@web.middleware
async def attend_to_who_looks(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the checks made that were postponed (:mod:`agent.postponed_checks`)."""
    endpoint = endpoint_of(request)
    if endpoint is not None and endpoint.access in _LOOKING and endpoint.path != _METRICS:
        await services_of(request).attend()
    return await handler(request)
