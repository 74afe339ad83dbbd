"""Authenticates requests, and holds each sender to the role that the endpoint asks for.

Users of ``web.users`` have a role, those of ``web.basic_auth_users`` are viewers, and whoever has
the agent's token is an administrator: a browser sends it as the password of any user name, tools
as a bearer token. A proxy that is trusted may name the user. Reading needs a login only where
there are users. Webhooks have credentials of their own, and ``/-/healthy`` and ``/-/ready`` need
none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto, unique
from http import HTTPStatus

from aiohttp import web

from agent.config.web import Role, WebUser
from agent.store.directory import TOKEN_NAME
from agent.web.endpoint import READING_METHODS, Access, endpoint_of
from agent.web.live_web_config import web_of
from agent.web.passwords import BusyError, PasswordCheck
from agent.web.responses import ApiError, Handler
from agent.web.services import services_of
from agent.web.trusted_headers import user_of_proxy
from agent.webhooks.auth import (
    USER_NAME,
    basic_credentials,
    presented_credentials,
    signed_name,
)

WEBHOOKS = "/hooks/"
"""The beginning of the paths of webhooks."""
CHALLENGE: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="numwatch", charset="UTF-8"'}
"""Makes a browser ask for a user name and a password."""
PASSWORDS: web.AppKey[PasswordCheck] = web.AppKey("passwords", PasswordCheck)

_RETRY_SECONDS = "5"
_TOKEN = (
    "web.token as bearer token, or as password of any user name; where web.token is not set,"
    f" what {TOKEN_NAME} in the agent's data folder holds"
)


@unique
class Credentials(Enum):
    """What the credentials of a request are worth."""

    MISSING = auto()
    WRONG = auto()
    LIMITED = auto()
    """They were not compared: too many wrong ones came before them."""
    RIGHT = auto()


@dataclass(frozen=True)
class Identity:
    """The sender of a request, as far as its credentials prove it."""

    credentials: Credentials
    role: Role = Role.VIEWER
    """What the sender may do, once logged in; nobody may do less than a viewer."""
    name: str = ""
    """The user's name; empty for whoever has the agent's token."""
    is_named_by_proxy: bool = False
    """There is no other login that a browser could ask for."""


_IDENTITY: web.RequestKey[Identity] = web.RequestKey("identity", Identity)
_NOBODY = Identity(Credentials.MISSING)
_ADMINISTRATOR = Identity(Credentials.RIGHT, Role.ADMINISTRATOR)
"""The holder of the agent's token."""


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the credentials of a request once, and refuse what its role does not allow."""
    access = _access(request)
    if access is Access.WEBHOOK:
        return await handler(request)
    identity = request[_IDENTITY] = await _identify(request)
    request[USER_NAME] = identity.name
    least = access.role
    if least is not None and (access.needs_login or web_of(request).reading_needs_login):
        is_known = identity.credentials is Credentials.RIGHT
        if not is_known or not identity.role.includes(least):
            raise _refusal(identity, least)
    return await handler(request)


def role_of(request: web.Request) -> Role:
    """The role of whoever sent ``request``; a viewer's where nobody has logged in.

    A request that needs more than its sender may do reaches no handler: ``Endpoint.access`` names
    the least role. Ask for the role where an answer shows more to some than to others.
    """
    return _identity_of(request).role


def is_authorized(request: web.Request) -> bool:
    """Whether an operator or an administrator sent ``request``: texts show phones to them."""
    return role_of(request).includes(Role.OPERATOR)


def may_act(request: web.Request) -> bool:
    """Whether forms of operators are of use: to an operator, and to who can still log in as one.

    Where everybody may read, a browser asks for the login when the form is sent.
    """
    return is_authorized(request) or not web_of(request).reading_needs_login


def actor_of(request: web.Request) -> str:
    """The name of whoever sent ``request``; empty where there is none.

    A user's is proven by the login; beside the agent's token it is the one the browser has sent.
    """
    return user_name_of(request) or basic_credentials(request)[0]


def user_name_of(request: web.Request) -> str:
    """The name under which the sender has logged in; empty with the agent's token or no login."""
    return _identity_of(request).name


def recorded_actor(request: web.Request, typed: str) -> str:
    """The name under which an act of ``request`` is recorded, where a form or body has ``typed``.

    See :func:`agent.webhooks.auth.signed_name`; without any name it is what the browser has sent.
    """
    return signed_name(request, typed) or actor_of(request)


def _identity_of(request: web.Request) -> Identity:
    identity = request.get(_IDENTITY)
    return identity if isinstance(identity, Identity) else _NOBODY


async def _identify(request: web.Request) -> Identity:
    named = user_of_proxy(request, web_of(request))
    if named is not None:
        return Identity(Credentials.RIGHT, named.role, named.name, is_named_by_proxy=True)
    return await _by_credentials(request) if presented_credentials(request) else _NOBODY


async def _by_credentials(request: web.Request) -> Identity:
    tokens = services_of(request).tokens
    if tokens.is_limited(request):
        return Identity(Credentials.LIMITED)
    if tokens.has_own_token(request):
        tokens.count_right(request)
        return _ADMINISTRATOR
    try:
        user = await _user(request)
    except BusyError:
        return Identity(Credentials.LIMITED)
    if user is not None:
        tokens.count_right(request)
        return Identity(Credentials.RIGHT, user.role, user.name)
    tokens.count_wrong(request, repeats=request.method not in READING_METHODS)
    return Identity(Credentials.WRONG)


async def _user(request: web.Request) -> WebUser | None:
    """The user whose name and password ``request`` has.

    Raises:
        BusyError: when too many passwords wait to be checked.
    """
    logins = web_of(request).logins()
    hashes = {name: user.password_hash for name, user in logins.items()}
    name, password = basic_credentials(request)
    if hashes and await request.app[PASSWORDS].is_right(hashes, name, password):
        return logins[name]
    return None


def _refusal(identity: Identity, least: Role) -> ApiError:
    expected = f"a user with the role {least} and the password, or {_TOKEN}"
    if identity.credentials is Credentials.LIMITED:
        error = "429 too many wrong credentials came from this address"
        headers = {**CHALLENGE, "Retry-After": _RETRY_SECONDS}
        return ApiError(error, expected, HTTPStatus.TOO_MANY_REQUESTS, headers)
    fault = f"is {identity.credentials.name.lower()}"
    if identity.credentials is Credentials.RIGHT:
        fault = f"is that of a user with the role {identity.role}"
    if identity.is_named_by_proxy:
        error = f"403 this needs the role {least}, and the login {fault}"
        expected = f"a user of a group that has the role {least} in web.trusted_headers"
        return ApiError(error, expected, HTTPStatus.FORBIDDEN)
    # 401 also for who has logged in: a browser then asks for another user.
    error = f"401 this needs the role {least}, and the login {fault}"
    return ApiError(error, expected, HTTPStatus.UNAUTHORIZED, CHALLENGE)


def _access(request: web.Request) -> Access:
    endpoint = endpoint_of(request)
    if endpoint is not None:
        return endpoint.access
    # No such path or method: whoever may not change anything must not learn that from a POST.
    if request.path.startswith(WEBHOOKS):
        return Access.WEBHOOK
    return Access.VIEWER if request.method in READING_METHODS else Access.OPERATOR
