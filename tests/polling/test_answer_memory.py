"""How much memory large answers of one account take, and when it is free again."""

import asyncio
import gc
import tracemalloc
from types import SimpleNamespace

import pytest
from aiohttp import web

from agent.config.secret import Secret
from agent.config.settings import Account
from agent.net.exchange import Request
from agent.net.heap import Heap
from agent.net.large_bodies import LARGE_BYTES, PLACES, LargeBodies, take_place
from agent.polling import recorder
from agent.polling.recorder import ResponseRecorder
from agent.providers import registry
from agent.states import PollFailure
from tests.polling.polling_bench import settings_of, until

MIB = 1024 * 1024
BODY = b'{"code":"0","data":{"a":' + b"[" * (7 * MIB) + b"]}}"
NUMBERS = [f"400600{index:04}" for index in range(24)]


@pytest.fixture
async def many(bench):
    """An account whose numbers are listed well, and whose every routing is a huge answer."""
    bench.make_provider = registry.build
    items = [{"number": number, "state": "active"} for number in NUMBERS]
    listing = {"code": "0", "data": {"items": items, "total": len(items)}}
    bench.server.answers["/v1/numbers"] = listing
    for number in NUMBERS:
        bench.server.answers[f"/v1/numbers/{number}/routing"] = lambda _request: web.Response(
            body=BODY, content_type="application/json"
        )
    account = Account(id="hq", credentials={"key": Secret("key"), "secret": Secret("secret")})
    await bench.pollers.prepare(
        settings_of(
            account,
            polling={"timeout": 20, "request_timeout": 20, "concurrency": 8},
            base_url=bench.server.url,
        )
    )
    await bench.pollers.poll_once("north", "hq")
    return bench


async def test_large_answers_of_one_account_are_few_at_once_and_gone_afterwards(many, monkeypatch):
    held = []
    take = LargeBodies.take

    async def counted(places):
        await take(places)
        held.append(len(places._holders))

    monkeypatch.setattr(LargeBodies, "take", counted)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        outcomes = await many.pollers.poll_once("north", "hq")

        def kept() -> float:
            return (tracemalloc.get_traced_memory()[0] - before) / MIB

        # Nothing waits for the garbage collector, which hardly ever comes by; what the server of
        # the test still has to send goes with its connections.
        await until(lambda: kept() < 16, 10)
    finally:
        tracemalloc.stop()
        gc.enable()
    failures = {it.capability: it.failure for it in outcomes}
    assert failures["routing"] is PollFailure.TOO_MANY
    assert max(held) <= PLACES


async def test_a_place_is_free_again_after_the_answer_was_read_or_its_reader_ended():
    places = LargeBodies(SimpleNamespace(note_freed=lambda: None), places=1)
    held = []

    async def fetch(request):
        await take_place()
        held.append(request)
        return request

    async def read(name, pause=0.0):
        for turn in range(2):
            await places.wrap(fetch)((name, turn))
        await asyncio.sleep(pause)

    async with asyncio.timeout(5):
        await asyncio.gather(*(read(name) for name in "abc"))
        cancelled = asyncio.create_task(read("d", pause=60))
        await until(lambda: ("d", 1) in held, 5)
        cancelled.cancel()
        await read("e")
    assert len(held) == 10


async def test_without_places_nothing_waits():
    assert len(BODY) > LARGE_BYTES
    async with asyncio.timeout(5):
        await asyncio.create_task(take_place())


async def test_memory_is_given_back_soon_and_once(monkeypatch):
    given = []
    monkeypatch.setattr("agent.net.heap.give_back_free_memory", lambda: given.append(1))
    heap = Heap(pause=0.01)
    for _ in range(5):
        heap.note_freed()
    await until(lambda: given, 5)
    await asyncio.sleep(0.05)
    assert given == [1]


async def test_one_account_leaves_the_others_their_evidence(monkeypatch):
    """Answers that change all the time push out the account's own, not those of others."""
    monkeypatch.setattr(recorder, "_OBJECT_BYTES", 0)
    kept = ResponseRecorder(lambda: 1.0, max_bytes=30_000)
    for account, count in (("quiet", 3), ("loud", 400)):
        for index in range(count):
            body = f"{account} {index} ".encode() + bytes(range(256)) * 2
            request = Request("GET", f"https://x.example/{index}")

            async def fetch(_request, body=body):
                return SimpleNamespace(body=body, status=200)

            await kept.wrap(("north", account), fetch)(request)
    assert len(list(kept.answers(("north", "quiet")))) == 3
    loud = sum(it.size for it in kept.answers(("north", "loud")))
    assert 8_000 < loud <= 10_000
