"""Who may change anything, and what browsers may do with the pages.

Reading needs no credentials. Whoever changes something needs ``web.token``; where none is
configured, only programs on this machine may. A browser sends the token as a password, tools
send it as a bearer token. Webhooks have credentials of their own.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from agent.config.secret import Secret
from agent.web.endpoint import READING_METHODS, Access, endpoint_of
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of

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
_WEBHOOKS = "/hooks/"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="numwatch", charset="UTF-8"'}
_OWN_SITE = frozenset({"same-origin", "none"})


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to a response that is about to be sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


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


@web.middleware
async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a change without the token; without ``web.token``, one from another machine."""
    if _access(request) is not Access.TOKEN:
        return await handler(request)
    services = services_of(request)
    token = services.settings().web.token
    if token is None and not services.is_local(request):
        error = "403 no web.token is set, so only this machine itself may change anything"
        raise ApiError(error, "web.token in the configuration", HTTPStatus.FORBIDDEN)
    if token is not None and not _has_token(request, token):
        error = "401 this changes something, and the token is missing or wrong"
        expected = "web.token as bearer token, or as password of any user name"
        raise ApiError(error, expected, HTTPStatus.UNAUTHORIZED, _CHALLENGE)
    return await handler(request)


def _access(request: web.Request) -> Access:
    endpoint = endpoint_of(request)
    if endpoint is not None:
        return endpoint.access
    # No such path or method: whoever may not change anything must not learn that from a POST.
    if request.method in READING_METHODS or request.path.startswith(_WEBHOOKS):
        return Access.ANYONE
    return Access.TOKEN


def user_of(request: web.Request) -> str:
    """The user name that a browser has sent; empty without one."""
    return _basic_credentials(request)[0]


def _has_token(request: web.Request, token: Secret) -> bool:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    sent = credentials.strip() if is_bearer else _basic_credentials(request)[1]
    # In constant time: the time of a comparison that stops early gives the token away.
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), token.reveal().encode())


def _basic_credentials(request: web.Request) -> tuple[str, str]:
    """User name and password; both empty where the request has none."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password
