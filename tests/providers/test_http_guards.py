"""Every guard of the door, against real servers that misbehave."""

import asyncio
import gzip
import json
import socket
import ssl
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp import web
from provider_bench import LOOPBACK, open_door, raw_server, serving

from agent.providers.base import ProviderError, Request
from agent.providers.egress import EgressGuard

MIB = 1024 * 1024


async def fetched(door, url, **request):
    return await door.fetch(Request("GET", url, **request))


async def refused(door, url, **request) -> ProviderError:
    started = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        await fetched(door, url, **request)
    caught.value.took = time.monotonic() - started
    return caught.value


def answering(**response):
    async def handler(_request):
        return web.Response(**response)

    return handler


async def test_an_answer_is_whole_and_names_its_charset():
    async with serving(answering(text="{}", content_type="application/json")) as server:
        async with open_door() as door:
            answer = await fetched(door, server.url + "/a", headers={"X-Api-Key": "k"})
            assert (answer.status, answer.body, answer.charset) == (200, b"{}", "utf-8")
            assert "Date" in answer.headers
            assert abs(door.skew) < 5
        sent = server.seen[0].headers
        assert sent["Accept-Encoding"] == "gzip, deflate"
        assert sent["X-Api-Key"] == "k"


async def test_the_query_is_sent_as_it_was_signed():
    params = (("a b", "+%/?&=中"), ("z", "~-._"))
    async with serving(answering(text="{}")) as server, open_door() as door:
        await fetched(door, server.url + "/p%2Fq", params=params)
    wire = server.seen[0].raw_path
    assert wire == "/p%2Fq?a%20b=%2B%25%2F%3F%26%3D%E4%B8%AD&z=~-._"


async def test_a_server_that_never_answers():
    async with (
        serving(lambda _request: asyncio.sleep(60)) as server,
        open_door(request_timeout=0.6) as door,
    ):
        error = await refused(door, server.url)
    assert error.kind == "timeout"
    assert error.took < 1.1


