"""Refuses requests for hosts that are not this agent.

A page of another site can make its own host name lead here (DNS rebinding), and a browser then
lets it read the answers; the Host header still has that name.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from agent.config.values import address_of, is_loopback, split_address
from agent.web.authentication import WEBHOOKS
from agent.web.responses import ApiError, Handler
from agent.web.services import WebServices, services_of

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # nosec B104 # compared, not listened on
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+", re.ASCII)


@web.middleware
async def refuse_foreign_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request whose Host header names another host than this one.

    Webhooks are exempt: they are nothing without credentials, which a browser does not have.
    """
    if not request.path.startswith(WEBHOOKS) and not _is_our_host(request):
        error = "421 the Host header names a host that this agent does not know"
        expected = (
            "localhost, an address of listen, or the host of web.external_url; further names"
            " belong under web.hosts"
        )
        raise ApiError(error, expected, HTTPStatus.MISDIRECTED_REQUEST)
    return await handler(request)


def _is_our_host(request: web.Request) -> bool:
    names = request.headers.getall("Host", [])
    if not names:
        # Every browser sends one, so nobody's browser was led here; HTTP/1.0 needs none.
        return True
    host = _host_name(names[0])
    if len(names) > 1 or not host:
        return False
    services = services_of(request)
    if is_loopback(host) or host in set(_known_hosts(services)):
        return True
    # Whoever listens everywhere has addresses that the configuration does not name. An address
    # cannot be made to lead elsewhere as a name can.
    return address_of(host) is not None and any(
        name in _EVERYWHERE for name in _listen_hosts(services)
    )


def _known_hosts(services: WebServices) -> Iterator[str]:
    settings = services.settings().web
    yield from _listen_hosts(services)
    yield from (_canonical(name.lower().rstrip(".")) for name in settings.hosts)
    if settings.external_url is not None:
        yield _canonical((urlsplit(settings.external_url).hostname or "").rstrip("."))


def _listen_hosts(services: WebServices) -> Iterator[str]:
    # Addresses of the command line take the place of the configuration's.
    for address in services.listen or services.settings().listen:
        yield _canonical(split_address(address)[0].lower())


def _host_name(header: str) -> str:
    """The name or address in a Host header, in small letters; empty where it has none."""
    if not _HOST.fullmatch(header):
        return ""
    try:
        return _canonical((urlsplit(f"//{header}").hostname or "").rstrip("."))
    except ValueError:
        return ""


def _canonical(host: str) -> str:
    """An address in its usual spelling; a name as it is."""
    return str(address_of(host) or host)
