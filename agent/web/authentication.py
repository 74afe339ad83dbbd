"""Authenticates requests: who changes something has the token, who reads may have to log in.

A browser sends the token as the password of any user name, tools send it as a bearer token.
Reading needs a login only where ``web.basic_auth_users`` has users; the token is a login, too.
Webhooks have credentials of their own, and ``/-/healthy`` and ``/-/ready`` need none.
"""

from collections.abc import Mapping
from enum import Enum, auto, unique
from http import HTTPStatus

from aiohttp import web

from agent.store.directory import TOKEN_NAME
from agent.web.endpoint import READING_METHODS, Access, endpoint_of
from agent.web.passwords import BusyError, PasswordCheck
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of
from agent.webhooks.auth import basic_credentials, presented_credentials

WEBHOOKS = "/hooks/"
"""The beginning of the paths of webhooks."""
CHALLENGE: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="numwatch", charset="UTF-8"'}
"""Makes a browser ask for a user name and a password."""
PASSWORDS: web.AppKey[PasswordCheck] = web.AppKey("passwords", PasswordCheck)

_ALWAYS_READABLE = frozenset({"/-/healthy", "/-/ready"})
_RETRY_SECONDS = "5"
_EXPECTED_TOKEN = (
    "web.token as bearer token, or as password of any user name; where web.token is not set,"
    f" what {TOKEN_NAME} in the agent's data folder holds"
)
_EXPECTED_LOGIN = "a user of web.basic_auth_users and the password, or the agent's token"


@unique
class Identity(Enum):
    """The sender of a request, as far as its credentials prove it."""

    NOBODY = auto()
    """It has none."""
    WRONG = auto()
    LIMITED = auto()
    """They were not compared: too many wrong ones came before them."""
    READER = auto()
    """A user of ``web.basic_auth_users``, who may read."""
    OPERATOR = auto()
    """The holder of the agent's token, who may change something and read whole phone numbers."""


_IDENTITY: web.RequestKey[Identity] = web.RequestKey("identity", Identity)


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the credentials of a request once, and refuse what they do not allow."""
    access = _access(request)
    if access is Access.WEBHOOK:
        return await handler(request)
    identity = await _identify(request)
    request[_IDENTITY] = identity
    if access is Access.TOKEN:
        if identity is not Identity.OPERATOR:
            raise _refusal(identity, "this changes something, and the token", _EXPECTED_TOKEN)
    elif services_of(request).settings().web.basic_auth_users:
        is_known = identity in {Identity.READER, Identity.OPERATOR}
        if not is_known and request.path not in _ALWAYS_READABLE:
            raise _refusal(identity, "reading needs a login, and it", _EXPECTED_LOGIN)
    return await handler(request)


def is_authorized(request: web.Request) -> bool:
    """Whether ``request`` carries the agent's token, which who reads need not have."""
    return request.get(_IDENTITY) is Identity.OPERATOR


def user_of(request: web.Request) -> str:
    """The user name that a browser has sent; empty without one."""
    return basic_credentials(request)[0]


async def _identify(request: web.Request) -> Identity:
    services = services_of(request)
    tokens = services.tokens
    if not presented_credentials(request):
        return Identity.NOBODY
    if tokens.is_limited(request):
        return Identity.LIMITED
    if tokens.has_own_token(request):
        tokens.count_right(request)
        return Identity.OPERATOR
    users = services.settings().web.basic_auth_users
    try:
        if users and await request.app[PASSWORDS].is_right(users, *basic_credentials(request)):
            tokens.count_right(request)
            return Identity.READER
    except BusyError:
        return Identity.LIMITED
    tokens.count_wrong(request, repeats=request.method not in READING_METHODS)
    return Identity.WRONG


def _refusal(identity: Identity, what: str, expected: str) -> ApiError:
    if identity is Identity.LIMITED:
        error = "429 too many wrong credentials came from this address"
        headers = {**CHALLENGE, "Retry-After": _RETRY_SECONDS}
        return ApiError(error, expected, HTTPStatus.TOO_MANY_REQUESTS, headers)
    fault = "missing" if identity is Identity.NOBODY else "wrong"
    return ApiError(f"401 {what} is {fault}", expected, HTTPStatus.UNAUTHORIZED, CHALLENGE)


def _access(request: web.Request) -> Access:
    endpoint = endpoint_of(request)
    if endpoint is not None:
        return endpoint.access
    # No such path or method: whoever may not change anything must not learn that from a POST.
    if request.path.startswith(WEBHOOKS):
        return Access.WEBHOOK
    return Access.ANYONE if request.method in READING_METHODS else Access.TOKEN
