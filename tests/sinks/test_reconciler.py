"""The ledger and a ticket system that differ, over real HTTP: compared and repaired.

Negative control: :func:`test_without_a_round_nothing_is_repaired` shows that each difference
made here stays when nobody compares.
"""

import tracemalloc
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from agent.sinks.base import RemoteState, RemoteStatus
from agent.sinks.links import Links
from agent.sinks.reconciler import TicketSystemReconciler, TicketSystemRepair, difference
from agent.states import Grade, NumberState, Stage
from agent.store import schema
from agent.store.database import Database
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.jira import JiraServer
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert

FIRST = "10000"
MANY = 2000
MOST_MEMORY = 4 * 2**20
"""Bytes of one round; all of so many tickets take nearly three times as much."""


class ReconcilerScene:
    """An agent's tickets and a Jira, reconciled round by round."""

    def __init__(self, database: Database, telemetry: Telemetry, grade: Grade) -> None:
        self.tickets_scene = Scene(grade=grade)
        confirmed = {"grades": ["AAA"]}
        self.run = Run(database, self.tickets_scene, confirmation=confirmed)
        self.harness = DispatcherHarness(database, telemetry)
        self.jira = JiraServer(self.harness.clock)
        self.links = Links(database)
        self.telemetry = telemetry
        self.reconciler = TicketSystemReconciler.of(
            database,
            self.run.tickets,
            lambda: self.harness.dispatcher.sinks if self.harness.dispatcher else (),
            telemetry,
            lambda: 300.0,
            self.harness.clock,
        )

    async def start(self) -> None:
        url = await self.jira.start()
        self.harness.add("desk", url, **{"kind": "jira", "secret": None, **self.jira.section()})
        await self.harness.start()

    async def stop(self) -> None:
        await self.harness.stop()
        await self.jira.stop()

    async def step(self, *alerts: object) -> None:
        await self.run.step(*alerts)
        self.harness.clock.now = max(self.run.now, self.harness.clock.now)
        await self.harness.pass_time(60, step=20)
        self.run.now = self.harness.clock.now

    async def break_down(self) -> Ticket:
        self.tickets_scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
        await self.step(alert())
        return self.run.tickets.open[0]

    async def reconcile(self) -> list[TicketSystemRepair]:
        repaired = await self.reconciler.reconcile()
        await self.harness.pass_time(60, step=20)
        self.run.now = self.harness.clock.now
        return [repair for (_sink, repair), _count in repaired.items()]

    async def ticket(self, ticket_id: str) -> Ticket:
        ticket = await self.run.ledger.get(ticket_id)
        assert ticket is not None
        return ticket


@pytest.fixture
async def scene(
    database: Database, telemetry: Telemetry, request: pytest.FixtureRequest
) -> AsyncIterator[ReconcilerScene]:
    made = ReconcilerScene(database, telemetry, getattr(request, "param", Grade.STANDARD))
    await made.start()
    yield made
    await made.stop()


