"""Protects forms against pages of other sites: a signed double-submit token.

Beside the origin of a request (``agent.web.security``), which some browsers do not send. A browser
gets a random cookie, and every form a token made of that cookie, the user's name and a key that
only the agent has. A page of another site can make a browser send the cookie and its login, but
cannot read a token and cannot make one, not even for a cookie that it has written itself.
Nothing is stored, so a token holds for as long as the browser keeps the cookie.

A template writes ``{{ csrf_field }}`` into each form that posts, and nothing else is to be done:
which endpoints take forms says the route table (``body=FORM``), and the field is gone from what
``read_form`` returns. It works without JavaScript.
"""

import hmac
import re
import secrets
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web
from markupsafe import Markup

from agent.web.authentication import user_name_of
from agent.web.endpoint import READING_METHODS, endpoint_of
from agent.web.forms import CSRF_TOKEN, FORM, read_all_fields
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of

_COOKIE = "numwatch_csrf"
_HOST_COOKIE = f"__Host-{_COOKIE}"
"""Over TLS: browsers let nobody but this host write a cookie of such a name."""
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_BYTES = 32
_PURPOSE = "csrf"
_NEW_COOKIE: web.RequestKey[str] = web.RequestKey("new_csrf_cookie", str)


def csrf_field(request: web.Request) -> Markup:
    """The hidden field for forms of a page that answers ``request``.

    The page's response gets the cookie, where the browser has none yet.
    """
    cookie = _cookie_of(request) or request.get(_NEW_COOKIE, "")
    if not cookie:
        cookie = request[_NEW_COOKIE] = secrets.token_urlsafe(_BYTES)
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(CSRF_TOKEN, _token(request, cookie))


@web.middleware
async def protect_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a form of another browser or user, and give a browser the cookie of its forms."""
    endpoint = endpoint_of(request)
    if endpoint is not None and endpoint.body == FORM and request.method not in READING_METHODS:
        await _check(request)
    response = await handler(request)
    cookie = request.get(_NEW_COOKIE)
    if cookie is not None:
        # Lax: with Strict, who follows a link from a ticket system would get a new cookie, and
        # the forms of all other open pages would be refused.
        response.set_cookie(
            _name(request), cookie, httponly=True, samesite="Lax", secure=request.secure, path="/"
        )
    return response


async def _check(request: web.Request) -> None:
    cookie = _cookie_of(request)
    sent = dict(await read_all_fields(request)).get(CSRF_TOKEN, "")
    if not cookie or not _is_same(sent, _token(request, cookie)):
        error = "403 this form is not of a page that this browser was given"
        expected = "its field csrf_token and the cookie: load the page again and send it once more"
        raise ApiError(error, expected, HTTPStatus.FORBIDDEN)


def _name(request: web.Request) -> str:
    return _HOST_COOKIE if request.secure else _COOKIE


def _cookie_of(request: web.Request) -> str:
    value = request.cookies.get(_name(request), "")
    return value if _VALUE.fullmatch(value) else ""


def _token(request: web.Request, cookie: str) -> str:
    # The length of the cookie is fixed, so no other cookie and name make the same text.
    text = f"{cookie}{user_name_of(request)}".encode("utf-8", "surrogateescape")
    return hmac.new(services_of(request).tokens.key(_PURPOSE), text, sha256).hexdigest()


def _is_same(sent: str, token: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), token.encode())
