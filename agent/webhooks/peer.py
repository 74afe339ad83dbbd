"""The peer of a request, as limits count it."""

from ipaddress import IPv6Address

from aiohttp import web

from agent.config.values import address_of, unmapped

_SUBSCRIBER_BITS = 64
"""The bits of an IPv6 address that a subscriber chooses freely."""


CLIENT: web.RequestKey[str] = web.RequestKey("client", str)
"""The address of the client behind a trusted proxy, set where there is one."""


def peer_of(request: web.Request) -> str:
    """The name of the peer that sent ``request``; see :func:`peer_name`."""
    return peer_name(request.get(CLIENT) or request.remote or "")


def peer_name(host: str) -> str:
    """The address ``host`` in one spelling; for an IPv6 address its /64, one subscriber's network.

    IPv4 addresses mapped into IPv6 are IPv4 addresses. What is no address stays as it is.
    """
    parsed = address_of(host.partition("%")[0])
    if parsed is None:
        return host
    address = unmapped(parsed)
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return f"{IPv6Address(int(address) >> _SUBSCRIBER_BITS << _SUBSCRIBER_BITS)}/64"
    return str(address)
