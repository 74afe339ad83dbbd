"""Limits of what browsers may do: security headers, and no changes that other sites cause."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from agent.web.endpoint import READING_METHODS
from agent.web.live_web_config import LIVE_WEB_CONFIG
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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
_OWN_SITE = frozenset({"same-origin", "none"})


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to a response that is about to be sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    hsts = request.app[LIVE_WEB_CONFIG].hsts
    if hsts:
        response.headers.setdefault("Strict-Transport-Security", hsts)


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a change that a page of another site makes a browser send."""
    if request.method not in READING_METHODS and _is_of_another_site(request):
        error = f"403 a page of another site sent this {request.method}"
        raise ApiError(error, "a request from here or from a tool", HTTPStatus.FORBIDDEN)
    return await handler(request)


def _is_of_another_site(request: web.Request) -> bool:
    # Browsers send Sec-Fetch-Site over HTTPS and to localhost only; else there is just Origin.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in _OWN_SITE
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    external = services_of(request).settings().web.external_url or ""
    return urlsplit(origin).netloc not in {request.host, urlsplit(external).netloc} - {""}
