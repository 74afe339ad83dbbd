"""Decides which addresses a socket may connect to.

The resolved address is checked at the moment of connecting, so neither a resolver that rebinds a
name nor an unusual spelling of an address gets past the check (docs/reference/reliability.md §1).
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
"""Metadata services of clouds: they hand out credentials, and no provider is reached there."""

_NON_PUBLIC_PROPERTIES = (
    "is_private",
    "is_loopback",
    "is_link_local",
    "is_multicast",
    "is_reserved",
    "is_unspecified",
)

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOCAL_V6 = ("::", "::1")


class EgressDeniedError(OSError):
    """The agent must not connect to the address."""


class EgressGuard:
    """Permits public addresses and those in the networks of ``allow``.

    ``allow`` holds networks in CIDR notation. Metadata services of clouds are never permitted.

    Raises:
        ValueError: when an entry of ``allow`` is not a network.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allow = tuple(ipaddress.ip_network(entry, strict=False) for entry in allow)

    def permits(self, host: str) -> bool:
        """Whether the agent may connect to the IP address ``host``."""
        targets = _targets(ipaddress.ip_address(host.partition("%")[0]))
        if not _METADATA.isdisjoint(targets):
            return False
        if any(target in network for target in targets for network in self._allow):
            return True
        return not any(_is_non_public(target) for target in targets)

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Open a socket for one resolved address; used as aiohttp's ``socket_factory``.

        Raises:
            EgressDeniedError: when the address is not permitted.
        """
        family, kind, protocol, _name, sockaddr = address
        host = str(sockaddr[0])
        if not self.permits(host):
            raise EgressDeniedError(f"{EGRESS_DENIED_TEXT} {host}")
        return socket.socket(family, kind, protocol)


EGRESS_DENIED_TEXT = "address is not allowed:"
"""The beginning of the refusal's text.

aiohttp joins the failures of several addresses into one OSError, of which only the text is left.
"""


def _targets(address: Address) -> tuple[Address, ...]:
    """Every address that packets to ``address`` may reach, IPv4 addresses inside it included."""
    if isinstance(address, IPv4Address):
        return (address,)
    embedded = [address.ipv4_mapped, address.sixtofour]
    if address.teredo:
        embedded.extend(address.teredo)
    translated = address in _NAT64
    if translated or (address in _IPV4_COMPATIBLE and str(address) not in _LOCAL_V6):
        embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
    targets = tuple(target for target in embedded if target is not None)
    return targets if address.ipv4_mapped or translated else (address, *targets)


def _is_non_public(address: Address) -> bool:
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return (
        site_local
        or not address.is_global
        or any(getattr(address, name) for name in _NON_PUBLIC_PROPERTIES)
    )
