"""Server-sent events: an open page hears of news, and never keeps the agent from stopping."""

import asyncio

import pytest

from agent.web import events
from tests.web.facts import snapshot


async def line_of(answer, prefix: bytes) -> bytes:
    async with asyncio.timeout(5):
        while True:
            line = await answer.content.readline()
            assert line, "the stream ended"
            if line.startswith(prefix):
                return line


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(events, "SHORTEST_PAUSE", 0.05)


async def test_a_poll_is_heard(client, facts, quick):
    async with client.get("/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        for _ in range(3):
            facts.show(snapshot())
            assert await line_of(answer, b"event:") == b"event: changed\r\n"


async def test_many_polls_are_few_events(client, facts):
    async with client.get("/events") as answer:
        for _ in range(50):
            facts.show(snapshot())
        assert int((await line_of(answer, b"data:"))[5:]) == 51 - 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await line_of(answer, b"event:")


async def test_the_application_stops_although_pages_are_open(client):
    async with client.get("/events") as answer:
        assert answer.status == 200
        async with asyncio.timeout(5):
            await client.app.shutdown()
            assert await answer.content.read() == b""


async def test_too_many_pages_are_refused(client, monkeypatch):
    monkeypatch.setattr(events, "MOST_LISTENERS", 1)
    async with client.get("/events"):
        refused = await client.get("/events")
        assert refused.status == 503
