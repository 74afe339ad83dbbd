"""Where the client leads and whom it trusts: addresses and certificates."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from agent.net.egress import EgressGuard
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
