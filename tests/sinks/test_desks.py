"""ServiceNow's and Zammad's own ways: rules that refuse, people who close."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.sinks.base import RemoteState
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.post import Post
from tests.sinks.systems.server import System
from tests.sinks.systems.servicenow import ServiceNowServer
from tests.sinks.systems.zammad import ZammadServer
from tests.sinks.writer import Writer

INCIDENT = f"{1:032x}"


@pytest.fixture
async def post(database: Database, telemetry: Telemetry) -> AsyncIterator[Post]:
    made = Post(database, telemetry)
    yield made
    await made.stop()


async def joined(post: Post, made: System) -> AsyncIterator[Any]:
    url = await made.start()
    post.add("desk", url, **{"kind": made.kind, "secret": None, **made.section()})
    yield made
    await post.stop()
    await made.stop()


@pytest.fixture
async def now(post: Post) -> AsyncIterator[ServiceNowServer]:
    async for made in joined(post, ServiceNowServer(post.clock)):
        yield made


@pytest.fixture
async def zammad(post: Post) -> AsyncIterator[ZammadServer]:
    async for made in joined(post, ZammadServer(post.clock)):
        yield made


@pytest.fixture
def writer(post: Post) -> Writer:
    return Writer(post.database, "desk")


async def story(post: Post, writer: Writer, *kinds: str) -> str:
    await post.start()
    ticket = await writer.opened()
    await post.settle()
    for kind in kinds:
        writer.now += 1
        ticket = await writer.changed(ticket, kind)
        await post.pass_time(20, step=10)
    return ticket.id


async def state_of(post: Post, ticket_id: str) -> RemoteState:
    assert post.dispatcher is not None
    return (await post.dispatcher.look_up(ticket_id))["desk"].state


async def test_an_incident_is_resolved_with_code_and_notes(
    post: Post, now: ServiceNowServer, writer: Writer
) -> None:
    await story(post, writer, "ticket.updated", "ticket.resolved", "ticket.closed")
    incident = now.incidents[INCIDENT]
    assert (incident["state"], incident["close_code"]) == ("6", "Solution provided")
    assert incident["close_notes"]
    notes = now.journal[INCIDENT]
    assert [note.splitlines()[-1] for note in notes] == [
        f"[{incident['correlation_id']} r{revision}]" for revision in (2, 3, 4)
    ]


async def test_a_data_policys_403_is_told_to_people_and_holds_nothing(
    post: Post, now: ServiceNowServer, writer: Writer
) -> None:
    now.resolving_aborts = "Operation was aborted by Business Rule 'Only on Mondays'"
    await story(post, writer, "ticket.resolved")
    assert "Only on Mondays" in now.journal[INCIDENT][-1]
    assert post.sample("numwatch_sink_steps_refused_total", sink="desk", step="restored") == 1
    assert post.sample("numwatch_sink_held", sink="desk") == 0
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_reopened_incident_is_in_progress_again(
    post: Post, now: ServiceNowServer, writer: Writer
) -> None:
    await story(post, writer, "ticket.resolved", "ticket.reopened")
    assert now.incidents[INCIDENT]["state"] == "2"


async def test_notes_whose_answer_got_lost_are_not_written_twice(
    post: Post, now: ServiceNowServer, writer: Writer
) -> None:
    await post.start()
    ticket = await writer.opened()
    await post.settle()
    writer.now += 1
    now.fail(method="PATCH", taken=True)
    await writer.changed(ticket, "ticket.escalated")
    await post.pass_time(60, step=10)
    assert len(now.journal[INCIDENT]) == 1


@pytest.mark.parametrize("state", ["6", "7", "8"])
async def test_an_incident_that_a_person_ended_is_told_apart(
    post: Post, now: ServiceNowServer, writer: Writer, state: str
) -> None:
    ticket_id = await story(post, writer)
    assert await state_of(post, ticket_id) is RemoteState.OPEN
    now.incidents[INCIDENT]["state"] = state
    assert await state_of(post, ticket_id) is RemoteState.CLOSED_BY_HUMAN


async def test_zammads_422_is_told_to_people_and_the_rest_goes_through(
    post: Post, zammad: ZammadServer, writer: Writer
) -> None:
    zammad.closing_needs = "cause"
    await story(post, writer, "ticket.closed")
    bodies = [article["body"] for article in zammad.articles["1"]]
    assert any("已关闭" in body for body in bodies)
    assert any("'cause'" in body for body in bodies)
    assert zammad.tickets["1"]["state"] == "new"
    assert post.sample("numwatch_sink_steps_refused_total", sink="desk", step="closed") == 1


async def test_zammads_search_that_lags_makes_no_second_ticket(
    post: Post, zammad: ZammadServer, writer: Writer
) -> None:
    zammad.lag = 40.0
    zammad.fail(method="POST", taken=True)
    await post.start()
    await writer.opened()
    await post.pass_time(120, step=10)
    assert len(zammad.tickets) == 1
    assert post.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_merged_ticket_was_closed_by_a_person(
    post: Post, zammad: ZammadServer, writer: Writer
) -> None:
    ticket_id = await story(post, writer)
    zammad.tickets["1"]["state"] = "merged"
    assert await state_of(post, ticket_id) is RemoteState.CLOSED_BY_HUMAN
    del zammad.tickets["1"]
    assert await state_of(post, ticket_id) is RemoteState.GONE
