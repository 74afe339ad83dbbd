"""ServiceNow's own ways: rules that refuse, people who close."""

from collections.abc import AsyncIterator

import pytest

from agent.sinks.base import RemoteState
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.servicenow import ServiceNowServer

INCIDENT = f"{1:032x}"


@pytest.fixture
async def servicenow(harness: DispatcherHarness) -> AsyncIterator[ServiceNowServer]:
    async with harness.connect(ServiceNowServer(harness.clock)) as server:
        yield server


async def test_an_incident_is_resolved_with_code_and_notes(
    harness: DispatcherHarness, servicenow: ServiceNowServer, writer: ChangeWriter
) -> None:
    await harness.story(writer, "ticket.updated", "ticket.resolved", "ticket.closed")
    incident = servicenow.incidents[INCIDENT]
    assert (incident["state"], incident["close_code"]) == ("6", "Solution provided")
    assert incident["close_notes"]
    notes = servicenow.journal[INCIDENT]
    assert [note.splitlines()[-1] for note in notes] == [
        f"[{incident['correlation_id']} r{revision}]" for revision in (2, 3, 4)
    ]


async def test_a_data_policys_403_is_commented_and_holds_nothing(
    harness: DispatcherHarness, servicenow: ServiceNowServer, writer: ChangeWriter
) -> None:
    servicenow.resolving_aborts = "Operation was aborted by Business Rule 'Only on Mondays'"
    await harness.story(writer, "ticket.resolved")
    assert "Only on Mondays" in servicenow.journal[INCIDENT][-1]
    assert harness.sample("numwatch_sink_steps_refused_total", sink="desk", step="restored") == 1
    assert harness.sample("numwatch_sink_held", sink="desk") == 0
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_reopened_incident_is_in_progress_again(
    harness: DispatcherHarness, servicenow: ServiceNowServer, writer: ChangeWriter
) -> None:
    await harness.story(writer, "ticket.resolved", "ticket.reopened")
    assert servicenow.incidents[INCIDENT]["state"] == "2"


async def test_notes_whose_answer_got_lost_are_not_written_twice(
    harness: DispatcherHarness, servicenow: ServiceNowServer, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await writer.opened()
    await harness.settle()
    writer.now += 1
    servicenow.fail(method="PATCH", takes_effect=True)
    await writer.changed(ticket, "ticket.escalated")
    await harness.pass_time(60, step=10)
    assert len(servicenow.journal[INCIDENT]) == 1


@pytest.mark.parametrize("state", ["6", "7", "8"])
async def test_an_incident_that_a_person_ended_was_closed_by_a_human(
    harness: DispatcherHarness, servicenow: ServiceNowServer, writer: ChangeWriter, state: str
) -> None:
    ticket_id = await harness.story(writer)
    assert await harness.remote_state(ticket_id) is RemoteState.OPEN
    servicenow.incidents[INCIDENT]["state"] = state
    assert await harness.remote_state(ticket_id) is RemoteState.CLOSED_BY_HUMAN
