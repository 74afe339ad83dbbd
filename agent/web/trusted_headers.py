"""Users whom a trusted reverse proxy names in headers (``web.trusted_headers``).

A proxy such as oauth2-proxy logs people in by OpenID Connect and passes on who they are. Only the
address of the connection itself counts: what a header says about addresses, anybody can write.
"""

from typing import NamedTuple

from aiohttp import web

from agent.config.secret import visible_length
from agent.config.web import Role, TrustedHeaders, Web
from agent.web.forwarding import comes_from_proxy

_LONGEST_NAME = 128
_MOST_GROUPS = 1000


class NamedUser(NamedTuple):
    """The user that a proxy names."""

    name: str
    role: Role


def user_of_proxy(request: web.Request, settings: Web) -> NamedUser | None:
    """The user whom a trusted proxy names; ``None`` where nobody is named or nobody is believed."""
    headers = settings.trusted_headers
    if headers is None or not comes_from_proxy(request, settings.trusted_proxies):
        return None
    names = request.headers.getall(headers.user, [])
    # Two may be the proxy's and a client's, in whatever order.
    if len(names) != 1 or not _is_name(names[0]):
        return None
    return NamedUser(names[0].strip(), _role(request, headers))


def _is_name(name: str) -> bool:
    return name.isprintable() and len(name) <= _LONGEST_NAME and visible_length(name) > 0


def _role(request: web.Request, headers: TrustedHeaders) -> Role:
    """The best role of the groups that the proxy names."""
    groups = ",".join(request.headers.getall(headers.groups, [])).split(",")
    roles = {headers.roles.get(group.strip()) for group in groups[:_MOST_GROUPS]}
    return next((role for role in reversed(Role) if role in roles), Role.VIEWER)
