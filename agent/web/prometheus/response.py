"""Answers in Prometheus' envelope, and what every handler of the API goes through."""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web

from agent.rules.queries.queries import Queries
from agent.web.encoding import encode
from agent.web.keys import state_of
from agent.web.prometheus.encoding import quoted
from agent.web.prometheus.executor import QueryExecutor
from agent.web.prometheus.failure import Kind, QueryApiError
from agent.web.prometheus.params import QueryParams, read

log = structlog.get_logger(__name__)

_PART = 1024 * 1024

TURNS: web.AppKey[QueryExecutor] = web.AppKey("turns", QueryExecutor)

Handler = Callable[[web.Request, QueryParams, Queries], Awaitable[bytes]]
"""Gives the ``data`` of an answer, and what belongs behind it, as JSON."""


def data(pieces: Iterable[str], warnings: Iterable[str] = ()) -> bytes:
    """The body of a good answer whose ``data`` is in ``pieces``; meant for a thread."""
    told = [quoted(warning) for warning in warnings]
    tail = f',"warnings":[{",".join(told)}]' if told else ""
    parts = [piece.encode() for piece in pieces]
    return b"".join((b'{"status":"success","data":', *parts, f"{tail}}}".encode()))


def small(value: object) -> bytes:
    """The body of a good answer whose ``data`` is ``value``."""
    return data((encode(value).decode(),))


def answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """``handler`` as the server calls it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            body = await handler(request, await read(request), _queries(request))
        except QueryApiError as failure:
            return _failed(failure)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("query_failed", path=request.path)
            return _failed(
                QueryApiError("the agent failed to answer; its log says why", Kind.INTERNAL)
            )
        return await _sent(request, body) if len(body) > _PART else _json(body, 200)

    return answer


async def _sent(request: web.Request, body: bytes) -> web.StreamResponse:
    """A large answer, sent part by part so that others get their turn."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    parts = memoryview(body)
    for start in range(0, len(body), _PART):
        await response.write(parts[start : start + _PART])
    await response.write_eof()
    return response


def _queries(request: web.Request) -> Queries:
    found = state_of(request).queries()
    if found is None:
        raise QueryApiError("the rule engine is not running yet", Kind.UNAVAILABLE)
    return found


def _failed(failure: QueryApiError) -> web.Response:
    kind = failure.kind
    body = {"status": "error", "errorType": kind.word, "error": failure.error}
    return _json(encode(body), kind.status)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