@pytest.mark.parametrize("limit", [0.6, 5.3])
async def test_a_drip_ends_at_the_total_timeout_to_the_tenth(limit):
    async def drip(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(drip) as url, open_door(request_timeout=limit) as door:
        error = await refused(door, url)
    assert error.kind == "timeout"
    assert limit - 0.1 < error.took < limit + 0.5


def bomb(size: int) -> bytes:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"\0" * MIB
    return b"".join([*(pack.compress(piece) for _ in range(size // MIB)), pack.flush()])


@pytest.mark.parametrize("layout", ["one", "chunked"])
async def test_a_gzip_bomb_is_given_up_at_the_cap(layout):
    body = bomb(256 * MIB)

    async def handler(request):
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        if layout == "one":
            response.content_length = len(body)
        await response.prepare(request)
        await response.write(body)
        return response

    async with serving(handler) as server, open_door(max_body=8 * MIB) as door:
        tracemalloc.start()
        error = await refused(door, server.url)
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert error.kind == "too_large"
    assert grown < 64 * MIB


async def test_control_without_a_cap_the_bomb_goes_off():
    body = bomb(128 * MIB)
    headers = {"Content-Encoding": "gzip"}
    async with (
        serving(answering(body=body, headers=headers)) as server,
        open_door(max_body=256 * MIB) as door,
    ):
        answer = await fetched(door, server.url)
    assert len(answer.body) == 128 * MIB


async def test_the_cap_is_exact():
    async with serving(answering(body=b"x" * 2000)) as server:
        async with open_door(max_body=2000) as door:
            assert len((await fetched(door, server.url)).body) == 2000
        async with open_door(max_body=1999) as door:
            assert (await refused(door, server.url)).kind == "too_large"


async def test_gzip_and_deflate_are_read():
    for encoding, body in (("gzip", gzip.compress(b"{}")), ("deflate", zlib.compress(b"{}"))):
        headers = {"Content-Encoding": encoding}
        async with serving(answering(body=body, headers=headers)) as server, open_door() as door:
            assert (await fetched(door, server.url)).body == b"{}"


@pytest.mark.parametrize(
    ("named", "body"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
        ("br", b"\x8b\x00\x80{}\x03"),
        ("zstd", b"{}"),
        ("gzip", b"this is not gzip"),
        ("snappy", b"{}"),
    ],
)
async def test_other_encodings_are_refused(named, body):
    async def talk(_reader, writer):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {named}\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        await writer.drain()

    async with raw_server(talk) as url, open_door() as door:
        assert (await refused(door, url)).kind == "encoding"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
async def test_a_redirect_is_refused_and_no_key_travels(status):
    async with serving(answering(text="{}")) as other:
        headers = {"Location": other.url + "/steal"}
        async with (
            serving(answering(status=status, headers=headers)) as server,
            open_door() as door,
        ):
            error = await refused(door, server.url, headers={"X-Api-Key": "k"})
        assert error.kind == "redirect"
        assert other.seen == []


STATUSES = {
    400: "http_4xx",
    401: "auth",
    403: "auth",
    404: "http_4xx",
    418: "http_4xx",
    429: "rate_limited",
    500: "http_5xx",
    503: "http_5xx",
    599: "http_5xx",
}


@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
async def test_statuses(status, reason):
    async with serving(answering(status=status)) as server, open_door() as door:
        error = await refused(door, server.url + "/secret-path?key=secret", label="GET /v1/x")
        assert error.kind == reason
        assert error.detail.startswith(f"GET /v1/x: HTTP {status}")
        assert "secret" not in error.detail
        answer = await fetched(door, server.url, accept=frozenset({status}))
        assert answer.status == status


def http_date(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("9999999999", 3600, 3600),
        ("1e10", 3600, 3600),
        ("-5", 0, 0),
        (100, 90, 101),
        (-100, 0, 0),
        (10**7, 3600, 3600),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(status, header, low, high):
    told = http_date(header) if isinstance(header, int) else header
    handler = answering(status=status, headers={"Retry-After": told})
    async with serving(handler) as server, open_door() as door:
        error = await refused(door, server.url)
    assert low <= error.retry_after <= high


@pytest.mark.parametrize("header", ["soon", "", "Mon, 99 Foo 2026", "NaN", "inf"])
async def test_retry_after_that_means_nothing(header):
    handler = answering(status=429, headers={"Retry-After": header})
    async with serving(handler) as server, open_door() as door:
        assert (await refused(door, server.url)).retry_after is None


RAW = {
    "truncated": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "partial"),
    "cut chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{", "partial"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{", "decode"),
    "no answer": (b"", "connect"),
    "not http": (b"SSH-2.0-OpenSSH_9.2\r\n", "decode"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", "connect"),
}


@pytest.mark.parametrize("kind", RAW)
async def test_broken_http(kind):
    sent, reason = RAW[kind]

    async def talk(_reader, writer):
        writer.write(sent)
        await writer.drain()

    async with raw_server(talk) as url, open_door() as door:
        assert (await refused(door, url)).kind == reason


@pytest.mark.parametrize(
    ("sent", "reason"),
    [(b"", "connect"), (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "partial")],
)
async def test_a_reset_before_and_within_the_answer(sent, reason):
    async def talk(_reader, writer):
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.05)
        plug = writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with raw_server(talk) as url, open_door() as door:
        assert (await refused(door, url)).kind == reason


async def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with open_door() as door:
            error = await refused(door, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert error.kind == "connect"


async def test_a_name_that_does_not_exist():
    async with open_door() as door:
        assert (await refused(door, "http://no-such-host.invalid/")).kind == "dns"


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
        open_door(ca_file=authority.file) as door,
    ):
        assert (await fetched(door, server.url)).body == b"{}"


async def test_tls_by_an_unknown_authority(authority):
    async with serving(answering(text="{}"), tls_context(authority)) as server, open_door() as door:
        assert (await refused(door, server.url)).kind == "tls"


async def test_tls_for_another_name(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    async with (
        serving(answering(text="{}"), context) as server,
        open_door(ca_file=authority.file) as door,
    ):
        assert (await refused(door, server.url)).kind == "tls"


async def test_tls_that_has_expired(authority):
    past = datetime.now(UTC) - timedelta(days=1)
    context = tls_context(authority, not_after=past, not_before=past - timedelta(days=9))
    async with (
        serving(answering(text="{}"), context) as server,
        open_door(ca_file=authority.file) as door,
    ):
        assert (await refused(door, server.url)).kind == "tls_expired"


async def test_tls_towards_a_server_without():
    async with serving(answering(text="{}")) as server, open_door() as door:
        error = await refused(door, server.url.replace("http:", "https:"))
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
        async with open_door(allow=(), request_timeout=3) as door:
            error = await refused(door, f"http://{host}:{port}/")
    # A spelling that the resolver itself rejects goes nowhere either.
    assert error.kind in {"egress_denied", "dns"}
    assert server.seen == []


async def test_control_the_same_server_is_reached_where_it_is_allowed():
    async with serving(answering(text="{}")) as server, open_door(allow=LOOPBACK) as door:
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            await fetched(door, f"http://{host}:{port}/")
    assert len(server.seen) == 3


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
    async with open_door() as door:
        assert (await refused(door, url)).kind == "egress_denied"


async def test_signing_is_done_anew_for_every_attempt():
    count = 0

    def sign(request):
        nonlocal count
        count += 1
        return Request(request.method, request.url, (("n", str(count)),))

    async with serving(answering(text="{}")) as server, open_door() as door:
        request = Request("GET", server.url, sign=sign)
        await door.fetch(request)
        await door.fetch(request)
    assert [it.query["n"] for it in server.seen] == ["1", "2"]


async def test_no_cookie_is_kept():
    headers = {"Set-Cookie": "a=b"}
    async with serving(answering(text="{}", headers=headers)) as server, open_door() as door:
        await fetched(door, server.url)
        await fetched(door, server.url)
    assert "Cookie" not in server.seen[1].headers


async def test_the_door_serves_on_after_a_failure():
    answers = [web.Response(status=500), web.Response(text=json.dumps({"ok": 1}))]

    async def handler(_request):
        return answers.pop(0)

    async with serving(handler) as server, open_door() as door:
        await refused(door, server.url)
        assert (await fetched(door, server.url)).status == 200
