"""Zammad's own ways: values that are refused, a search that lags, tickets that are merged."""

from collections.abc import AsyncIterator

import pytest

from agent.sinks.base import RemoteState
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.server import Fault
from tests.sinks.systems.zammad import ZammadServer


@pytest.fixture
async def zammad(harness: DispatcherHarness) -> AsyncIterator[ZammadServer]:
    async with harness.connect(ZammadServer(harness.clock)) as server:
        yield server


async def test_zammads_422_is_commented_and_the_rest_goes_through(
    harness: DispatcherHarness, zammad: ZammadServer, writer: ChangeWriter
) -> None:
    zammad.closing_needs = "cause"
    await harness.story(writer, "ticket.closed")
    bodies = [article["body"] for article in zammad.articles["1"]]
    assert any("已关闭" in body for body in bodies)
    assert any("'cause'" in body for body in bodies)
    assert zammad.tickets["1"]["state"] == "new"
    assert harness.sample("numwatch_sink_steps_refused_total", sink="desk", step="closed") == 1


async def test_zammads_search_that_lags_makes_no_second_ticket(
    harness: DispatcherHarness, zammad: ZammadServer, writer: ChangeWriter
) -> None:
    zammad.lag = 40.0
    zammad.fail(method="POST", takes_effect=True)
    await harness.start()
    await writer.opened()
    await harness.pass_time(120, step=10)
    assert len(zammad.tickets) == 1
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_search_that_is_not_there_holds_the_sink_and_loses_nothing(
    harness: DispatcherHarness, zammad: ZammadServer, writer: ChangeWriter
) -> None:
    zammad.fail(method="POST", takes_effect=True)
    zammad.faults.append(Fault(404, method="GET", path="/api/v1/tickets/search", times=1000))
    await harness.start()
    await writer.opened()
    await harness.pass_time(4 * 86400, step=3600)
    failures = {"sink": "desk", "reason": "search_gone"}
    assert harness.sample("numwatch_sink_failures_total", **failures)
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 1
    zammad.faults.clear()
    await harness.pass_time(7200, step=60)
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    assert len(zammad.tickets) == 1


async def test_a_merged_ticket_was_closed_by_a_person(
    harness: DispatcherHarness, zammad: ZammadServer, writer: ChangeWriter
) -> None:
    ticket_id = await harness.story(writer)
    zammad.tickets["1"]["state"] = "merged"
    assert await harness.remote_state(ticket_id) is RemoteState.CLOSED_BY_HUMAN
    del zammad.tickets["1"]
    assert await harness.remote_state(ticket_id) is RemoteState.GONE
