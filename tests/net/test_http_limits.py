"""What the client sends of its own, and its limits as configured."""

import asyncio
import contextlib
import gzip
import socket
import time

import pytest
from aiohttp import web

from agent.config.settings import Polling
from agent.net.exchange import Request
from agent.net.http_client import HttpClient, HttpClientLimits
from tests.net.http_bench import (
    LOOPBACK,
    answering,
    fetched,
    open_client,
    raw_server,
    refused,
    serving,
)


@pytest.fixture
def unaccepting_port():
    """A port whose queue of connections is full, so that a connection never comes about."""
    with socket.socket() as listener, contextlib.ExitStack() as queued:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            plug = queued.enter_context(socket.socket())
            plug.setblocking(False)
            plug.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_the_limits_come_from_the_polling_section():
    polling = Polling(connect_timeout=1, request_timeout=2, max_body=4096, concurrency=4)
    limits = HttpClientLimits.of(polling)
    assert limits == HttpClientLimits(1.0, 2.0, 4096, 4)


async def test_every_request_names_the_agent_and_asks_for_json():
    async with serving(answering(text="{}")) as server, open_client() as client:
        await fetched(client, server.url, headers={"X-Key": "k"})
        await client.fetch(Request("POST", server.url, body=b"a=1"))
    got, posted = server.requests
    assert got.method == "GET"
    assert got.headers["User-Agent"] == "numwatch"
    assert got.headers["Accept"] == "application/json"
    assert "Content-Length" not in got.headers
    assert posted.method == "POST"
    assert posted.headers["Content-Length"] == "3"


async def test_the_body_is_sent():
    async def echo(request):
        return web.Response(body=await request.read())

    async with serving(echo) as server, open_client() as client:
        answer = await client.fetch(Request("POST", server.url, body=b"a=1"))
    assert answer.body == b"a=1"


async def test_parameters_join_a_query_that_is_there():
    async with serving(answering(text="{}")) as server, open_client() as client:
        for url in (server.url + "/a?x=1", server.url + "/a"):
            await fetched(client, url, params=(("y", "2"),))
            await fetched(client, url)
    sent = [request.raw_path for request in server.requests]
    assert sent == ["/a?x=1&y=2", "/a?x=1", "/a?y=2", "/a"]


async def test_the_skew_is_the_provider_s_clock_minus_ours():
    dates = ["Fri, 15 Jan 2027 08:01:00 GMT", None, "rubbish"]

    async def handler(_request):
        date = dates.pop(0)
        return web.Response(headers={} if date is None else {"Date": date})

    client = HttpClient(HttpClientLimits(), egress_allow=LOOPBACK, clock=lambda: 1_800_000_000.0)
    async with serving(handler) as server:
        assert client.skew is None
        await fetched(client, server.url)
        assert client.skew == 60.0
        await fetched(client, server.url)
        now = client.skew  # aiohttp's server adds the real date
        assert now != 60.0
        await fetched(client, server.url)
        assert client.skew == now
    await client.close()


async def test_retry_after_as_a_date_is_counted_by_the_client_s_clock():
    headers = {"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT"}
    client = HttpClient(HttpClientLimits(), egress_allow=LOOPBACK, clock=lambda: 1_800_000_000.0)
    async with serving(answering(status=503, headers=headers)) as server:
        assert (await refused(client, server.url)).retry_after == 60.0
    await client.close()


async def test_refusals_name_the_request_and_their_reason():
    async with serving(answering(body=b"x" * 9)) as server, open_client(max_body=8) as client:
        error = await refused(client, server.url, label="GET /v1/x")
        assert error.detail == "GET /v1/x: the body is larger than 8 bytes"
        error = await refused(client, server.url)
        assert error.detail == "GET: the body is larger than 8 bytes"
    async with (
        serving(answering(body=b"x", headers={"Content-Encoding": "snappy"})) as server,
        open_client() as client,
    ):
        error = await refused(client, server.url, label="GET /v1/x")
    assert error.detail == "GET /v1/x: the body's encoding is neither gzip nor deflate"


async def test_what_the_decoder_does_not_know_is_refused_rather_than_read_as_it_is():
    headers = {"Content-Encoding": "x-gzip"}
    async with (
        serving(answering(body=gzip.compress(b"{}"), headers=headers)) as server,
        open_client() as client,
    ):
        error = await refused(client, server.url)
    assert (error.kind, error.detail) == (
        "encoding",
        "GET: the body's encoding is neither gzip nor deflate",
    )


@pytest.mark.parametrize("named", ["GZIP", " gzip "])
async def test_an_encoding_is_named_in_any_spelling(named):
    body = gzip.compress(b"{}")

    async def talk(_reader, writer):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {named}\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        await writer.drain()

    async with raw_server(talk) as url, open_client() as client:
        assert (await fetched(client, url)).body == b"{}"


@pytest.mark.parametrize("named", ["", "identity"])
async def test_a_body_without_an_encoding(named):
    headers = {"Content-Encoding": named}
    async with serving(answering(body=b"{}", headers=headers)) as server, open_client() as client:
        assert (await fetched(client, server.url)).body == b"{}"


async def test_two_headers_of_encodings_are_one_list():
    async def talk(_reader, writer):
        body = gzip.compress(gzip.compress(b"{}"))
        head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip"
        writer.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async with raw_server(talk) as url, open_client() as client:
        assert (await refused(client, url)).kind == "encoding"


async def test_a_body_in_pieces_is_joined():
    async def handler(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (b"one", b"two", b"three"):
            await response.write(piece)
            await asyncio.sleep(0.01)
        return response

    async with serving(handler) as server, open_client() as client:
        assert (await fetched(client, server.url)).body == b"onetwothree"


async def test_no_more_connections_than_the_limit_at_once():
    present, most = 0, 0

    async def handler(_request):
        nonlocal present, most
        present += 1
        most = max(most, present)
        await asyncio.sleep(0.02)
        present -= 1
        return web.Response(text="{}")

    async with serving(handler) as server, open_client(connections=2) as client:
        await asyncio.gather(*(fetched(client, server.url) for _ in range(6)))
    assert most == 2


async def test_a_failure_of_the_connection_names_its_request():
    async with open_client() as client:
        error = await refused(client, "http://127.0.0.1:1/", label="GET /v1/x")
        assert error.detail == "GET /v1/x: no connection"
        assert (await refused(client, "ftp://h/")).detail == "GET: the address is not an http URL"


async def test_a_host_that_takes_no_connection_ends_at_its_own_timeout(unaccepting_port):
    url = f"http://127.0.0.1:{unaccepting_port}/"
    async with open_client(connect_timeout=0.2, request_timeout=5) as client:
        error = await refused(client, url)
    assert error.kind == "timeout"
    assert error.took < 2


async def test_a_clock_that_is_set_while_an_answer_is_under_way_is_no_skew():
    ahead = [0.0]

    async def handler(_request):
        ahead[0] += 3600  # The server's date is the real one; ours is set before it arrives.
        return web.Response()

    client = HttpClient(
        HttpClientLimits(), egress_allow=LOOPBACK, clock=lambda: time.time() + ahead[0]
    )
    async with serving(handler) as server:
        await fetched(client, server.url)
        assert client.skew is None
    async with serving(answering(text="{}")) as server:
        await fetched(client, server.url)
        assert client.skew == pytest.approx(-3600, abs=2)
    await client.close()
