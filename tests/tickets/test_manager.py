"""Tickets through their public door, on a real SQLite file."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from sqlalchemy import text, update

from agent.model import Alert
from agent.states import Cause, NumberState, PollFailure, Severity, Stage
from agent.store import StoreError
from agent.store.database import Database
from agent.store.schema import tickets
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.changes import Change
from agent.tickets.document import document
from agent.tickets.ledger import Filter
from agent.tickets.lifecycle import ActorKind
from agent.tickets.outbox.outbox import Outbox
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, Scene, alert, verdict

Step = Callable[..., Awaitable[tuple[Change, ...]]]


async def test_a_fault_opens_one_ticket_that_says_what_is_wrong(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    await run.step(alert())
    (ticket,) = run.tickets.open
    shown = document(ticket, run.now)
    assert shown["stage"] == "diagnosing"
    assert shown["title"] == f"NumberNotActive {NUMBER}"
    assert shown["company"] == "示例公司"
    assert shown["carrier"] == "unicom"
    assert shown["grade"] == "AAA"
    assert shown["diagnosis"]["cause"] == "number_suspended_arrears"
    assert shown["diagnosis"]["evidence"][0]["value"] == "suspended_arrears"
    assert "138****0001" in shown["description"]
    assert "13800000001" not in msgspec.json.encode(shown).decode()
    assert {clock["name"]: clock["remaining_seconds"] for clock in shown["clocks"]} == {
        "contact": 780.0,
        "on_site": 3480.0,
        "restore": 7080.0,
    }
    assert ticket.revision == 1


async def test_chinese_tickets_speak_chinese(database: Database, scene: Scene) -> None:
    run = Run(database, scene)
    run.tickets.reconfigure(run.settings.model_copy(update={"locale": "zh-CN"}))
    await run.step(alert())
    assert run.tickets.open[0].text.title == f"故障 {NUMBER}"
    assert "责任方" in run.tickets.open[0].text.description


async def test_nothing_new_writes_nothing(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    for _ in range(5):
        assert await run.step(alert()) == ()


async def test_recovery_is_seen_in_polls_held_and_then_closes(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    assert await run.step() == ()
    (observing,) = await run.step()
    assert observing.after.stage is Stage.OBSERVING
    assert await run.step() == ()
    resolved, closed = await run.step()
    assert (resolved.kind, closed.kind) == ("ticket.resolved", "ticket.closed")
    assert closed.after.stage is Stage.CLOSED
    assert closed.after.outcome == "restored"
    assert closed.after.restored_at == START + 120
    assert [entry.event for entry in closed.after.timeline] == [
        "opened",
        "diagnosed",
        "recovery_seen",
        "restored",
        "closed",
    ]
    assert all(entry.reason for entry in closed.after.timeline)
    assert await run.kinds() == ["ticket.opened", "ticket.resolved", "ticket.closed"]


async def test_an_old_poll_seen_twice_is_one_poll(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    await run.step()
    for _ in range(10):
        assert await run.step(poll=False, seconds=15) == ()
    assert run.tickets.open[0].stage is Stage.DIAGNOSING


async def test_facts_older_than_the_last_alert_are_no_evidence(run: Run) -> None:
    await run.step(alert())
    for _ in range(4):
        await run.step(alert(), poll=False, seconds=10)
    assert await run.step(poll=False, seconds=10) == ()
    assert run.tickets.open[0].progress.good_polls == 0


async def test_silence_is_not_recovery(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    written = []
    for _ in range(180):
        written.extend(await run.step(failure=PollFailure.TIMEOUT))
    (stopped,) = written
    assert stopped.after.timeline[-1].event == "data_stopped"
    assert [ticket.stage for ticket in run.tickets.open] == [Stage.DIAGNOSING]


async def test_a_gap_in_the_data_starts_the_hold_anew(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    await run.step()
    await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING
    await run.step(seconds=600, poll=False)
    assert run.tickets.open[0].stage is Stage.DIAGNOSING
    await run.step()
    await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING
    await run.until_closed()


@pytest.mark.parametrize("state", [NumberState.UNKNOWN, NumberState.FROZEN])
async def test_an_unmapped_or_bad_state_keeps_it_open(run: Run, state: NumberState) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = state
    for _ in range(10):
        await run.step()
    assert len(run.tickets.open) == 1


async def test_a_number_that_is_gone_from_the_listing_is_not_recovered(run: Run) -> None:
    await run.step(alert())
    del run.scene.states[NUMBER]
    (missed,) = [change for _ in range(10) for change in await run.step()]
    assert missed.after.timeline[-1].event == "gone"
    assert len(run.tickets.open) == 1


async def test_a_flap_while_held_rearms_with_one_line(run: Run) -> None:
    await run.step(alert())
    for _ in range(5):
        for _ in range(3):
            await run.step()
        await run.step(alert())
    (ticket,) = run.tickets.open
    assert [entry.event for entry in ticket.timeline].count("flapped") == 1
    assert ticket.progress.flaps == 5
    assert document(ticket, run.now)["pattern"] == "intermittent"
    closed = (await run.until_closed())[-1].after
    assert "5 times" in closed.timeline[-2].reason
    assert closed.episode == 1


async def test_a_pending_alert_is_the_fault_coming_back(run: Run) -> None:
    await run.step(alert())
    for _ in range(3):
        await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING
    await run.step(alert(state="pending"))
    assert run.tickets.open[0].stage is Stage.DIAGNOSING


async def test_breaking_again_inside_the_window_reopens(run: Run) -> None:
    await run.step(alert())
    await run.until_closed()
    (reopened,) = await run.step(alert(), seconds=1000)
    assert reopened.kind == "ticket.reopened"
    assert reopened.after.episode == 1
    assert reopened.after.open
    await run.until_closed()


async def test_breaking_again_after_the_window_is_a_new_linked_ticket(run: Run) -> None:
    await run.step(alert())
    first = (await run.until_closed())[-1].after
    (opened,) = await run.step(alert(), seconds=1900)
    assert opened.kind == "ticket.opened"
    assert (opened.after.episode, opened.after.previous) == (2, first.id)
    assert opened.after.id != first.id
    # The newest comes first.
    stored = (await run.ledger.list(Filter())).tickets
    assert [(it.key, it.episode) for it in stored] == [(first.key, 2), (first.key, 1)]


async def test_a_worse_severity_escalates_the_same_ticket(run: Run) -> None:
    run.scene.balance = 20
    low = alert("BalanceLow", "account", "balance", "warning")
    await run.step(low)
    (raised,) = await run.step(low, alert("BalanceStop", "account", "balance", "critical"))
    assert raised.kind == "ticket.escalated"
    assert raised.after.severity is Severity.CRITICAL
    assert raised.after.text.title.startswith("BalanceStop")
    (lowered,) = await run.step(low)
    assert lowered.kind == "ticket.updated"
    assert lowered.after.timeline[-1].reason == "lowered from critical to warning: BalanceLow"
    assert len((await run.ledger.list(Filter())).tickets) == 1


async def test_labels_severities_and_engines_meet_in_one_ticket(run: Run) -> None:
    await run.step(alert())
    await run.step(alert(name="NumberNotActive", severity="warning", team="east", route="b"))
    assert (await run.ledger.list(Filter())).total == 1


@pytest.mark.parametrize(
    "quiet",
    [
        alert(ticket="false"),
        alert(severity="info"),
        alert(state="pending"),
    ],
    ids=["ticket=false", "severity", "pending"],
)
async def test_some_alerts_open_no_ticket(run: Run, quiet: Alert) -> None:
    assert await run.step(quiet) == ()


async def test_a_diagnosis_is_revised_when_it_says_something_else(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    await run.step(alert())
    run.scene.diagnosed = verdict(Cause.PROVIDER_OUTAGE)
    (revised,) = await run.step(alert())
    assert revised.after.diagnosis is not None
    assert revised.after.diagnosis.cause is Cause.PROVIDER_OUTAGE
    run.scene.diagnosed = verdict(Cause.UNKNOWN)
    assert await run.step(alert()) == ()


async def test_a_diagnosis_that_comes_late_is_added(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    run.scene.diagnosed = None
    await run.step(alert())
    assert run.tickets.open[0].stage is Stage.DETECTED
    run.scene.diagnosed = verdict()
    await run.step(alert())
    assert run.tickets.open[0].stage is Stage.DIAGNOSING


async def test_a_ticket_that_said_healthy_escalates_once_something_is_broken(run: Run) -> None:
    run.scene.diagnosed = verdict(Cause.HEALTHY)
    await run.step(alert("CallsFail"))
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    run.scene.diagnosed = verdict()
    changes = [change for _ in range(5) for change in await run.step(alert("CallsFail"), alert())]
    assert [change.kind for change in changes] == ["ticket.escalated"]


async def test_an_end_is_sent_again_as_it_was_when_another_episode_is_open(run: Run) -> None:
    await run.step(alert())
    first = run.tickets.open[0]
    await run.until_closed()
    await run.step(alert(), seconds=5000)
    second = run.tickets.open[0]
    assert second.id != first.id
    await run.kinds()
    change = await run.tickets.redeliver(first.id, "ticket.closed", "lost there", run.now)
    assert change is not None
    assert (change.after.id, change.after.stage) == (first.id, Stage.CLOSED)
    row = await Outbox(run.database).claim("desk", run.now)
    assert row is not None
    sent = msgspec.json.decode(row.payload)
    assert (sent["type"], sent["data"]["id"], sent["data"]["stage"]) == (
        "ticket.closed",
        first.id,
        "closed",
    )
    assert run.tickets.open[0].id == second.id, "the other episode stays open"
    assert await run.step(alert()) == ()


async def test_after_a_failed_action_the_tickets_are_read_again(run: Run) -> None:
    await run.step(alert())
    (ticket,) = run.tickets.open
    request = ActionRequest(TicketAction.COMMENT, Actor(ActorKind.PERSON, "ann"), "looked into it")
    async with run.database.transaction() as connection:
        await connection.execute(
            text(
                "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.tickets"
                " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        )
    with pytest.raises(StoreError):
        await run.tickets.act(ticket.id, request, run.now)
    async with run.database.transaction() as connection:
        await connection.execute(text("DROP TRIGGER refuse"))
        # As if the commit had been carried out although it was reported as failed.
        stored = msgspec.structs.replace(ticket, revision=2, timeline=())
        await connection.execute(
            update(tickets).values(revision=2, document=msgspec.json.encode(stored))
        )
    change = await run.tickets.act(ticket.id, request, run.now)
    assert change is not None
    assert change.after.revision == 3
