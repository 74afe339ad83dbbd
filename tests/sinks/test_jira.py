"""Jira's own ways: a search that lags or is gone, screens, transitions, people."""

from collections.abc import AsyncIterator

import pytest

from agent.sinks.base import RemoteState
from agent.sinks.jira.sink import JiraSystem, document
from agent.sinks.text_limits import utf16_length
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.jira import JiraServer, text_of

FIRST = "10000"


@pytest.fixture
async def jira(harness: DispatcherHarness) -> AsyncIterator[JiraServer]:
    async with harness.connect(JiraServer(harness.clock)) as server:
        yield server


def searches(jira: JiraServer) -> int:
    return jira.count("POST", "/search/jql")


@pytest.mark.parametrize("lag", [0.0, 40.0])
async def test_a_search_that_lags_makes_no_second_issue(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter, lag: float
) -> None:
    jira.lag = lag
    jira.fail(method="POST", path="/issue", takes_effect=True)
    await harness.start()
    await writer.opened()
    await harness.pass_time(120, step=10)
    assert len(jira.issues) == 1
    assert searches(jira) >= 1
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_an_issue_that_was_not_made_is_made_once_the_search_must_know(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.fail(method="POST", path="/issue")
    await harness.start()
    await writer.opened()
    await harness.pass_time(50, step=10)
    assert jira.issues == {}
    await harness.pass_time(60, step=10)
    assert len(jira.issues) == 1
    assert jira.made_at[FIRST] >= writer.now + 60


async def test_what_the_ledger_knows_is_never_searched_for(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.lag = float("inf")
    await harness.start()
    ticket = await writer.opened()
    await harness.settle()
    jira.issues[FIRST]["fields"]["labels"] = ["by-a-person"]
    jira.issues[FIRST]["fields"]["summary"] = "by a person"
    for kind in ("ticket.updated", "ticket.closed"):
        ticket = await writer.changed(ticket, kind)
        await harness.settle()
    assert (len(jira.issues), searches(jira)) == (1, 0)
    assert jira.is_over(ticket.id)


async def test_without_the_labels_field_the_issue_is_found_by_its_text(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.off_screen = {"labels"}
    await harness.start()
    await writer.opened(1)
    await harness.settle()
    assert "labels" not in jira.issues[FIRST]["fields"]
    jira.fail(method="POST", path="/issue")
    second = await writer.opened(2)
    await harness.settle()
    jira.issues["10001"] = lost(jira, second.id)
    jira.made_at["10001"] = 0.0
    await harness.pass_time(120, step=10)
    assert len(jira.issues) == 2


def lost(jira: JiraServer, ticket_id: str) -> dict[str, object]:
    """The issue that the lost request would have made, without labels."""
    fields = dict(jira.issues[FIRST]["fields"])
    fields["description"] = document([f"工单: {ticket_id}"])
    return {"id": "10001", "key": "OPS-2", "fields": {**fields, "comments": []}}


async def test_somebody_elses_issue_that_names_ours_is_not_taken_for_it(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    await harness.start()
    first = await writer.opened(1)
    await harness.settle()
    fields = jira.issues.pop(FIRST)["fields"]
    fields = {**fields, "labels": [], "description": document(["hello", f"see {first.id}"])}
    jira.issues["9"] = {"id": "9", "key": "OPS-9", "fields": fields}
    jira.made_at["9"] = 0.0
    context = harness.context()
    system = JiraSystem(harness.sections[0], context.writer, context.clock)
    assert await system.find(first.id) is None
    await system.close()


async def test_a_search_that_is_gone_holds_the_sink_and_nothing_is_created(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.search_is_gone = True
    jira.fail(method="POST", path="/issue")
    await harness.start()
    await writer.opened()
    await harness.pass_time(300, step=30)
    assert jira.issues == {}
    assert jira.count("POST", "/api/3/issue") == 1
    assert harness.sample("numwatch_sink_held", sink="desk") == 1
    assert await harness.outbox.dead_letters() == []
    jira.search_is_gone = False
    await harness.pass_time(120, step=30)
    assert len(jira.issues) == 1


async def closed(harness: DispatcherHarness, writer: ChangeWriter) -> str:
    """A ticket from opening to closing; gives its id."""
    await harness.start()
    ticket = await writer.opened()
    await harness.settle()
    writer.now += 1
    ticket = await writer.changed(ticket, "ticket.closed")
    await harness.pass_time(60, step=20)
    return ticket.id


async def test_a_missing_transition_is_commented_counted_and_not_tried_for_ever(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.workflow = {"To Do": ["In Progress"]}
    await closed(harness, writer)
    assert any("请人工处理" in it and "Done" in it for it in jira.comments(FIRST))
    assert harness.sample("numwatch_sink_steps_refused_total", sink="desk", step="closed") == 1
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    requests = len(jira.requests)
    await harness.pass_time(600, step=60)
    assert len(jira.requests) == requests


async def test_a_required_field_is_named_in_the_comment(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.required = {"resolution": "Resolution is required."}
    await closed(harness, writer)
    assert any("Resolution is required." in it for it in jira.comments(FIRST))


async def test_the_resolution_that_the_screen_asks_for_is_given(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    jira.required = {"resolution": "Resolution is required."}
    section = harness.sections[0]
    jira_section = section.jira.model_copy(update={"resolution": "Done"})
    harness.sections[0] = section.model_copy(update={"jira": jira_section})
    ticket_id = await closed(harness, writer)
    assert jira.is_over(ticket_id)


@pytest.mark.parametrize(("conflicts", "over"), [(1, True), (2, False)])
async def test_a_conflict_is_tried_once_more_and_then_commented(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter, conflicts: int, over: bool
) -> None:
    jira.conflicts = conflicts
    ticket_id = await closed(harness, writer)
    assert jira.is_over(ticket_id) is over
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    is_commented = any("请人工处理" in it for it in jira.comments(FIRST))
    assert is_commented is not over


async def test_a_comment_whose_answer_got_lost_is_not_written_twice(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await writer.opened()
    await harness.settle()
    writer.now += 1
    jira.fail(method="POST", path="/comment", takes_effect=True)
    await writer.changed(ticket, "ticket.escalated")
    await harness.pass_time(60, step=10)
    assert len(jira.comments(FIRST)) == 1
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0


async def test_a_close_by_people_differs_from_ours(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await writer.opened()
    assert await harness.remote_state(ticket.id) is RemoteState.ABSENT
    await harness.settle()
    assert await harness.remote_state(ticket.id) is RemoteState.OPEN
    jira.put(FIRST, "Done", "Won't Do")
    assert await harness.remote_state(ticket.id) is RemoteState.CLOSED_BY_HUMAN
    jira.put(FIRST, "To Do")
    await writer.changed(ticket, "ticket.closed")
    await harness.settle()
    assert await harness.remote_state(ticket.id) is RemoteState.CLOSED
    jira.fail(status=500)
    assert await harness.remote_state(ticket.id) is RemoteState.UNKNOWN
    del jira.issues[FIRST]
    assert await harness.remote_state(ticket.id) is RemoteState.GONE


async def test_an_issue_that_people_deleted_is_made_anew_when_the_fault_is_back(
    harness: DispatcherHarness, jira: JiraServer, writer: ChangeWriter
) -> None:
    await harness.start()
    ticket = await writer.opened()
    await harness.settle()
    del jira.issues[FIRST]
    ticket = await writer.changed(ticket, "ticket.updated")
    await harness.pass_time(30, step=10)
    assert jira.issues == {}
    assert harness.sample("numwatch_outbox_pending", sink="desk") == 0
    await writer.changed(ticket, "ticket.reopened")
    await harness.pass_time(60, step=10)
    assert len(jira.issues) == 1


def test_a_document_is_within_the_limit_however_it_is_counted() -> None:
    for line in ("号" * 40_000, "📵" * 20_000, '"' * 40_000, "\\" * 40_000):
        made = document(["工单: NW-1", line, "more"])
        assert utf16_length(str(made).replace("'", '"')) <= 32767 + 300
        assert text_of(made).startswith("工单: NW-1\n" + line[:100])
