"""Every guard of the client, against real servers that misbehave."""

import asyncio
import gzip
import json
import socket
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from agent.net.exchange import Request
from tests.net.http_bench import answering, fetched, open_client, raw_server, refused, serving

MIB = 1024 * 1024


async def test_an_answer_is_whole_and_names_its_charset():
    async with serving(answering(text="{}", content_type="application/json")) as server:
        async with open_client() as client:
            answer = await fetched(client, server.url + "/a", headers={"X-Api-Key": "k"})
            assert (answer.status, answer.body, answer.charset) == (200, b"{}", "utf-8")
            assert "Date" in answer.headers
            assert abs(client.skew) < 5
        sent = server.requests[0].headers
        assert sent["Accept-Encoding"] == "gzip, deflate"
        assert sent["X-Api-Key"] == "k"


async def test_the_query_is_sent_as_it_was_signed():
    params = (("a b", "+%/?&=中"), ("z", "~-._"))
    async with serving(answering(text="{}")) as server, open_client() as client:
        await fetched(client, server.url + "/p%2Fq", params=params)
    wire = server.requests[0].raw_path
    assert wire == "/p%2Fq?a%20b=%2B%25%2F%3F%26%3D%E4%B8%AD&z=~-._"


async def test_a_server_that_never_answers():
    async with (
        serving(lambda _request: asyncio.sleep(60)) as server,
        open_client(request_timeout=0.6) as client,
    ):
        error = await refused(client, server.url)
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

    async with raw_server(drip) as url, open_client(request_timeout=limit) as client:
        error = await refused(client, url)
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

    async with serving(handler) as server, open_client(max_body=8 * MIB) as client:
        tracemalloc.start()
        error = await refused(client, server.url)
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert error.kind == "too_large"
    assert grown < 64 * MIB


async def test_control_without_a_cap_the_bomb_goes_off():
    body = bomb(128 * MIB)
    headers = {"Content-Encoding": "gzip"}
    async with (
        serving(answering(body=body, headers=headers)) as server,
        open_client(max_body=256 * MIB) as client,
    ):
        answer = await fetched(client, server.url)
    assert len(answer.body) == 128 * MIB


async def test_the_cap_is_exact():
    async with serving(answering(body=b"x" * 2000)) as server:
        async with open_client(max_body=2000) as client:
            assert len((await fetched(client, server.url)).body) == 2000
        async with open_client(max_body=1999) as client:
            assert (await refused(client, server.url)).kind == "too_large"


async def test_gzip_and_deflate_are_read():
    for encoding, body in (("gzip", gzip.compress(b"{}")), ("deflate", zlib.compress(b"{}"))):
        headers = {"Content-Encoding": encoding}
        async with (
            serving(answering(body=body, headers=headers)) as server,
            open_client() as client,
        ):
            assert (await fetched(client, server.url)).body == b"{}"


@pytest.mark.parametrize(
    ("named", "body"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0)),
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

    async with raw_server(talk) as url, open_client() as client:
        assert (await refused(client, url)).kind == "encoding"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
async def test_a_redirect_is_refused_and_no_key_travels(status):
    async with serving(answering(text="{}")) as other:
        headers = {"Location": other.url + "/steal"}
        async with (
            serving(answering(status=status, headers=headers)) as server,
            open_client() as client,
        ):
            error = await refused(client, server.url, headers={"X-Api-Key": "k"})
        assert error.kind == "redirect"
        assert other.requests == []


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
    async with serving(answering(status=status)) as server, open_client() as client:
        error = await refused(client, server.url + "/secret-path?key=secret", label="GET /v1/x")
        assert error.kind == reason
        assert error.detail.startswith(f"GET /v1/x: HTTP {status}")
        assert "secret" not in error.detail
        answer = await fetched(client, server.url, accept=frozenset({status}))
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
    value = http_date(header) if isinstance(header, int) else header
    handler = answering(status=status, headers={"Retry-After": value})
    async with serving(handler) as server, open_client() as client:
        error = await refused(client, server.url)
    assert low <= error.retry_after <= high


@pytest.mark.parametrize("header", ["soon", "", "Mon, 99 Foo 2026", "NaN", "inf"])
async def test_retry_after_that_means_nothing(header):
    handler = answering(status=429, headers={"Retry-After": header})
    async with serving(handler) as server, open_client() as client:
        assert (await refused(client, server.url)).retry_after is None


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

    async with raw_server(talk) as url, open_client() as client:
        assert (await refused(client, url)).kind == reason


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

    async with raw_server(talk) as url, open_client() as client:
        assert (await refused(client, url)).kind == reason


async def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with open_client() as client:
            error = await refused(client, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert error.kind == "connect"


async def test_a_name_that_does_not_exist():
    async with open_client() as client:
        assert (await refused(client, "http://no-such-host.invalid/")).kind == "dns"


async def test_signing_is_done_anew_for_every_attempt():
    count = 0

    def sign(request):
        nonlocal count
        count += 1
        return Request(request.method, request.url, (("n", str(count)),))

    async with serving(answering(text="{}")) as server, open_client() as client:
        request = Request("GET", server.url, sign=sign)
        await client.fetch(request)
        await client.fetch(request)
    assert [it.query["n"] for it in server.requests] == ["1", "2"]


async def test_no_cookie_is_stored():
    headers = {"Set-Cookie": "a=b"}
    async with serving(answering(text="{}", headers=headers)) as server, open_client() as client:
        await fetched(client, server.url)
        await fetched(client, server.url)
    assert "Cookie" not in server.requests[1].headers


async def test_the_door_serves_on_after_a_failure():
    answers = [web.Response(status=500), web.Response(text=json.dumps({"ok": 1}))]

    async def handler(_request):
        return answers.pop(0)

    async with serving(handler) as server, open_client() as client:
        await refused(client, server.url)
        assert (await fetched(client, server.url)).status == 200
