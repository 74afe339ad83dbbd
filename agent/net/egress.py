"""Where a socket may go: decided on the address the kernel would connect to.

A name is judged by what it resolved to, at the moment of connecting, so neither a rebinding
resolver nor an odd spelling of a literal gets past (reliability.md §1, SSRF).
"""

import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "169.254.0.23",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)
"""Clouds' metadata services: they hand out keys, and no telephone company lives there."""

_TRAITS = (
    "is_private",
    "is_loopback",
    "is_link_local",
    "is_multicast",
    "is_reserved",
    "is_unspecified",
)

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOCAL_V6 = ("::", "::1")


class EgressDeniedError(OSError):
    """The address is one the agent must not connect to."""


class EgressGuard:
    """Says which addresses may be reached: public ones, and the networks in ``allow``.

    ``allow`` has networks in CIDR notation. Metadata services stay closed whatever it says.

    Raises:
        ValueError: when an entry of ``allow`` is not a network.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allow = tuple(ipaddress.ip_network(entry, strict=False) for entry in allow)

    def permits(self, host: str) -> bool:
        """Whether the address ``host``, written out as the resolver gives it, may be reached."""
        faces = _faces(ipaddress.ip_address(host.partition("%")[0]))
        if not _METADATA.isdisjoint(faces):
            return False
        if any(face in network for face in faces for network in self._allow):
            return True
        return not any(_is_inner(face) for face in faces)

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for one resolved address, as aiohttp's ``socket_factory``.

        Raises:
            EgressDeniedError: when the address must not be reached.
        """
        family, kind, protocol, _name, place = address
        host = str(place[0])
        if not self.permits(host):
            raise EgressDeniedError(f"{EGRESS_DENIED_TEXT} {host}")
        return socket.socket(family, kind, protocol)


EGRESS_DENIED_TEXT = "address is not allowed:"
"""How a refusal reads; it survives where several failures are joined into one error."""


def _faces(address: Address) -> tuple[Address, ...]:
    """The address and every IPv4 address that a translator would make of it."""
    if isinstance(address, IPv4Address):
        return (address,)
    inner = [address.ipv4_mapped, address.sixtofour]
    if address.teredo:
        inner.extend(address.teredo)
    translated = address in _NAT64
    if translated or (address in _COMPATIBLE and str(address) not in _LOCAL_V6):
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    found = tuple(face for face in inner if face is not None)
    return found if address.ipv4_mapped or translated else (address, *found)


def _is_inner(address: Address) -> bool:
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return site_local or not address.is_global or any(getattr(address, it) for it in _TRAITS)
