"""Errors as answers: what is wrong, and what was expected instead."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import web

from agent.web.encoding import json_response

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """A request that cannot be answered as asked."""

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


def _expected(request: web.Request, refusal: web.HTTPException) -> str:
    if isinstance(refusal, web.HTTPMethodNotAllowed):
        return f"one of the methods {', '.join(sorted(refusal.allowed_methods))}"
    if isinstance(refusal, web.HTTPNotFound):
        return "a path listed at /api/openapi.json"
    return f"a request that {request.path} can answer"


def _answer(
    request: web.Request,
    status: int,
    error: str,
    expected: str,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    headers = dict(headers or {})
    if request.path.startswith("/api/"):
        body = {"error": error, "expected": expected}
        return json_response(body, status=status, headers=headers)
    text = f"{error}; expected {expected}\n"
    return web.Response(text=text, status=status, headers=headers)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into an answer that says so; nothing of the inside leaks."""
    try:
        return await handler(request)
    except ApiError as problem:
        return _answer(request, problem.status, problem.error, problem.expected, problem.headers)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = {name: value for name, value in refusal.headers.items() if name == "Allow"}
        error = f"{refusal.status} {refusal.reason}"
        return _answer(request, refusal.status, error, _expected(request, refusal), allow)
    except Exception:
        log.exception("request_failed", method=request.method, route=_route(request))
        error = "500 the agent failed to answer; its log says why"
        return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, error, "an answer: report this")


def _route(request: web.Request) -> str:
    """The route's pattern, which unlike the path holds nothing a client wrote."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
