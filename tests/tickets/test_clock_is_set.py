"""Tickets while the machine's clock is set: no time passes for a recovery."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.states import ClockName, NumberState, Stage
from agent.store import StoreError, UnavailableError
from agent.store.database import Database
from agent.tickets import manager
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.changes import Change
from agent.tickets.document import document
from agent.tickets.ledger import record_all
from agent.tickets.lifecycle import ActorKind
from agent.tickets.series import tickets_summary
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert

HOUR, DAY = 3600.0, 86400.0
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY])


LI = Actor(ActorKind.PERSON, "li")


def set_clock(run: Run, step: float) -> None:
    """As in the agent, where facts and alerts are restated before the next round."""
    run.now += step
    run.tickets.clock_was_set(step)
    for snapshot in run.scene.fleet.snapshots():
        run.scene.fleet.swap(snapshot.restated(step))


async def act(run: Run, action: TicketAction, **fields: object) -> None:
    """What a person does to the open ticket."""
    (ticket,) = run.tickets.open
    request = ActionRequest(action, LI, "done", fields)
    assert await run.tickets.act(ticket.id, request, run.now) is not None


def events(changes: tuple[Change, ...]) -> list[str]:
    return [entry.event for change in changes for entry in change.entries]


async def recovering(run: Run) -> None:
    await run.step(alert())
    await run.step()
    await run.step()
    assert run.tickets.open[0].stage is Stage.OBSERVING


@STEPS
async def test_a_recovery_is_held_as_long_as_ever(run: Run, step: float) -> None:
    await recovering(run)
    set_clock(run, step)
    for _ in range(11):
        await run.step(seconds=10)
        assert [ticket.stage for ticket in run.tickets.open] == [Stage.OBSERVING]
    await run.step(seconds=10)
    assert run.tickets.open == ()


@STEPS
async def test_polls_from_before_the_step_are_counted_no_second_time(run: Run, step: float) -> None:
    await run.step(alert())
    await run.step()
    set_clock(run, step)
    for _ in range(5):
        await run.step(seconds=5, poll=False)
    (ticket,) = run.tickets.open
    assert ticket.stage is Stage.DIAGNOSING
    await run.until_closed()


@STEPS
async def test_a_number_that_is_gone_waits_its_whole_time(run: Run, step: float) -> None:
    await run.step(alert())
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await run.step()
    await run.step(seconds=DAY / 2)
    set_clock(run, step)
    await run.step(seconds=DAY / 2 - 120)
    assert len(run.tickets.open) == 1
    await run.step(seconds=240)
    assert run.tickets.open == ()


@pytest.mark.parametrize("step", [DAY, -DAY])
async def test_a_restart_under_another_clock_ends_nothing_early(run: Run, step: float) -> None:
    await run.step(alert())
    run.scene.states = {"4009999999": NumberState.ACTIVE}
    await run.step()
    run.now += step
    run.restart()
    await run.step()
    await run.step()
    assert len(run.tickets.open) == 1
    run.scene.states = {NUMBER: NumberState.ACTIVE}
    await run.until_closed()


@STEPS
async def test_a_persons_close_is_respected_for_the_whole_hold(run: Run, step: float) -> None:
    first = alert()
    await run.step(first)
    await act(run, TicketAction.CLOSE, resolution="fixed")
    set_clock(run, step)
    lasting = replace(first, active_at=first.active_at + step, fired_at=first.active_at + step)
    for _ in range(11):
        assert events(await run.step(lasting, seconds=10)) == []
    assert "reopened" in events(await run.step(lasting, seconds=20))


@STEPS
async def test_a_fault_that_comes_back_reopens_within_the_window(run: Run, step: float) -> None:
    await run.step(alert())
    closed = (await run.until_closed())[-1].after
    set_clock(run, step)
    await run.step(seconds=600)
    again = alert(at=run.now)
    assert "reopened" in events(await run.step(again))
    assert run.tickets.open[0].id == closed.id


@STEPS
async def test_a_claimed_restoration_is_believed_for_the_whole_hold(run: Run, step: float) -> None:
    first = alert()
    await run.step(first)
    await act(run, TicketAction.RESTORE)
    set_clock(run, step)
    for _ in range(11):
        assert "flapped" not in events(await run.step(first, seconds=10))
    assert run.tickets.open[0].stage is Stage.RESTORED
    await run.step(first, seconds=20)
    assert run.tickets.open[0].stage is not Stage.RESTORED


@STEPS
async def test_nobody_is_warned_and_nothing_is_severe_early(
    database: Database, scene: Scene, step: float
) -> None:
    sla = {"warnings": [50], "severe": {"after": 1800}, "grades": {"AAA": {"contact": 2400}}}
    run = Run(database, scene, sla=sla)
    scene.diagnosed = None
    first = alert()
    await run.step(first)
    set_clock(run, step)
    assert events(await run.step(first, seconds=60)) == ["clock_was_set"]
    assert events(await run.step(first, seconds=1200)) == ["sla_warning"]
    assert "severe_fault" in events(await run.step(first, seconds=600))


@STEPS
async def test_nothing_is_waived_early(database: Database, scene: Scene, step: float) -> None:
    run = Run(database, scene, confirmation={"grades": ["AAA"], "waive_after": 1800})
    await run.step(alert())
    await run.step()
    await act(run, TicketAction.RESTORE)
    set_clock(run, step)
    for _ in range(5):
        assert "waive" not in events(await run.step(seconds=300))
    assert "waive" in events(await run.step(seconds=300))


def first_deadlines(run: Run, ticket: Ticket) -> tuple[float, float]:
    """The time left for the first contact by the ticket's JSON and by the metrics."""
    (shown,) = (it for it in document(ticket, run.now)["clocks"] if it["name"] == "contact")
    deadline = datetime.fromisoformat(shown["deadline"]).timestamp()
    assert deadline == pytest.approx(run.now + shown["remaining_seconds"], abs=0.01)
    (series,) = (
        it
        for it in tickets_summary([ticket], run.now)
        if it.family.name == "numwatch_ticket_sla_deadline_timestamp_seconds"
    )
    rows = zip(series.frame.columns[2], series.values.tolist(), strict=True)
    (metric,) = (value for name, value in rows if name == "contact")
    return shown["remaining_seconds"], metric - run.now


