"""A name that changes its address, and every form of an address: nobody inside is connected to.

A listener on the loopback addresses counts connections; it is what an attacker would want to
reach. Both sides are tried: providers are polled, tickets are delivered.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import chain, repeat

import aiohttp
import pytest

from agent.net.exchange import ProviderError, Request
from agent.sinks.base import SinkError
from agent.sinks.http_client import SinkHttpClient
from tests.net.http_bench import open_client
from tests.net.test_egress_and_tls import INNER
from tests.sinks.sections import webhook_section

PUBLIC, INSIDE = "192.0.2.1", "127.0.0.1"
"""What a guard may see when it looks a name up, and where the name leads afterwards."""
NAME = "rebinding.example"


class Listener:
    """Counts connections to every loopback address, and keeps what is sent to it."""

    def __init__(self) -> None:
        self.connections = 0
        self.received = b""
        self.port = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.received += await reader.read(4096)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    made = Listener()
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    inside6 = await asyncio.start_server(made.accept, "::1", made.port)
    async with server, inside6:
        yield made


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the name was resolved to, one after the other: first the public one."""
    given: list[str] = []
    sequence = chain([PUBLIC], repeat(INSIDE))
    original = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host not in (NAME, NAME.encode()):
            return original(host, port, *args, **kwargs)
        given.append(next(sequence))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (given[-1], int(port or 0)))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return given


async def poll(url: str) -> str:
    """Why a poll of ``url`` fails; empty where it does not."""
    async with open_client(allow=(), request_timeout=1, connect_timeout=0.5) as client:
        try:
            await client.fetch(Request("GET", url, headers={"X-Api-Key": "the-key"}))
        except ProviderError as error:
            return error.kind
    return ""


async def deliver(url: str) -> str:
    """Why a delivery to ``url`` fails; empty where it does not."""
    headers = {"X-Api-Key": "the-key"}
    try:
        section = webhook_section(url, egress_allow=[], timeout=1, headers=headers)
    except ValueError:
        return "refused by the configuration"
    client = SinkHttpClient(section, lambda: 0.0)
    try:
        await client.request("POST", "", json={})
    except SinkError as error:
        return error.reason
    finally:
        await client.close()
    return ""


SIDES = pytest.mark.parametrize("side", [poll, deliver])
Side = Callable[[str], Awaitable[str]]


@SIDES
@pytest.mark.usefixtures("answers")
async def test_a_name_that_turns_inside_is_never_followed(side: Side, listener: Listener) -> None:
    reasons = [await side(f"http://{NAME}:{listener.port}/") for _ in range(4)]
    assert all(reasons)
    assert set(reasons[1:]) == {"egress_denied"}
    assert listener.connections == 0


@SIDES
async def test_no_form_of_an_inner_address_is_connected_to(side: Side, listener: Listener) -> None:
    forms = [*INNER, f"user:password@{INSIDE}", "127.0.0.1.", "127.1", "①②⑦.⓪.⓪.①", "127。0。0。1"]
    assert len(forms) >= 40
    reasons = [await side(f"http://{form}:{listener.port}/") for form in forms]
    assert all(reasons), [form for form, reason in zip(forms, reasons, strict=True) if not reason]
    assert (listener.connections, listener.received) == (0, b"")


async def test_a_guard_of_names_alone_would_be_led_inside(
    listener: Listener, answers: list[str]
) -> None:
    """The control: what checks the name and connects by name reaches the listener, key and all."""
    loop = asyncio.get_running_loop()
    ((*_, address),) = await loop.getaddrinfo(NAME, listener.port)
    assert address[0] == PUBLIC
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{NAME}:{listener.port}/", headers={"X-Api-Key": "the-key"}),
    ):
        pass
    assert answers == [PUBLIC, INSIDE]
    assert listener.connections == 1
    assert b"the-key" in listener.received
