"""Responses in Prometheus' envelope, and what every handler of the API goes through."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import structlog
from aiohttp import web

from agent.rules.queries.queries import Queries
from agent.web.prometheus.answers import STALLED_SECONDS, UNREAD_ANSWERS
from agent.web.prometheus.encoding import quoted
from agent.web.prometheus.errors import ErrorType, QueryApiError
from agent.web.prometheus.executor import QueryExecutor, Result
from agent.web.prometheus.parameters import QueryParams, read_parameters
from agent.web.responses import ApiError, Handler, encode
from agent.web.services import services_of
from agent.webhooks.peer import peer_of

log = structlog.get_logger(__name__)

_LARGE = 128 * 1024
"""Bytes; an answer of more is sent part by part, and counted while it is."""
_GIVEN_BACK = 1024 * 1024
"""Bytes of an answer after which free memory is given back to the system."""
_WRITTEN = 256 * 1024
"""Bytes that are written at once."""

EXECUTOR: web.AppKey[QueryExecutor] = web.AppKey("executor", QueryExecutor)

QueryHandler = Callable[[web.Request, QueryParams, Queries], Awaitable[bytes]]
"""Returns the body of a good response, as :func:`data` or :func:`small` builds it."""


async def run_query(
    request: web.Request, function: Callable[[float], Result], seconds: float | None = None
) -> Result:
    """The result of ``function`` run in a thread for queries, as a query of the request's client.

    Raises:
        QueryApiError: when it failed or timed out.
    """
    return await request.app[EXECUTOR].run(function, seconds, peer_of(request))


def data(pieces: Iterable[str], warnings: Iterable[str] = ()) -> bytes:
    """The body of a good response whose ``data`` is the JSON in ``pieces``; for a thread."""
    texts = [quoted(warning) for warning in warnings]
    tail = f',"warnings":[{",".join(texts)}]' if texts else ""
    parts = [piece.encode() for piece in pieces]
    return b"".join((b'{"status":"success","data":', *parts, f"{tail}}}".encode()))


def small(value: object) -> bytes:
    """The body of a good response whose ``data`` is ``value``."""
    return data((encode(value).decode(),))


def endpoint_handler(handler: QueryHandler) -> Handler:
    """``handler`` as the server calls it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = await handler(request, await read_parameters(request), _queries(request))
        except QueryApiError as error:
            return _error_response(error)
        except (web.HTTPException, ApiError):
            raise
        except Exception:
            log.exception("query_failed", path=request.path)
            text = "the agent failed to answer; its log says why"
            return _error_response(QueryApiError(text, ErrorType.INTERNAL))
        if len(body) <= _LARGE:
            return _json(body, 200)
        try:
            return await _send(request, body)
        except QueryApiError as error:
            return _error_response(error)
        finally:
            if len(body) > _GIVEN_BACK:
                request.app[EXECUTOR].heap.note_freed()

    return handle


async def _send(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send a large body part by part, so that other requests are served in between.

    Raises:
        QueryApiError: when too much is being sent already.
    """
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    drop = partial(_drop, request)
    with request.app[UNREAD_ANSWERS].hold(peer_of(request), len(body), drop) as unread:
        try:
            await response.prepare(request)
            for start in range(0, len(body), _WRITTEN):
                async with asyncio.timeout(STALLED_SECONDS):
                    # A copy: a connection that is lost holds what it was to write for a while.
                    await response.write(body[start : start + _WRITTEN])
                unread.note_read()
            await response.write_eof()
        except (TimeoutError, ConnectionError):
            drop()  # The client has gone away, or does not read.
        finally:
            # The lost connection keeps its error, and that this frame, until garbage is collected.
            del body
    return response


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _queries(request: web.Request) -> Queries:
    queries = services_of(request).queries()
    if queries is None:
        raise QueryApiError("the rule engine is not running yet", ErrorType.UNAVAILABLE)
    return queries


def _error_response(error: QueryApiError) -> web.Response:
    error_type = error.error_type
    body = {"status": "error", "errorType": error_type.text, "error": error.error}
    return _json(encode(body), error_type.status)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