async def test_agreement_repairs_nothing(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    for _ in range(3):
        assert await scene.reconcile() == []
    assert (await scene.ticket(ticket.id)).revision == ticket.revision


@pytest.mark.parametrize(
    ("resolution", "stands"), [("Done", True), ("Won't Do", False), ("Cannot Reproduce", False)]
)
async def test_closed_by_people_there_while_it_fires(
    scene: ReconcilerScene, resolution: str, stands: bool
) -> None:
    ticket = await scene.break_down()
    scene.jira.put(FIRST, "Done", resolution)
    assert await scene.reconcile() == [TicketSystemRepair.CLOSED_THERE]
    closed = await scene.ticket(ticket.id)
    assert (closed.stage, closed.closed_by) == (Stage.CLOSED, "ticket-system:desk")
    assert "no callback reported" in closed.timeline[-1].reason
    for _ in range(5):
        await scene.step(alert())
    after = await scene.ticket(ticket.id)
    assert after.open is stands
    assert after.muted is not stands
    assert len(scene.jira.issues) == 1
    counted = scene.harness.sample(
        "numwatch_desk_repairs_total", sink="desk", repair="closed_there"
    )
    assert counted == 1


async def test_a_lost_resolve_is_sent_again(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    scene.tickets_scene.states[NUMBER] = NumberState.ACTIVE
    while scene.run.tickets.open:
        await scene.step()
    assert scene.jira.is_over(ticket.id)
    # The system was put back to a backup from before the end; our link along with it.
    scene.jira.put(FIRST, "To Do")
    link = await scene.links.get("desk", ticket.id)
    assert link is not None
    await scene.links.record_sent("desk", ticket.id, link.last_sent_at, "restored")
    assert await scene.reconcile() == [TicketSystemRepair.LOST_RESOLVE]
    assert scene.jira.is_over(ticket.id)
    assert (await scene.ticket(ticket.id)).timeline[-1].event == "told_again"
    assert await scene.reconcile() == []


async def test_reopened_by_people_there_is_reopened_here(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    scene.tickets_scene.states[NUMBER] = NumberState.ACTIVE
    while scene.run.tickets.open:
        await scene.step()
    scene.jira.put(FIRST, "To Do")
    assert await scene.reconcile() == [TicketSystemRepair.REOPENED_THERE]
    assert (await scene.ticket(ticket.id)).stage is Stage.REOPENED


async def test_deleted_there_while_it_fires_is_made_anew(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    del scene.jira.issues[FIRST]
    assert await scene.reconcile() == [TicketSystemRepair.CLOSED_THERE]
    for _ in range(5):
        await scene.step(alert())
    assert (await scene.ticket(ticket.id)).open
    assert len(scene.jira.issues) == 1


@pytest.mark.parametrize("scene", [Grade.AAA], indirect=True)
async def test_what_may_not_be_followed_is_said_once(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    scene.jira.put(FIRST, "Done", "Done")
    for _ in range(3):
        assert await scene.reconcile() == []
    after = await scene.ticket(ticket.id)
    assert after.open
    comments = [entry.reason for entry in after.timeline if "not followed here" in entry.reason]
    assert len(comments) == 1


async def test_a_system_that_does_not_answer_proves_nothing(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    scene.jira.break_credentials()
    assert await scene.reconcile() == []
    assert (await scene.ticket(ticket.id)).open


async def test_without_a_round_nothing_is_repaired(scene: ReconcilerScene) -> None:
    ticket = await scene.break_down()
    scene.jira.put(FIRST, "Done", "Done")
    for _ in range(5):
        await scene.step(alert())
    assert (await scene.ticket(ticket.id)).closed_by == ""


@pytest.mark.parametrize("state", RemoteState)
async def test_what_is_not_known_is_no_difference(
    scene: ReconcilerScene, state: RemoteState
) -> None:
    ticket = await scene.break_down()
    differs = state not in (RemoteState.UNKNOWN, RemoteState.OPEN)
    assert (difference(ticket, RemoteStatus(state), None) is not None) is differs


async def test_a_round_reads_few_of_the_many_tickets_that_ended_today(
    scene: ReconcilerScene, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.sinks.reconciler._MAX_QUERIES", 20)
    ticket = await scene.break_down()
    scene.tickets_scene.states[NUMBER] = NumberState.ACTIVE
    while scene.run.tickets.open:
        await scene.step()
    async with database.transaction() as connection:
        columns = [it.name for it in schema.tickets.columns if it.name not in {"id", "key"}]
        others = ", ".join(columns)
        await connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
                f" INSERT INTO tickets (id, key, {others})"
                f" SELECT id || '-' || i, key || i, {others} FROM tickets, n WHERE id = :id"
            ),
            {"many": MANY, "id": ticket.id},
        )
    tracemalloc.start()
    try:
        assert await scene.reconcile() == []
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
