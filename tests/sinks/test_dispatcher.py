"""The dispatcher: outages, order, restarts, dead letters, telemetry."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from agent.sinks.base import SinkFailure
from agent.sinks.pacing import LONGEST_PAUSE
from agent.sinks.registry import build_sinks
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.receiver import Receiver, wait_until
from tests.sinks.sections import webhook_section
from tests.tickets.scene import START

HOUR = 3600.0


@pytest.fixture
async def harness(
    database: Database, telemetry: Telemetry, receiver: Receiver
) -> AsyncIterator[DispatcherHarness]:
    made = DispatcherHarness(database, telemetry)
    receiver.clock = made.clock
    yield made
    await made.stop()


Deliveries = list[tuple[str, str, int]]


def deliveries(receiver: Receiver) -> Deliveries:
    return [(it.data["id"], it.type, it.data["revision"]) for it in receiver.deliveries]


async def test_an_outage_of_an_hour_loses_nothing_doubles_nothing_and_keeps_order(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    writer = ChangeWriter(harness.database, "desk")
    down = True
    receiver.answer = lambda _request: 503 if down else None
    await harness.start()
    with capture_logs() as logs:
        expected: dict[str, Deliveries] = {}
        opened: list[str] = []
        for number in range(10):
            ticket = await writer.opened(number)
            ticket = await writer.changed(ticket, "ticket.updated")
            ticket = await writer.changed(ticket, "ticket.resolved")
            ticket = await writer.changed(ticket, "ticket.closed")
            opened.append(ticket.id)
            kinds = [("ticket.opened", 1), ("ticket.resolved", 3), ("ticket.closed", 4)]
            expected[ticket.id] = [(ticket.id, *kind) for kind in kinds]
            await harness.pass_time(HOUR / 10, step=60)
        assert receiver.deliveries == []
        assert harness.sample("numwatch_outbox_pending", sink="desk") == 30
        assert harness.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == START
        attempts_while_down = len(receiver.attempts)
        down = False
        await harness.pass_time(LONGEST_PAUSE * 1.1)
    for ticket_id, changes in expected.items():
        assert [one for one in deliveries(receiver) if one[0] == ticket_id] == changes
    assert len(receiver.deliveries) == 30
    assert list(dict.fromkeys(one[0] for one in deliveries(receiver))) == opened
    assert len(set(receiver.ids())) == 30
    assert attempts_while_down < 2 * HOUR / LONGEST_PAUSE + 20
    events = [line["event"] for line in logs]
    assert events.count("sink_failing") == 1
    assert events.count("sink_recovered") == 1
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    assert harness.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == 0
    assert (
        harness.sample("numwatch_sink_failures_total", sink="desk", reason="http_5xx")
        == attempts_while_down
    )


async def test_one_sinks_outage_does_not_delay_another(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    hanging = Receiver(answer=lambda _request: asyncio.sleep(60), clock=harness.clock)
    harness.add("hanging", await hanging.start(), timeout=30)
    harness.add("desk", await receiver.start())
    await harness.start()
    writer = ChangeWriter(harness.database, "hanging", "desk")
    for number in range(5):
        await writer.opened(number)
        harness.running.wake()
    await wait_until(lambda: len(receiver.deliveries) == 5, 5)
    assert len(hanging.attempts) == 1
    await harness.stop(grace=0.05)
    await hanging.stop()


async def test_one_ticket_that_always_fails_does_not_hold_up_the_others(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    writer = ChangeWriter(harness.database, "desk")
    poison = await writer.opened(0)
    receiver.answer = lambda _request: (
        500 if receiver.attempts[-1].data["id"] == poison.id else None
    )
    await harness.start()
    await harness.settle()
    for number in range(1, 6):
        await writer.opened(number)
    await harness.pass_time(120)
    assert {one[0] for one in deliveries(receiver)}.isdisjoint({poison.id})
    assert len(receiver.deliveries) == 5
    tries = [one for one in receiver.attempts if one.data["id"] == poison.id]
    assert 3 <= len(tries) <= 8


async def test_a_restart_takes_up_with_the_same_ids(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    url = await receiver.start()
    harness.add("desk", url)
    writer = ChangeWriter(harness.database, "desk")
    await writer.opened()
    receiver.answer = lambda _request: asyncio.sleep(60)
    await harness.start()
    await wait_until(lambda: len(receiver.attempts) == 1)
    await harness.stop(grace=0.05)
    receiver.answer = lambda _request: None
    await harness.start()
    await wait_until(lambda: len(receiver.deliveries) == 1)
    assert receiver.attempts[0].webhook_id == receiver.deliveries[0].webhook_id
    assert receiver.attempts[0].body == receiver.deliveries[0].body


async def test_the_timestamp_is_fresh_on_every_attempt(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    await ChangeWriter(harness.database, "desk").opened()
    receiver.answer = lambda _request: 503 if len(receiver.attempts) == 1 else None
    await harness.start()
    await harness.settle()
    await harness.pass_time(30)
    first, second = receiver.attempts
    assert first.webhook_id == second.webhook_id
    assert second.timestamp > first.timestamp
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(("status", "reason"), [(410, "gone"), (400, "http_4xx")])
async def test_a_permanent_failure_goes_to_the_dead_letters_and_can_be_replayed(
    harness: DispatcherHarness, receiver: Receiver, status: int, reason: str
) -> None:
    harness.add("desk", await receiver.start())
    ticket = await ChangeWriter(harness.database, "desk").opened()
    receiver.answer = lambda _request: status
    await harness.start()
    with capture_logs() as logs:
        await harness.pass_time(60)
    assert len(receiver.attempts) == 1
    (dead,) = await harness.outbox.dead_letters()
    assert (dead.ticket_id, dead.failure) == (ticket.id, reason)
    assert harness.sample("numwatch_dead_letters", sink="desk") == 1
    assert [line["event"] for line in logs].count("delivery_given_up") == 1
    receiver.answer = lambda _request: None
    assert await harness.outbox.replay(None, harness.clock()) == 1
    await harness.settle()
    assert receiver.ids() == [dead.webhook_id]
    assert harness.sample("numwatch_dead_letters", sink="desk") == 0


async def test_a_delivery_is_given_up_after_its_time(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start(), give_up_after="1h", retry_longest="10m")
    ticket = await ChangeWriter(harness.database, "desk").opened()
    receiver.answer = lambda _request: 500
    await harness.start()
    await harness.pass_time(HOUR - 1, step=60)
    assert await harness.outbox.dead_letters() == []
    await harness.pass_time(700, step=60)
    assert [row.ticket_id for row in await harness.outbox.dead_letters()] == [ticket.id]


async def test_retry_after_holds_the_whole_sink(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    writer = ChangeWriter(harness.database, "desk")
    await writer.opened(1)
    receiver.answer = lambda _request: web.Response(status=429, headers={"Retry-After": "600"})
    await harness.start()
    await harness.settle()
    await writer.opened(2)
    await harness.pass_time(590, step=59)
    assert len(receiver.attempts) == 1
    receiver.answer = lambda _request: None
    await harness.pass_time(20)
    assert len(receiver.deliveries) == 2


async def test_stopping_delivers_what_is_due(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    await harness.start()
    writer = ChangeWriter(harness.database, "desk")
    for number in range(20):
        await writer.opened(number)
    await harness.stop()
    assert len(receiver.deliveries) == 20


async def test_every_failure_reason_is_there_at_zero(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    await harness.start()
    for reason in SinkFailure:
        assert harness.sample("numwatch_sink_failures_total", sink="desk", reason=reason.value) == 0
    assert harness.sample("numwatch_sink_deliveries_total", sink="desk") == 0


async def test_replacing_sinks_goes_on_with_the_queue(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", "http://127.0.0.1:1/")
    await harness.start()
    await ChangeWriter(harness.database, "desk").opened()
    await harness.settle()
    new = webhook_section(await receiver.start())
    await harness.running.replace(build_sinks([new], harness.clock))
    await harness.pass_time(10)
    assert len(receiver.deliveries) == 1


async def test_an_outage_is_over_although_the_oldest_ticket_keeps_failing(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    harness.add("desk", await receiver.start())
    writer = ChangeWriter(harness.database, "desk")
    poison = await writer.opened(0)
    for number in range(1, 5):
        await writer.opened(number)
    down = True
    receiver.answer = lambda _request: (
        500 if down or receiver.attempts[-1].data["id"] == poison.id else None
    )
    await harness.start()
    await harness.pass_time(600, step=60)
    assert receiver.deliveries == []
    down = False
    await harness.pass_time(LONGEST_PAUSE * 1.2)
    assert len(receiver.deliveries) == 4
