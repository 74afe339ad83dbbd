"""Changes that only the replica that decides about tickets writes, where several share a ledger.

Approved configurations, rejections and waivers are held in memory by every replica and written by
one: the others would overwrite what it has written since.
"""

from http import HTTPStatus

from aiohttp import web

from agent.web.endpoint import READING_METHODS, endpoint_of
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of

_LAST_WORDS = frozenset({"baseline", "rejections", "waivers", "withdrawal"})
"""How the paths of such changes end."""


@web.middleware
async def leave_to_the_deciding_replica(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Refuse such a change where another replica decides, and name it."""
    endpoint = endpoint_of(request)
    if endpoint is not None and request.method not in READING_METHODS:
        place = services_of(request).decided_at()
        if place is not None and endpoint.path.rpartition("/")[2] in _LAST_WORDS:
            raise ApiError(
                "503 another replica decides about approved configurations and waivers",
                f"the same at the replica on {place}" if place else "the same in a moment",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
    return await handler(request)
