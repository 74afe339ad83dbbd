"""What every answer carries so that a browser trusts our pages with nothing it need not."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from agent.web.problem import Handler, Problem

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer about to be sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what changes anything when another site's page makes a browser send it."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method not in _READING and site not in _OWN_SITE:
        error = f"403 a page of another site sent this {request.method}"
        raise Problem(error, "a request from here or from a tool", HTTPStatus.FORBIDDEN)
    return await handler(request)
