"""Responses: JSON, and errors that say what is wrong and what was expected instead."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
import structlog
from aiohttp import web

from agent.masking import mask_text
from agent.store import StoreError, UnavailableError

log = structlog.get_logger(__name__)

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_RETRY_SECONDS = 5
_encoder = msgspec.json.Encoder()


class ApiError(Exception):
    """A request that is refused.

    Args:
        error: What is wrong, after the status code.
        expected: What was expected instead.
        status: The status of the response.
        headers: Further headers of the response.
    """

    def __init__(
        self,
        error: str,
        expected: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.expected = expected
        self.status = status
        self.headers = dict(headers or {})


class Error(msgspec.Struct, frozen=True):
    """The body of a refusal: the error, and what was expected instead."""

    error: str
    expected: str


def no_number() -> ApiError:
    """The error for a number that no account has."""
    expected = "a number listed at /api/numbers"
    return ApiError("404 no account has this number", expected, HTTPStatus.NOT_FOUND)


def no_ticket() -> ApiError:
    """The error for a ticket that does not exist."""
    expected = "the id of a ticket listed at /api/tickets"
    return ApiError("404 there is no such ticket", expected, HTTPStatus.NOT_FOUND)


def running(part: T | None, error: str) -> T:
    """``part`` of a running agent; what only reads a ledger has none.

    Args:
        part: What is needed.
        error: What is not there, beginning with 503.

    Raises:
        ApiError: where there is none.
    """
    if part is None:
        raise ApiError(error, "a running agent", HTTPStatus.SERVICE_UNAVAILABLE)
    return part


def encode(value: Any) -> bytes:
    """``value`` as JSON, even if some text in it has no UTF-8 form."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=True).encode()


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A response with ``value``, which must be small: it is encoded on the event loop."""
    return _json_response(encode(value), status, headers)


async def large_json_response(value: Any) -> web.Response:
    """A response with ``value``, encoded in a thread."""
    return _json_response(await asyncio.to_thread(encode, value), 200, None)


def _json_response(body: bytes, status: int, headers: Mapping[str, str] | None) -> web.Response:
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


@web.middleware
async def errors_as_responses(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong; an unexpected error is logged, and none of it is shown."""
    try:
        return await handler(request)
    except ApiError as error:
        return _error_response(request, error.status, error.error, error.expected, error.headers)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = {name: value for name, value in refusal.headers.items() if name == "Allow"}
        text = f"{refusal.status} {refusal.reason}"
        return _error_response(request, refusal.status, text, _expected(request, refusal), allow)
    except StoreError as error:
        # Why the ledger as a whole cannot be used, the database has logged already.
        if not isinstance(error, UnavailableError):
            log.error("request_failed", route=_route_pattern(request), error=str(error))  # noqa: TRY400 - the text says it
        text = "503 the ledger cannot be used now; /-/ready and the agent's log say why"
        expected, wait = "the same again, a little later", {"Retry-After": str(_RETRY_SECONDS)}
        return _error_response(request, HTTPStatus.SERVICE_UNAVAILABLE, text, expected, wait)
    except Exception as error:
        if isinstance(error, ConnectionError) and _is_gone(request):
            # The client hung up: no fault of ours, and nobody is left to answer.
            raise
        log.exception("request_failed", method=request.method, route=_route_pattern(request))
        text = "500 the agent failed to answer; its log says why"
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return _error_response(request, status, text, "an answer: report this")


def _expected(request: web.Request, refusal: web.HTTPException) -> str:
    if isinstance(refusal, web.HTTPMethodNotAllowed):
        return f"one of the methods {', '.join(sorted(refusal.allowed_methods))}"
    if isinstance(refusal, web.HTTPNotFound):
        return "a path listed at /api/openapi.json"
    return f"a request that {request.path} can answer"


def _error_response(
    request: web.Request,
    status: int,
    error: str,
    expected: str,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """JSON below ``/api/``, else one line of text."""
    # Refusals repeat what was sent, and whoever sees them is not always who sent it.
    error, expected = mask_text(error), mask_text(expected)
    if request.path.startswith("/api/"):
        return json_response(Error(error, expected), status=status, headers=headers)
    text = f"{error}; expected {expected}\n"
    return web.Response(text=text, status=status, headers=headers)


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _route_pattern(request: web.Request) -> str:
    """The route's pattern, which unlike the path holds nothing that a client wrote."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
