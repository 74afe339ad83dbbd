"""Who may post to a hook: whoever has the token; without one, this machine itself.

Alertmanager cannot sign what it posts (ticketing.md §5), so there is no signature to ask for.
Client certificates belong to whatever ends TLS in front of the agent.
"""

import hmac
from collections.abc import Iterable
from ipaddress import ip_address

from aiohttp import web

from agent.config.secret import Secret

_SCHEME = "bearer"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def refusal(request: web.Request, tokens: Iterable[Secret]) -> str:
    """Why ``request`` is not let in; empty when it is."""
    known = [token.reveal() for token in tokens]
    if known:
        return "" if _has_token(request, known) else "the bearer token is missing or wrong"
    return "" if _is_local(request) else "no token is set, so only this machine itself is let in"


def _has_token(request: web.Request, known: list[str]) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    told = given.strip().encode("utf-8", "surrogateescape")
    # Every token is compared, so that the time taken tells nothing of which one was near.
    same = [hmac.compare_digest(told, token.encode()) for token in known]
    return scheme.lower() == _SCHEME and any(same)


def _is_local(request: web.Request) -> bool:
    """Whether a program on this machine asks, for itself and by an address of this machine.

    A proxy's requests come from here too, and a browser can be told that any name is here.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    return _is_loopback(request.remote or "") and _is_loopback(request.url.host or "", name=True)


def _is_loopback(host: str, *, name: bool = False) -> bool:
    if name and host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
