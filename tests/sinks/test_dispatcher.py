"""The dispatcher: outages, order, restarts, dead letters, telemetry."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from agent.sinks.base import SinkFailure
from agent.sinks.pacing import LONGEST_PAUSE, backoff
from agent.sinks.registry import build_sinks
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.post import Post
from tests.sinks.receiver import Receiver, wait_until
from tests.sinks.test_webhook import settings
from tests.sinks.writer import Writer
from tests.tickets.scene import START

HOUR = 3600.0


@pytest.fixture
async def post(database: Database, telemetry: Telemetry, receiver: Receiver) -> AsyncIterator[Post]:
    made = Post(database, telemetry)
    receiver.clock = made.clock
    yield made
    await made.stop()


Delivery = list[tuple[str, str, int]]


def told(receiver: Receiver) -> Delivery:
    return [(one.data["id"], one.type, one.data["revision"]) for one in receiver.taken]


async def test_an_outage_of_an_hour_loses_nothing_doubles_nothing_and_keeps_order(
    post: Post, receiver: Receiver
) -> None:
    post.add("desk", await receiver.start())
    writer = Writer(post.database, "desk")
    down = True
    receiver.answer = lambda _request: 503 if down else None
    await post.start()
    with capture_logs() as logs:
        expected: dict[str, Delivery] = {}
        opened: list[str] = []
        for number in range(10):
            ticket = await writer.opened(number)
            ticket = await writer.changed(ticket, "ticket.updated")
            ticket = await writer.changed(ticket, "ticket.resolved")
            ticket = await writer.changed(ticket, "ticket.closed")
            opened.append(ticket.id)
            kinds = [("ticket.opened", 1), ("ticket.resolved", 3), ("ticket.closed", 4)]
            expected[ticket.id] = [(ticket.id, *kind) for kind in kinds]
            await post.pass_time(HOUR / 10, step=60)
        assert receiver.taken == []
        assert post.sample("numwatch_outbox_pending", sink="desk") == 30
        assert post.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == START
        attempts_while_down = len(receiver.attempts)
        down = False
        await post.pass_time(LONGEST_PAUSE * 1.1)
    for ticket_id, changes in expected.items():
        assert [one for one in told(receiver) if one[0] == ticket_id] == changes
    assert len(receiver.taken) == 30
    assert list(dict.fromkeys(one[0] for one in told(receiver))) == opened
    assert len(set(receiver.ids())) == 30
    assert attempts_while_down < 2 * HOUR / LONGEST_PAUSE + 20
    events = [line["event"] for line in logs]
    assert events.count("sink_failing") == 1
    assert events.count("sink_recovered") == 1
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0
    assert post.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == 0
    assert (
        post.sample("numwatch_sink_failures_total", sink="desk", reason="http_5xx")
        == attempts_while_down
    )


async def test_one_sinks_outage_does_not_delay_another(post: Post, receiver: Receiver) -> None:
    hanging = Receiver(answer=lambda _request: asyncio.sleep(60), clock=post.clock)
    post.add("hanging", await hanging.start(), timeout=30)
    post.add("desk", await receiver.start())
    await post.start()
    writer = Writer(post.database, "hanging", "desk")
    for number in range(5):
        await writer.opened(number)
        assert post.dispatcher is not None
        post.dispatcher.wake()
    await wait_until(lambda: len(receiver.taken) == 5, 5)
    assert len(hanging.attempts) == 1
    await post.stop(grace=0.05)
    await hanging.stop()


async def test_one_ticket_that_always_fails_does_not_hold_up_the_others(
    post: Post, receiver: Receiver
) -> None:
    post.add("desk", await receiver.start())
    writer = Writer(post.database, "desk")
    poison = await writer.opened(0)
    receiver.answer = lambda _request: (
        500 if receiver.attempts[-1].data["id"] == poison.id else None
    )
    await post.start()
    await post.settle()
    for number in range(1, 6):
        await writer.opened(number)
    await post.pass_time(120)
    assert {one[0] for one in told(receiver)}.isdisjoint({poison.id})
    assert len(receiver.taken) == 5
    tries = [one for one in receiver.attempts if one.data["id"] == poison.id]
    assert 3 <= len(tries) <= 8


async def test_a_restart_takes_up_with_the_same_ids(post: Post, receiver: Receiver) -> None:
    url = await receiver.start()
    post.add("desk", url)
    writer = Writer(post.database, "desk")
    await writer.opened()
    receiver.answer = lambda _request: asyncio.sleep(60)
    await post.start()
    await wait_until(lambda: len(receiver.attempts) == 1)
    await post.stop(grace=0.05)
    receiver.answer = lambda _request: None
    await post.start()
    await wait_until(lambda: len(receiver.taken) == 1)
    assert receiver.attempts[0].webhook_id == receiver.taken[0].webhook_id
    assert receiver.attempts[0].body == receiver.taken[0].body


async def test_the_timestamp_is_fresh_on_every_attempt(post: Post, receiver: Receiver) -> None:
    post.add("desk", await receiver.start())
    await Writer(post.database, "desk").opened()
    receiver.answer = lambda _request: 503 if len(receiver.attempts) == 1 else None
    await post.start()
    await post.settle()
    await post.pass_time(30)
    first, second = receiver.attempts
    assert first.webhook_id == second.webhook_id
    assert second.timestamp > first.timestamp
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(("status", "reason"), [(410, "gone"), (400, "http_4xx")])
async def test_a_permanent_failure_goes_to_the_dead_letters_and_can_be_replayed(
    post: Post, receiver: Receiver, status: int, reason: str
) -> None:
    post.add("desk", await receiver.start())
    ticket = await Writer(post.database, "desk").opened()
    receiver.answer = lambda _request: status
    await post.start()
    with capture_logs() as logs:
        await post.pass_time(60)
    assert len(receiver.attempts) == 1
    (dead,) = await post.outbox.dead_letters()
    assert (dead.ticket_id, dead.failure) == (ticket.id, reason)
    assert post.sample("numwatch_dead_letters", sink="desk") == 1
    assert [line["event"] for line in logs].count("delivery_given_up") == 1
    receiver.answer = lambda _request: None
    assert await post.outbox.replay(None, post.clock()) == 1
    await post.settle()
    assert receiver.ids() == [dead.webhook_id]
    assert post.sample("numwatch_dead_letters", sink="desk") == 0


async def test_a_delivery_is_given_up_after_its_time(post: Post, receiver: Receiver) -> None:
    post.add("desk", await receiver.start(), give_up_after="1h", retry_longest="10m")
    ticket = await Writer(post.database, "desk").opened()
    receiver.answer = lambda _request: 500
    await post.start()
    await post.pass_time(HOUR - 1, step=60)
    assert await post.outbox.dead_letters() == []
    await post.pass_time(700, step=60)
    assert [row.ticket_id for row in await post.outbox.dead_letters()] == [ticket.id]


async def test_retry_after_holds_the_whole_sink(post: Post, receiver: Receiver) -> None:
    post.add("desk", await receiver.start())
    writer = Writer(post.database, "desk")
    await writer.opened(1)
    receiver.answer = lambda _request: web.Response(status=429, headers={"Retry-After": "600"})
    await post.start()
    await post.settle()
    await writer.opened(2)
    await post.pass_time(590, step=59)
    assert len(receiver.attempts) == 1
    receiver.answer = lambda _request: None
    await post.pass_time(20)
    assert len(receiver.taken) == 2


async def test_stopping_delivers_what_is_due(post: Post, receiver: Receiver) -> None:
    post.add("desk", await receiver.start())
    await post.start()
    writer = Writer(post.database, "desk")
    for number in range(20):
        await writer.opened(number)
    await post.stop()
    assert len(receiver.taken) == 20


async def test_every_failure_reason_is_there_at_zero(post: Post, receiver: Receiver) -> None:
    post.add("desk", await receiver.start())
    await post.start()
    for reason in SinkFailure:
        assert post.sample("numwatch_sink_failures_total", sink="desk", reason=reason.value) == 0
    assert post.sample("numwatch_sink_deliveries_total", sink="desk") == 0


async def test_replacing_sinks_goes_on_with_the_queue(post: Post, receiver: Receiver) -> None:
    post.add("desk", "http://127.0.0.1:1/")
    await post.start()
    await Writer(post.database, "desk").opened()
    await post.settle()
    assert post.dispatcher is not None
    new = settings(await receiver.start())
    await post.dispatcher.replace(build_sinks([new], post.clock))
    await post.pass_time(10)
    assert len(receiver.taken) == 1


async def test_an_outage_is_over_although_the_oldest_ticket_keeps_failing(
    post: Post, receiver: Receiver
) -> None:
    post.add("desk", await receiver.start())
    writer = Writer(post.database, "desk")
    poison = await writer.opened(0)
    for number in range(1, 5):
        await writer.opened(number)
    down = True
    receiver.answer = lambda _request: (
        500 if down or receiver.attempts[-1].data["id"] == poison.id else None
    )
    await post.start()
    await post.pass_time(600, step=60)
    assert receiver.taken == []
    down = False
    await post.pass_time(LONGEST_PAUSE * 1.2)
    assert len(receiver.taken) == 4


def test_waits_double_up_to_the_longest_and_spread_by_a_tenth() -> None:
    retry_policy = settings("http://x/", retry_first=5, retry_longest=60)
    assert [backoff(n, retry_policy, 0.5) for n in (1, 2, 3, 4, 5, 500)] == [5, 10, 20, 40, 60, 60]
    assert backoff(1, retry_policy, 0.0) == pytest.approx(4.5)
    assert backoff(1, retry_policy, 1.0) == pytest.approx(5.5)
