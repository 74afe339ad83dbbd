"""Bodies of senders that nothing proves yet: slow ones make way, and none is read for nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from agent.webhooks import limits
from agent.webhooks.limits import OverloadedError, RequestLimiter, RequestSlot
from tests.webhooks.conftest import Server


async def _read_for_ever(limiter: RequestLimiter, peer: str, size: int = 0) -> None:
    with limiter.admit(peer) as slot:
        slot.reserve(size)
        async with asyncio.timeout(60) as slot.deadline:
            await asyncio.Event().wait()


@pytest.fixture
async def slow() -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _began(tasks: list[asyncio.Task[None]]) -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_slow_bodies_of_many_peers_make_way(slow: list[asyncio.Task[None]]) -> None:
    limiter = RequestLimiter()
    slow += [
        asyncio.create_task(_read_for_ever(limiter, f"192.0.2.{number}")) for number in range(200)
    ]
    ended = await _began(slow)
    assert ended.count(False) == limits.MAX_UNPROVEN
    assert not any(ended[-limits.MAX_UNPROVEN :])  # The oldest went first.
    with limiter.admit("198.51.100.1"), limiter.admit():
        assert (await _began(slow)).count(False) == limits.MAX_UNPROVEN - 1


async def test_one_peer_holds_few_places_and_goes_on_itself(
    slow: list[asyncio.Task[None]],
) -> None:
    limiter = RequestLimiter()
    slow.append(asyncio.create_task(_read_for_ever(limiter, "198.51.100.1")))
    slow += [asyncio.create_task(_read_for_ever(limiter, "192.0.2.1")) for _ in range(100)]
    ended = await _began(slow)
    assert ended.count(False) == limits.MAX_UNPROVEN_OF_A_PEER + 1
    assert not ended[0]
    with limiter.admit("192.0.2.1"):
        pass


async def test_bytes_of_slow_bodies_make_way(slow: list[asyncio.Task[None]]) -> None:
    limiter = RequestLimiter(max_bytes=1000)
    slow += [
        asyncio.create_task(_read_for_ever(limiter, f"192.0.2.{number}", 100))
        for number in range(10)
    ]
    await _began(slow)
    with limiter.admit("198.51.100.1") as slot:
        slot.reserve(150)
    assert (await _began(slow)).count(True) == 2


def test_requests_whose_body_is_there_do_not_make_way() -> None:
    limiter = RequestLimiter()
    with contextlib.ExitStack() as stack:
        slots: list[RequestSlot] = [
            stack.enter_context(limiter.admit(f"192.0.2.{number}"))
            for number in range(limits.MAX_UNPROVEN)
        ]
        with pytest.raises(OverloadedError), limiter.admit("198.51.100.1"):
            pass
        with limiter.admit():
            pass
        assert not any(slot.is_released for slot in slots)
    with limiter.admit("198.51.100.1") as after:
        after.reserve(limits.MAX_BYTES)


HEADERS = {
    "nothing": {},
    "another version": {"webhook-id": "a", "webhook-timestamp": "now", "webhook-signature": "v2,x"},
    "no time": {"webhook-id": "a", "webhook-signature": "v1," + "A" * 43 + "="},
    "an old time": {
        "webhook-id": "a",
        "webhook-timestamp": "1",
        "webhook-signature": "v1," + "A" * 43 + "=",
    },
    "a short signature": {
        "webhook-id": "a",
        "webhook-timestamp": "now",
        "webhook-signature": "v1,AAAA",
    },
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_without_a_signature_of_the_right_form_no_body_is_read(
    server: Server, headers: dict[str, str]
) -> None:
    secret = "whsec_" + "c2VjcmV0" * 4
    await server.use_complaints(secret=secret)
    now = {"webhook-timestamp": str(int(server.clock()))}
    sent = {**headers, **(now if headers.get("webhook-timestamp") == "now" else {})}
    port = server.client.server.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{name}: {value}" for name, value in sent.items()]
    head = [
        "POST /hooks/complaints HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Content-Length: 1000",
        *lines,
    ]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    try:
        async with asyncio.timeout(5):
            assert b" 401 " in await reader.readline()
    finally:
        writer.close()