@STEPS
async def test_every_reader_shows_the_deadline_that_is_acted_on(
    database: Database, scene: Scene, step: float
) -> None:
    sla = {"warnings": [50], "grades": {"AAA": {"contact": 2400}}}
    run = Run(database, scene, sla=sla)
    scene.diagnosed = None
    first = alert()
    await run.step(first)
    await run.step(first, seconds=600)
    set_clock(run, step)
    assert "sla_warning" not in events(await run.step(first, seconds=500))
    (ticket,) = run.tickets.open
    stored = await run.ledger.get(ticket.id)
    assert stored is not None
    for seen in (ticket, stored):
        assert first_deadlines(run, seen) == pytest.approx((1240.0,) * 2, abs=0.01)
    run.restart()
    assert "sla_warning" in events(await run.step(first, seconds=60)), "as ever, also by a restart"


@STEPS
async def test_what_stopped_before_stays_as_it_is_recorded(run: Run, step: float) -> None:
    await run.step(alert())
    await run.step(alert(), seconds=300)
    await act(run, TicketAction.ACCEPT)
    await run.step(alert())
    await act(run, TicketAction.RESTORE)
    before = document(run.tickets.open[0], run.now)["clocks"]
    assert {it["stopped_at"] is None for it in before} == {False}
    set_clock(run, step)
    await run.step(alert(), seconds=10)
    assert document(run.tickets.open[0], run.now)["clocks"] == before
    assert "flapped" in events(await run.step(alert(), seconds=130))
    running = [it.name for it in readings(run.tickets.open[0].clocks, run.now) if not it.stopped_at]
    assert ClockName.RESTORE in running
    assert ClockName.CONTACT not in running, "somebody did make contact"


@STEPS
async def test_a_ticket_that_is_reopened_has_the_time_that_has_passed(
    run: Run, step: float
) -> None:
    await run.step(alert())
    await run.until_closed()
    set_clock(run, step)
    began = run.now
    await run.step(alert(at=run.now), seconds=600)
    (ticket,) = run.tickets.open
    (restore,) = (it for it in readings(ticket.clocks, run.now) if it.name is ClockName.RESTORE)
    assert 600 < restore.elapsed < 600 + 20 * 60, began


@pytest.mark.parametrize("is_carried_out", [False, True])
async def test_a_step_is_recorded_once_also_where_its_commit_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch, *, is_carried_out: bool
) -> None:
    async def fail(connection: AsyncConnection, changes: Sequence[Change]) -> None:
        if is_carried_out:
            await record_all(connection, changes)
            await connection.commit()
        raise UnavailableError("the disk is gone")

    await run.step(alert())
    set_clock(run, HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(manager, "record_all", fail)
        with pytest.raises(StoreError):
            await run.step(alert())
    for _ in range(2):
        await run.step(alert())
    (ticket,) = run.tickets.open
    assert [it.event for it in ticket.timeline].count("clock_was_set") == 1
    (restore,) = (it for it in readings(ticket.clocks, run.now) if it.name is ClockName.RESTORE)
    assert restore.elapsed == pytest.approx(240, abs=1)
