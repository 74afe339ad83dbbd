"""The client behind a reverse proxy that is trusted (``web.trusted_proxies``).

All clients of a proxy come from its address. Limits that count by peer would then let one client
who guesses tokens hold up the others, so the proxy's word is taken for who the client is. It is
taken for nothing else here: no address lets anybody in. Users that it names are the business of
``agent.web.trusted_headers``.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from aiohttp import web

from agent.config.values import address_of, unmapped
from agent.web.responses import Handler
from agent.web.services import services_of
from agent.webhooks.peer import CLIENT

_HEADER = "X-Forwarded-For"
_MOST_HOPS = 8
_LONGEST = 1024
_Networks = tuple[IPv4Network | IPv6Network, ...]


@web.middleware
async def name_client(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note the client of a request that a trusted proxy passes on."""
    proxies = services_of(request).settings().web.trusted_proxies
    if proxies:
        forwarded = ",".join(request.headers.getall(_HEADER, ()))
        client = client_behind(request.remote or "", forwarded, _networks(tuple(proxies)))
        if client:
            request[CLIENT] = client
    return await handler(request)


def client_behind(peer: str, forwarded: str, proxies: _Networks) -> str:
    """The last address of ``forwarded`` that is not a proxy's; empty where there is none.

    Each proxy appends the address that it was reached from, so the list is read from its end for
    as long as the one who wrote an entry is trusted. What stands before that, anybody can write.
    """
    client = ""
    for hop in reversed(forwarded[-_LONGEST:].split(",")[-_MOST_HOPS:]):
        if not _is_one_of(client or peer, proxies):
            break
        if address_of(hop.strip()) is None:
            break
        client = hop.strip()
    return client


def comes_from_proxy(request: web.Request, proxies: Sequence[str]) -> bool:
    """Whether the connection of ``request`` itself is one of a proxy of ``proxies``."""
    return _is_one_of(request.remote or "", _networks(tuple(proxies)))


def _is_one_of(host: str, networks: _Networks) -> bool:
    address = address_of(host.partition("%")[0])
    return address is not None and any(unmapped(address) in network for network in networks)


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> _Networks:
    return tuple(ip_network(text, strict=False) for text in texts)
