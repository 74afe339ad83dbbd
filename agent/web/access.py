"""Who may change anything: whoever has the token; without one, this machine itself.

Browsers are asked for a user name and a password, tools send a bearer token. Hooks ask for
credentials of their own.
"""

import base64
import binascii
import hmac
from http import HTTPStatus

from aiohttp import web

from agent.config.secret import Secret
from agent.web.guards import READING
from agent.web.keys import state_of
from agent.web.problem import ApiError, Handler

_HOOKS = "/hooks/"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="numwatch", charset="UTF-8"'}


@web.middleware
async def refuse_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what changes anything to whoever may not."""
    if request.method in READING or request.path.startswith(_HOOKS):
        return await handler(request)
    state = state_of(request)
    token = state.settings().web.token
    if token is None and not state.is_local(request):
        error = "403 no web.token is set, so only this machine itself may change anything"
        raise ApiError(error, "web.token in the configuration", HTTPStatus.FORBIDDEN)
    if token is not None and not _has(request, token):
        error = "401 this changes something, and the token is missing or wrong"
        expected = "web.token as bearer token, or as password of any user name"
        raise ApiError(error, expected, HTTPStatus.UNAUTHORIZED, _CHALLENGE)
    return await handler(request)


def user_of(request: web.Request) -> str:
    """The user name a browser has sent; empty without one."""
    return _basic(request)[0]


def _has(request: web.Request, token: Secret) -> bool:
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    given = told.strip() if scheme.lower() == "bearer" else _basic(request)[1]
    wanted = token.reveal().encode()
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted)


def _basic(request: web.Request) -> tuple[str, str]:
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(told.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password
