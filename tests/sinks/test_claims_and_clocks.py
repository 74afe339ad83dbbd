"""Deliveries while the ledger refuses to be written, and while the machine's clock is set."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from agent.sinks.registry import build_sinks
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.receiver import Receiver
from tests.tickets.scene import START

HOUR, DAY = 3600.0, 86400.0
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY, 500 * DAY])


@pytest.fixture
async def harness(
    database: Database, telemetry: Telemetry, receiver: Receiver
) -> AsyncIterator[DispatcherHarness]:
    made = DispatcherHarness(database, telemetry)
    receiver.clock = made.clock
    made.add("desk", await receiver.start())
    yield made
    await made.stop()


async def refuse(database: Database, state: str) -> None:
    """From now on the ledger refuses to mark a row of the outbox as ``state``."""
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.outbox"
                f" WHEN NEW.state = '{state}' AND OLD.state = 'sending'"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )


async def accept(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("DROP TRIGGER refuse"))


@pytest.mark.parametrize(("answer", "state"), [(None, "delivered"), (503, "waiting")])
async def test_a_result_that_could_not_be_written_is_written_later(
    harness: DispatcherHarness, receiver: Receiver, answer: int | None, state: str
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    receiver.answer = lambda _request: answer
    await harness.start()
    ticket = await writer.opened()
    await writer.changed(ticket, "ticket.resolved")
    await refuse(harness.database, state)
    with capture_logs() as logs:
        await harness.settle()
        await harness.settle()
    assert len(receiver.attempts) == 1
    assert {line["event"] for line in logs if line["log_level"] == "error"} == {"outbox_unreadable"}
    assert not any("exc_info" in line for line in logs), "one line says it all"
    assert harness.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == START
    await accept(harness.database)
    receiver.answer = lambda _request: None
    await harness.pass_time(60)
    assert [it.type for it in receiver.deliveries] == ["ticket.opened", "ticket.resolved"]
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    assert harness.sample("numwatch_outbox_oldest_timestamp_seconds", sink="desk") == 0


async def test_a_claim_whose_end_nobody_knows_ends_by_itself(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    ticket = await writer.opened()
    await writer.changed(ticket, "ticket.resolved")
    await harness.start()
    await harness.settle()
    await writer.opened(2)
    # A commit that was carried out although it was reported as failed leaves the row like this.
    assert await harness.outbox.claim("desk", harness.clock.now)
    await refuse(harness.database, "delivered")
    await writer.opened(3)
    await harness.settle()
    await accept(harness.database)
    await harness.settle()
    assert len(receiver.deliveries) == 4
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_other_sinks_do_not_wait_for_a_refused_result(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    await harness.start()
    await harness.outbox.wake("desk", START)
    writer = ChangeWriter(harness.database, "desk")
    for number in range(1, 4):
        await writer.opened(number)
    await refuse(harness.database, "delivered")
    await harness.settle()
    await accept(harness.database)
    await harness.settle()
    assert len(receiver.deliveries) == 3
    assert len(set(receiver.ids())) == 3


async def test_a_reload_while_the_ledger_is_refused_leaves_no_sink_without_its_worker(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    await harness.start()
    await writer.opened()
    await harness.outbox.claim("desk", harness.clock.now)
    await refuse(harness.database, "waiting")
    sinks = build_sinks(harness.sections, harness.clock, harness.context())
    await harness.running.replace(sinks)
    await accept(harness.database)
    await harness.settle()
    assert len(receiver.deliveries) == 1


async def test_the_queue_of_a_sink_that_is_gone_is_told_as_it_is(
    harness: DispatcherHarness, receiver: Receiver
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    receiver.answer = lambda _request: 503
    await harness.start()
    await writer.opened()
    await harness.settle()
    await harness.running.replace([])
    name = "numwatch_outbox_oldest_timestamp_seconds"
    assert harness.sample(name, sink="desk") == START
    receiver.answer = lambda _request: None
    await harness.running.replace(build_sinks(harness.sections, harness.clock, harness.context()))
    await harness.pass_time(60)
    assert harness.sample(name, sink="desk") == 0
    await harness.running.replace([])
    assert harness.sample(name, sink="desk") is None


@STEPS
async def test_a_sink_that_fails_is_tried_again_however_the_clock_is_set(
    harness: DispatcherHarness, receiver: Receiver, step: float
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    receiver.answer = lambda _request: 503
    await harness.start()
    for number in range(1, 4):
        await writer.opened(number)
    await harness.pass_time(120)
    before = len(receiver.attempts)
    harness.set_clock(step)
    writer.now = harness.clock.now
    await writer.opened(9)
    await harness.settle()
    assert len(receiver.attempts) - before <= 4, "a clock that is set brings no storm"
    await harness.pass_time(120)
    assert before < len(receiver.attempts) < before + 30
    receiver.answer = lambda _request: None
    await harness.pass_time(70)
    assert len(receiver.deliveries) == 4
    assert harness.sample("numwatch_dead_letters", sink="desk") == 0


@STEPS
async def test_a_restart_after_the_clock_was_set_waits_no_longer_than_before(
    harness: DispatcherHarness, receiver: Receiver, step: float
) -> None:
    writer = ChangeWriter(harness.database, "desk")
    receiver.answer = lambda _request: 503
    await harness.start()
    await writer.opened()
    await harness.pass_time(10 * 60)
    await harness.stop()
    harness.set_clock(step)
    harness.clock_steps = 0.0
    receiver.answer = lambda _request: None
    await harness.start()
    await harness.pass_time(15 * 60, step=60)
    assert len(receiver.deliveries) == 1
    assert harness.sample("numwatch_dead_letters", sink="desk") == 0


@STEPS
async def test_a_rate_limit_survives_a_clock_that_is_set(
    harness: DispatcherHarness, receiver: Receiver, step: float
) -> None:
    harness.sections.clear()
    harness.add("desk", await receiver.start(), rate=5)
    writer = ChangeWriter(harness.database, "desk")
    await harness.start()
    for number in range(1, 21):
        await writer.opened(number)
    await harness.settle()
    assert len(receiver.deliveries) == 5
    harness.set_clock(step)
    await harness.settle()
    assert len(receiver.deliveries) == 5
    await harness.pass_time(65)
    assert len(receiver.deliveries) == 10
