"""What every answer carries so that a browser trusts our pages with nothing it need not."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from agent.web.keys import state_of
from agent.web.problem import ApiError, Handler

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
_OWN_SITE = frozenset({"same-origin", "none"})


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer about to be sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what changes anything when another site's page makes a browser send it."""
    if request.method not in READING and _is_of_another_site(request):
        error = f"403 a page of another site sent this {request.method}"
        raise ApiError(error, "a request from here or from a tool", HTTPStatus.FORBIDDEN)
    return await handler(request)


def _is_of_another_site(request: web.Request) -> bool:
    """Browsers say whose page it was; over plain HTTP they tell no more than its origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in _OWN_SITE
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    external = state_of(request).settings().web.external_url or ""
    return urlsplit(origin).netloc not in {request.host, urlsplit(external).netloc} - {""}
