"""Validates single values of the configuration, each in the form in which it is written."""

import re
from datetime import date, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(?P<port>\d{1,5})", re.ASCII)
_HIGHEST_PORT = 65535
OPEN_LISTEN = "can be reached from other machines while web.token is not set"
"""What is wrong with an address to listen on."""
GUARDS = (
    "web.token, or TLS and users in web.config_file (web.users count too),"
    " or web.allow_open_listen: true"
)
"""What such an address needs, one of these."""


def http_url(value: str) -> str:
    """Returns ``value`` if it is an absolute http(s) address without a user or a fragment in it.

    Raises:
        ValueError: when it is not; the text never repeats the address, which may hold a key.
    """
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError("is not an http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a user or password in it, which belong under credentials or headers")
    if parts.fragment:
        raise ValueError("has a #fragment, which is never sent")
    return value


def network(value: str) -> str:
    """Returns ``value`` if it is a network in CIDR notation.

    Raises:
        ValueError: when it is not, naming the network that was probably meant.
    """
    try:
        ip_network(value)
    except ValueError:
        raise ValueError(_network_problem(value)) from None
    return value


def _network_problem(value: str) -> str:
    try:
        return f"has bits set outside the mask of {ip_network(value, strict=False)}"
    except ValueError:
        return "is not a network"


def listen_address(value: str) -> str:
    """Returns ``value`` if it is ``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT``.

    Raises:
        ValueError: when it is not.
    """
    match = _LISTEN.fullmatch(value)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ValueError("is not an address to listen on")
    return value


def split_address(address: str) -> tuple[str, str]:
    """Host and port of a :func:`listen_address`, an IPv6 host without its brackets."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), port


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """``host`` as an IP address; ``None`` where it is a name or nothing of the kind."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that is mapped into an IPv6 one; every other address as it is."""
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether ``host``, an address or a name, is this machine for this machine alone."""
    address = address_of(host)
    if address is None:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")
    return unmapped(address).is_loopback


def moment(value: str) -> str:
    """Returns ``value`` if it is a day (``2026-10-01``) or a time (``2026-10-01T08:00``).

    A time may carry its zone (``+08:00`` or ``Z``); without one it is in the agent's ``timezone``.

    Raises:
        ValueError: when it is neither.
    """
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day or a time") from None
    return value


def day(value: str) -> str:
    """Returns ``value`` if it is a date such as ``2027-02-06``, in its usual form.

    Raises:
        ValueError: when it is not.
    """
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("is not a date such as 2027-02-06") from None


def epoch_of(value: str, zone_name: str, *, last: bool = False) -> float:
    """A :func:`moment` as epoch seconds; of a bare day its beginning, or with ``last`` its end."""
    read = datetime.fromisoformat(value)
    if last and len(value) == len("2026-10-01"):
        read += timedelta(days=1)
    local = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone_name))
    return local.timestamp()


def zone(value: str) -> str:
    """Returns ``value`` if it names a time zone this machine knows.

    Raises:
        ValueError: when it does not.
    """
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone this machine knows") from None
    return value
