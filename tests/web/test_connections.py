"""Silent, slow and numerous clients keep nobody else out; real sockets on the loopback."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import AsyncIterator
from itertools import pairwise

import aiohttp
import pytest

from agent.web.acceptor import ACCEPTED_AT_ONCE
from agent.web.app import make_app
from agent.web.connections import CONNECTIONS, ClientConnection, Connections
from agent.web.server import serve, urls
from agent.web.services import WebServices
from tests.web.conftest import OWN_TOKEN

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
POST = b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
HEADS = {
    "silent": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "half a line": b"GE",
    "half a body": POST + f"Authorization: Bearer {OWN_TOKEN}\r\n\r\n".encode() + b"x",
    "half a body, no token": POST + b"\r\n" + b"x",
}


class Page:
    """A served application, and how to reach it."""

    def __init__(self, url: str, connections: Connections) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.connections = connections
        self.opened: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"") -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(writer)
        writer.write(sent)
        await writer.drain()
        return reader, writer

    async def status(self) -> int:
        timeout = aiohttp.ClientTimeout(5)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.url}/-/healthy") as answer,
        ):
            return answer.status


@pytest.fixture
async def page(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    monkeypatch.setattr("agent.web.connections.HEAD_TIMEOUT", 0.5)
    monkeypatch.setattr("agent.web.request_deadlines.BODY_TIMEOUT", 0.5)
    app = make_app(services)
    runner = await serve(app, ["127.0.0.1:0"])
    served = Page(urls(runner)[0], app[CONNECTIONS])
    yield served
    for writer in served.opened:
        writer.close()
    await runner.cleanup()


async def ends(reader: asyncio.StreamReader, within: float = 5.0) -> bytes:
    """What a client gets until its connection ends; fails the test where it does not end."""
    answer = b""
    async with asyncio.timeout(within):
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65536):
                answer += part
    return answer


@pytest.mark.parametrize("sent", HEADS.values(), ids=HEADS)
async def test_who_does_not_go_on_is_dropped(page: Page, sent: bytes) -> None:
    reader, _ = await page.connect(sent)
    await ends(reader, 15)
    assert await page.status() == 200


async def test_who_does_not_send_a_whole_body_is_told_so(page: Page) -> None:
    reader, _ = await page.connect(HEADS["half a body"])
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")


async def test_a_dripping_head_has_no_more_time_than_a_silent_one(page: Page) -> None:
    reader, writer = await page.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"X-A: b\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    await ends(reader, 3)
    dripping.cancel()


async def test_a_further_request_has_the_same_deadline(page: Page) -> None:
    reader, writer = await page.connect(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readuntil(b"healthy.\n")).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(1)  # Longer than a head may take: this is the silence between requests.
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readuntil(b"healthy.\n")).startswith(b"HTTP/1.1 200")
    writer.write(b"GET /-/hea")
    await ends(reader, 3)


async def test_without_a_token_no_body_is_waited_for(page: Page) -> None:
    reader, _ = await page.connect(HEADS["half a body, no token"])
    async with asyncio.timeout(0.4):
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")


async def test_eleven_hundred_idle_connections_shut_nobody_out(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.web.connections.HEAD_TIMEOUT", 60)
    for _ in range(1100):
        with contextlib.suppress(OSError):
            await page.connect()
    assert await page.status() == 200
    assert len(page.connections) <= 257
    for _ in range(20):
        assert await page.status() == 200


async def test_busy_connections_are_not_dropped_for_new_ones(
    services: WebServices, page: Page
) -> None:
    limited = Connections(most_of_a_peer=3)
    app = make_app(services)
    app[CONNECTIONS] = limited
    runner = await serve(app, ["127.0.0.1:0"])
    try:
        small = Page(urls(runner)[0], limited)
        listening = [await small.connect(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")]
        assert (await listening[0][0].readline()).startswith(b"HTTP/1.1 200")
        idle = [await small.connect() for _ in range(8)]
        await asyncio.sleep(0.2)
        assert len(limited) == 3
        assert await small.status() == 200
        assert not listening[0][0].at_eof()
        assert await ends(idle[0][0], 1) == b""
        for writer in small.opened:
            writer.close()
    finally:
        await runner.cleanup()


async def test_half_bodies_that_need_no_token_make_way(
    services: WebServices, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus' read API takes forms of viewers, too: they hold no place while they drip."""
    monkeypatch.setattr("agent.web.request_deadlines.BODY_TIMEOUT", 60)
    monkeypatch.setattr("agent.web.connections.HEAD_TIMEOUT", 60)
    limited = Connections(most=20)
    app = make_app(services)
    app[CONNECTIONS] = limited
    runner = await serve(app, ["127.0.0.1:0"])
    half = (
        b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nquery=u"
    )
    try:
        small = Page(urls(runner)[0], limited)
        for _ in range(60):
            await small.connect(half)
        assert await small.status() == 200
        assert len(limited) <= 20
        for writer in small.opened:
            writer.close()
    finally:
        await runner.cleanup()


async def test_what_is_closed_is_forgotten(page: Page) -> None:
    for _ in range(300):
        _, writer = await page.connect()
        writer.close()
    await asyncio.sleep(0.3)
    assert len(page.connections) == 0


class Transport(asyncio.Transport):
    """A connection with so many bytes of a response that its client has not taken."""

    def __init__(self, unsent: int) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.unsent = unsent
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.is_aborted = True


@pytest.mark.parametrize("unsent", [0, 1])
async def test_who_is_being_sent_a_response_makes_no_way(unsent: int) -> None:
    connections = Connections(most=1)
    first, second = Transport(unsent), Transport(0)
    protocols = [ClientConnection(connections, asyncio.Protocol()) for _ in range(2)]
    for protocol, transport in zip(protocols, (first, second), strict=True):
        protocol.connection_made(transport)
    assert first.is_aborted is (unsent == 0)
    assert second.is_aborted is (unsent > 0)
    assert len(connections) == 1
    for protocol in protocols:
        protocol.connection_lost(None)
    assert len(connections) == 0


async def test_a_burst_of_connections_is_accepted_few_at_a_time(page: Page) -> None:
    """Other work of the loop goes on between a few and the next few."""
    with contextlib.ExitStack() as opened:
        for _ in range(100):
            # Blocking: nothing is accepted before all of them wait.
            opened.enter_context(socket.create_connection(("127.0.0.1", page.port), 5))
        steps = [len(page.connections)]
        async with asyncio.timeout(10):
            while steps[-1] < 100:
                await asyncio.sleep(0)
                steps.append(len(page.connections))
    # Sixteen took a few milliseconds, all hundred a tenth of a second.
    assert max(after - before for before, after in pairwise(steps)) <= ACCEPTED_AT_ONCE <= 16


async def test_without_descriptors_it_waits_and_goes_on(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.web.acceptor.PAUSE_SECONDS", 0.05)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as opened:
        client = opened.enter_context(socket.create_connection(("127.0.0.1", page.port), 5))
        client.setblocking(False)
        lowest = os.dup(client.fileno())
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            await asyncio.sleep(0.2)
            assert len(page.connections) == 0
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        async with asyncio.timeout(5):
            while len(page.connections) == 0:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    assert await page.status() == 200


async def test_a_burst_is_answered(page: Page) -> None:
    request = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with asyncio.timeout(10):
        streams = await asyncio.gather(*(page.connect(request) for _ in range(100)))
        answers = await asyncio.gather(*(ends(reader, 10) for reader, _ in streams))
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 100
