"""Where the client leads and whom it trusts: addresses and certificates."""

import os
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from agent.net.egress import EgressDeniedError, EgressGuard
from agent.net.http_client import trust
from tests.net.http_bench import LOOPBACK, answering, fetched, open_client, refused, serving


def tls_context(authority, **wanted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", **wanted).configure_cert(context)
    return context


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.file = str(tmp_path / "ca.pem")
    made.cert_pem.write_to_path(made.file)
    return made


async def test_tls_with_our_own_authority(authority):
    handler = answering(text="{}")
    async with (
        serving(handler, tls_context(authority)) as server,
        open_client(ca_file=authority.file) as client,
    ):
        assert (await fetched(client, server.url)).body == b"{}"


async def test_tls_by_an_unknown_authority(authority):
    async with (
        serving(answering(text="{}"), tls_context(authority)) as server,
        open_client() as client,
    ):
        assert (await refused(client, server.url)).kind == "tls"


async def test_tls_for_another_name(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    async with (
        serving(answering(text="{}"), context) as server,
        open_client(ca_file=authority.file) as client,
    ):
        assert (await refused(client, server.url)).kind == "tls"


async def test_tls_that_has_expired(authority):
    past = datetime.now(UTC) - timedelta(days=1)
    context = tls_context(authority, not_after=past, not_before=past - timedelta(days=9))
    async with (
        serving(answering(text="{}"), context) as server,
        open_client(ca_file=authority.file) as client,
    ):
        assert (await refused(client, server.url)).kind == "tls_expired"


async def test_tls_towards_a_server_without():
    async with serving(answering(text="{}")) as server, open_client() as client:
        error = await refused(client, server.url.replace("http:", "https:"))
    assert error.kind == "tls"


INNER = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.1.1",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[fc00::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "240.0.0.1",
]


@pytest.mark.parametrize("host", INNER)
async def test_inner_addresses_are_never_connected_to(host):
    async with serving(answering(text="{}")) as server:
        port = server.url.rpartition(":")[2]
        async with open_client(allow=(), request_timeout=3) as client:
            error = await refused(client, f"http://{host}:{port}/")
    # A spelling that the resolver itself rejects goes nowhere either.
    assert error.kind in {"egress_denied", "dns"}
    assert server.requests == []


async def test_control_the_same_server_is_reached_where_it_is_allowed():
    async with serving(answering(text="{}")) as server, open_client(allow=LOOPBACK) as client:
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            await fetched(client, f"http://{host}:{port}/")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"]
)
def test_metadata_services_stay_closed_whatever_is_allowed(host):
    assert not EgressGuard(["0.0.0.0/0", "::/0"]).permits(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_permitted(host):
    assert EgressGuard().permits(host)


@pytest.mark.parametrize(
    "host",
    [
        "2002:808:808::1",  # 6to4 of 8.8.8.8
        "2001:0:808:808::f7f7:f7f7",  # Teredo: server and client 8.8.8.8
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2400:3200::1%eth0",
    ],
)
def test_an_address_inside_an_address_is_looked_at(host):
    allow = ["2000::/3", "8.8.8.8"]
    assert EgressGuard(allow).permits(host)


INSIDE_INNER = {
    "6to4": "2002:a01:203::1",
    "teredo server": "2001:0:a01:203::f7f7:f7f7",
    "teredo client": "2001:0:808:808::f5fe:fdfc",
    "mapped": "::ffff:10.1.2.3",
    "compatible": "::10.1.2.3",
    "translated": "64:ff9b::10.1.2.3",
}


@pytest.mark.parametrize("host", INSIDE_INNER.values(), ids=INSIDE_INNER)
def test_an_inner_address_inside_another_is_reached_only_if_allowed(host):
    assert not EgressGuard().permits(host)
    assert EgressGuard(["10.1.2.0/24"]).permits(host)
    assert not EgressGuard(["10.1.3.0/24"]).permits(host)


@pytest.mark.parametrize("host", ["2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "::169.254.169.254"])
def test_a_metadata_service_inside_another_address_stays_closed(host):
    assert not EgressGuard(["0.0.0.0/0", "::/0"]).permits(host)


@pytest.mark.parametrize("host", ["::", "::1"])
def test_the_local_addresses_hold_no_other(host):
    # 0.0.0.1, were ::1 taken for an IPv4-compatible address.
    assert not EgressGuard(["0.0.0.0/8"]).permits(host)
    assert EgressGuard([host]).permits(host)


def test_a_network_may_be_written_with_host_bits():
    assert EgressGuard(["10.1.2.3/16"]).permits("10.1.9.9")
    with pytest.raises(ValueError, match="nonsense"):
        EgressGuard(["nonsense"])


def test_a_refused_address_opens_no_socket_and_is_named():
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("10.0.0.1", 80))
    with pytest.raises(EgressDeniedError, match=r"^address is not allowed: 10\.0\.0\.1$"):
        EgressGuard().open_socket(address)


def test_a_permitted_address_opens_a_socket_of_its_kind():
    address = (socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_UDP, "", ("::1", 80, 0, 0))
    with EgressGuard(["::1"]).open_socket(address) as plug:
        assert (plug.family, plug.type) == (socket.AF_INET6, socket.SOCK_DGRAM)
        assert plug.proto == socket.IPPROTO_UDP


def test_a_replaced_file_of_authorities_is_read_again(authority, tmp_path):
    first = trust(authority.file)
    assert trust(authority.file) is first
    [one] = first.get_ca_certs()
    other = trustme.CA()
    other.cert_pem.write_to_path(authority.file)
    os.utime(authority.file, ns=(1, 1))
    [two] = trust(authority.file).get_ca_certs()
    assert one["serialNumber"] != two["serialNumber"]
    assert trust(None) is trust(None)
    with pytest.raises(FileNotFoundError):
        trust(str(tmp_path / "missing.pem"))


def test_certificates_and_names_are_always_verified(authority):
    for context in (trust(None), trust(authority.file)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_what_is_allowed_is_allowed_and_no_more():
    guard = EgressGuard(["10.1.0.0/16", "fd12::/16"])
    assert guard.permits("10.1.2.3")
    assert guard.permits("::ffff:10.1.2.3")
    assert guard.permits("fd12::5")
    assert not guard.permits("10.2.0.1")
    assert not guard.permits("fd13::5")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http:///path",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX-Evil: 1",
        "http://127.0.0.1/中",
        "not a url",
        "",
    ],
)
async def test_addresses_that_are_no_plain_http_urls(url):
    async with open_client() as client:
        assert (await refused(client, url)).kind == "egress_denied"
