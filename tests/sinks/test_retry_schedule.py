"""A ticket system that is down for days: attempts by the table, then delivered within a step."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from aiohttp import web

from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.proof_size import size
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.receiver import Receiver

HOURS = size(3, 72)
FIRST, LONGEST, STEP = 60.0, 3600.0, 20.0
"""Seconds: the table's first and longest wait, and how finely the simulated time passes."""
TOLERANCE = 0.1


def table(attempts: int) -> list[float]:
    """The waits after each attempt of one ticket: twice the one before, up to the longest."""
    return [min(FIRST * 2.0**place, LONGEST) for place in range(attempts)]


def differences(times: Sequence[float]) -> list[tuple[float, float]]:
    """Waits between ``times`` that are not those of the table, each with what it should be."""
    waits = [after - before for before, after in pairwise(times)]
    return [
        (wait, planned)
        for wait, planned in zip(waits, table(len(waits)), strict=True)
        if not planned * (1 - TOLERANCE) <= wait <= planned * (1 + TOLERANCE) + STEP
    ]


@pytest.mark.timeout(1800)
async def test_attempts_follow_the_table_for_days_and_the_order_is_kept(
    database: Database, telemetry: Telemetry, receiver: Receiver
) -> None:
    harness = DispatcherHarness(database, telemetry)
    receiver.clock = harness.clock
    times: list[float] = []

    def refuse(_: web.Request) -> int:
        times.append(harness.clock.now)
        return 503

    receiver.answer = refuse
    keys = {"retry_first": "1m", "retry_longest": "1h", "give_up_after": "7d"}
    harness.add("desk", await receiver.start(), **keys)
    writer = ChangeWriter(database, "desk")
    ticket = await writer.opened()
    await harness.start()
    try:
        await harness.settle()
        ticket = await writer.changed(ticket, "ticket.resolved")
        await writer.changed(ticket, "ticket.closed")
        await harness.pass_time(HOURS * 3600, step=STEP)
        assert differences(times) == []
        assert len(times) >= HOURS
        receiver.answer = lambda _request: None
        await harness.pass_time(LONGEST * (1 + TOLERANCE), step=STEP)
    finally:
        await harness.stop()
    kinds = ["ticket.opened", "ticket.resolved", "ticket.closed"]
    assert [delivery.type for delivery in receiver.deliveries] == kinds
    assert len(set(receiver.ids())) == len(kinds)
    assert len({attempt.webhook_id for attempt in receiver.attempts}) == len(kinds)


async def test_a_system_that_is_gone_for_good_is_not_tried_again(
    database: Database, telemetry: Telemetry, receiver: Receiver
) -> None:
    harness = DispatcherHarness(database, telemetry)
    receiver.clock = harness.clock
    receiver.answer = lambda _request: 410
    harness.add("desk", await receiver.start(), retry_first="1m")
    await ChangeWriter(database, "desk").opened()
    await harness.start()
    try:
        await harness.settle()
        first = len(receiver.attempts)
        await harness.pass_time(2 * 3600, step=60)
    finally:
        await harness.stop()
    assert first == 1
    assert len(receiver.attempts) == 1


def test_another_schedule_would_be_noticed() -> None:
    """The control: waits that do not grow, that grow too fast, and that end too long."""
    assert differences([0, 60, 180, 420, 900]) == []
    assert differences([0, 60, 120, 180]) == [(60, 120), (60, 240)]
    assert differences([0, 60, 240]) == [(180, 120)]
    assert differences([0, 60, 180, 420, 900, 1860, 3780, 7380, 14580]) == [(7200, 3600)]
