"""The page of the sinks: what waits and why, dead letters, and who may send them again."""

import asyncio
import dataclasses
import re
from html import unescape

import pytest

from agent.config.settings import Settings
from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.deliveries import Deliveries
from agent.sinks.dispatcher import Dispatcher
from agent.tickets.changes import Change
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.outbox.rows import encode_payload, enqueue_all
from agent.web.app import make_app
from exporters.telemetry import Telemetry
from tests.web.conftest import AUTHORIZED, OWN_TOKEN
from tests.web.facts import NOW
from tests.web.ledger import ticket, write

SINKS = [
    {"name": "desk", "kind": "webhook", "url": "https://desk.example.com/in?key=canary"},
    {"name": "chat", "kind": "webhook", "url": "https://chat.example.com/in"},
]
FIELD = re.compile(r'name="csrf_token" value="([^"]*)"')


class ScriptedSink:
    """A sink that fails as it was told to, or accepts."""

    rate_limits = ()

    class retry_policy:  # noqa: N801 - a policy has no state
        retry_first, retry_longest, give_up_after = 30.0, 60.0, 3600.0

    def __init__(self, name: str, error: SinkError | None) -> None:
        self.name = name
        self.error = error

    async def deliver(self, _row, _now):
        if self.error is not None:
            raise self.error

    async def look_up(self, _ticket_id):
        raise AssertionError("nobody asks here")

    async def close(self):
        pass


@pytest.fixture
def world(services, facts, database, aiohttp_client):
    """Makes a client of a page over real queues, after every sink has tried what was due."""
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "sinks": SINKS})

    async def make(errors: dict[str, SinkError | None], *names: str, **headers: str):
        stored = [ticket(name) for name in names]
        await write(database, *stored)
        changes = [Change(None, it, "ticket.opened") for it in stored]
        async with database.transaction() as connection:
            rows = [(change, encode_payload(change)) for change in changes]
            await enqueue_all(connection, errors, rows)
        sinks = [ScriptedSink(name, error) for name, error in errors.items()]
        clock = lambda: NOW  # noqa: E731
        dispatcher = Dispatcher(database, sinks, Telemetry("1"), clock, lambda: 0.5, clock)
        await dispatcher.start()
        async with asyncio.timeout(20):
            while not dispatcher.idle:  # noqa: ASYNC110 - within a deadline
                await asyncio.sleep(0.005)
        changed = dataclasses.replace(services, deliveries=Deliveries(database, dispatcher))
        return await aiohttp_client(make_app(changed), headers=headers)

    return make


async def get(client, path: str = "/sinks") -> str:
    answer = await client.get(path)
    assert answer.status == 200
    return await answer.text()


async def test_a_held_sink_says_why_and_what_to_do(world):
    held = SinkError(SinkFailure.AUTH, "HTTP 401 of the desk", hold=True)
    page = await get(await world({"desk": held, "chat": None}, "t-1"))
    for expected in ("held", "credentials refused", "HTTP 401 of the desk", "without a replay"):
        assert expected in page
    assert page.index("<span>desk</span>") < page.index("<span>chat</span>"), "the worst first"
    assert 'href="/runbooks/SinkHeld"' in page
    assert "2026-09-21 22:13:20" in page, "the last success of the other, in local time"
    assert "canary" not in page


async def test_dead_letters_are_listed_with_reason_and_ticket(world):
    refused = SinkError(SinkFailure.HTTP_4XX, "HTTP 422", permanent=True)
    page = await get(await world({"desk": refused}, "t-1", "t-2", **AUTHORIZED))
    dead = page.partition('id="dead"')[2]
    for name in ("t-1", "t-2"):
        assert f'href="/tickets/{name}"' in dead
    assert "HTTP 4xx" in dead
    assert dead.count("<form") == 3


async def test_a_dead_letter_is_sent_again_by_a_form(world, database):
    refused = SinkError(SinkFailure.HTTP_4XX, "HTTP 422", permanent=True)
    client = await world({"desk": refused}, "t-1", "t-2", **AUTHORIZED)
    token = unescape(FIELD.search(await get(client))[1])
    form = {"csrf_token": token, "ticket": "t-1"}
    answer = await client.post("/sinks/replay?lang=en", data=form, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"] == "/sinks?replayed=1&lang=en"
    assert "1 deliveries were queued again." in await get(client, answer.headers["Location"])
    assert {row.ticket_id for row in await Outbox(database).dead_letters()} == {"t-2"}


async def test_only_an_administrator_may_send_again(world, facts, services):
    refused = SinkError(SinkFailure.HTTP_4XX, "HTTP 422", permanent=True)
    client = await world({"desk": refused}, "t-1")
    page = await get(client)
    form = {"csrf_token": unescape(FIELD.search(page)[1])}
    assert (await client.post("/sinks/replay", data=form)).status == 401
    assert OWN_TOKEN not in page


async def test_queues_of_a_sink_that_is_gone_are_said(world, facts):
    down = SinkError(SinkFailure.CONNECT, "refused")
    client = await world({"desk": down, "chat": None}, "t-1", "t-2")
    page = await get(client)
    assert "failing" in page
    assert "no connection" in page
    kept = [sink for sink in SINKS if sink["name"] == "chat"]
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "sinks": kept})
    page = await get(client)
    assert "not configured any more" in page
    assert "desk is gone from the configuration" in page


async def test_it_speaks_chinese(world):
    held = SinkError(SinkFailure.AUTH, "HTTP 401", hold=True)
    page = await get(await world({"desk": held}, "t-1"), "/sinks?lang=zh-CN")
    for expected in ("投递目标与待发队列", "已暂停", "鉴权失败", "无需重放"):
        assert expected in page


async def test_without_sinks_the_page_says_so(client):
    page = await get(client)
    assert "No sink is configured" in page
    assert "Nothing was given up." in page
