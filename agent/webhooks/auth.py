"""Authorizes requests to webhooks: by bearer token or, where none is set, from this machine.

Alertmanager cannot sign what it posts (docs/reference/ticketing.md §5), so no signature is asked
for. Client certificates are the business of whatever terminates TLS in front of the agent.
"""

import hmac
from collections.abc import Iterable
from ipaddress import ip_address

from aiohttp import web

from agent.config.secret import Secret

_SCHEME = "bearer"
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def denial_reason(request: web.Request, tokens: Iterable[Secret]) -> str:
    """Why ``request`` is not authorized; empty when it is.

    With ``tokens`` the request must carry one of them; without any it must be local.
    """
    secrets = [token.reveal() for token in tokens]
    if secrets:
        return "" if _has_token(request, secrets) else "the bearer token is missing or wrong"
    return "" if is_local(request) else "no token is set, so only this machine itself is let in"


def is_local(request: web.Request) -> bool:
    """Whether a program on this machine sent the request directly, to an address of this machine.

    Both ends are checked: a reverse proxy's requests come from this machine too, and a browser
    on it can be made to resolve any host name to the loopback address (DNS rebinding).
    """
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    host = request.url.host or ""
    return _is_loopback(request.remote or "") and (
        host.lower() == "localhost" or _is_loopback(host)
    )


def _has_token(request: web.Request, secrets: list[str]) -> bool:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    presented = credentials.strip().encode("utf-8", "surrogateescape")
    # Every token is compared, so that the time it takes does not reveal which one was close.
    matches = [hmac.compare_digest(presented, secret.encode()) for secret in secrets]
    return scheme.lower() == _SCHEME and any(matches)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
