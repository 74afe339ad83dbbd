"""The simulator's desk as a second receiver, with every fault it knows."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.sinks.dispatcher import Dispatcher
from agent.sinks.registry import build_sinks
from agent.store.database import Database
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry
from tests.simulator.worlds import SMALL
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.receiver import SECRET, wait_until
from tests.sinks.sections import webhook_section

KINDS = ("ticket.opened", "ticket.updated", "ticket.resolved", "ticket.closed")


async def listed(url: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return list(json.loads(await answer.read()))


@pytest.fixture
async def desk() -> AsyncIterator[SimulatorServer]:
    async with await start(world()) as running:
        yield running


def world() -> World:
    return World.parse(f"{SMALL}\ndesk: {{secret: {SECRET}}}\n")


async def record_stories(writer: ChangeWriter) -> list[str]:
    """Record three tickets from opening to closing; returns their ids in order."""
    ids = []
    for number in range(3):
        ticket = await writer.opened(number)
        ids.append(ticket.id)
        for kind in KINDS[1:]:
            ticket = await writer.changed(ticket, kind)
    return ids


def dispatch(database: Database, telemetry: Telemetry, url: str) -> Dispatcher:
    section = webhook_section(url, timeout=1.0, retry_first=0.05, retry_longest=0.2)
    return Dispatcher(database, build_sinks([section]), telemetry)


def closed(tickets: list[dict[str, Any]]) -> int:
    return sum(ticket["stage"] == "closed" for ticket in tickets)


async def all_closed(url: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        while closed(tickets := await listed(url)) < count:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.05)
    return tickets


def check_story(tickets: list[dict[str, Any]]) -> None:
    for ticket in tickets:
        types = [delivery["type"] for delivery in ticket["deliveries"]]
        assert types == ["ticket.opened", "ticket.resolved", "ticket.closed"]
        assert ticket["revision"] == len(KINDS)


@pytest.mark.parametrize("fault", ["http_500", "http_429", "hang", "drip", "reset", "redirect"])
async def test_a_desk_that_was_down_has_every_ticket_once_and_in_order(
    database: Database, telemetry: Telemetry, desk: SimulatorServer, fault: str
) -> None:
    desk.apply({"provider": "desk", "fault": {"kind": fault, "for": "1500ms"}})
    ids = await record_stories(ChangeWriter(database, "desk"))
    dispatcher = dispatch(database, telemetry, desk.desk_url)
    await dispatcher.start()
    tickets = await all_closed(desk.desk_url, len(ids))
    await dispatcher.stop()
    assert [ticket["id"] for ticket in tickets] == ids
    check_story(tickets)


async def test_a_desk_that_refuses_the_credentials_gets_everything_once_they_are_right(
    database: Database, telemetry: Telemetry
) -> None:
    now = [time.time()]
    async with await start(world(), clock=lambda: now[0]) as desk:
        desk.apply({"provider": "desk", "fault": {"kind": "auth", "for": "60s"}})
        ids = await record_stories(ChangeWriter(database, "desk"))
        dispatcher = dispatch(database, telemetry, desk.desk_url)
        await dispatcher.start()
        held = ("numwatch_sink_held", {"sink": "desk"})
        await wait_until(lambda: telemetry.registry.get_sample_value(*held) == 1)
        assert await Outbox(database).dead_letters() == []
        now[0] += 61
        tickets = await all_closed(desk.desk_url, len(ids))
        await dispatcher.stop()
    assert telemetry.registry.get_sample_value(*held) == 0
    assert [ticket["id"] for ticket in tickets] == ids
    check_story(tickets)
