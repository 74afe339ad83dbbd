"""Deadlines of a request, and its small body, which is read only once it is authorized."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from agent.web.connections import CONNECTIONS, IDLE_TIMEOUT
from agent.web.endpoint import READING_METHODS, Access, endpoint_of
from agent.web.responses import ApiError, Handler
from agent.webhooks.limits import BODY_TIMEOUT


@web.middleware
async def track_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection of ``request`` when work on it begins and ends."""
    connections = request.app[CONNECTIONS]
    connections.begin_request(request)
    try:
        return await handler(request)
    finally:
        connections.await_client(request, IDLE_TIMEOUT)


@web.middleware
async def read_small_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body before the handler asks for it, within a deadline.

    It comes behind the check of the token, so that nobody without one has a body read where a
    token is needed. Webhooks read larger bodies and limit theirs themselves.
    """
    endpoint = endpoint_of(request)
    is_webhook = endpoint is not None and endpoint.access is Access.WEBHOOK
    if request.method not in READING_METHODS and not is_webhook:
        connections = request.app[CONNECTIONS]
        connections.await_client(request, BODY_TIMEOUT + 1)
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                await request.read()
        except TimeoutError:
            error = "408 the body did not arrive whole in time"
            raise ApiError(error, "the same again", HTTPStatus.REQUEST_TIMEOUT) from None
        finally:
            connections.begin_request(request)
    return await handler(request)
