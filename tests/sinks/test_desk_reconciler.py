"""The ledger and a ticket system that differ, over real HTTP: found, repaired, told.

Negative control: :func:`test_without_a_round_nothing_is_repaired` shows that each difference
made here stays when nobody compares.
"""

from collections.abc import AsyncIterator

import pytest

from agent.sinks.base import RemoteState, RemoteStatus
from agent.sinks.links import Links
from agent.sinks.reconciler import TicketSystemReconciler, TicketSystemRepair, difference
from agent.states import Grade, NumberState, Stage
from agent.store.database import Database
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.sinks.post import Post
from tests.sinks.systems.jira import JiraServer
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert

FIRST = "10000"


class Office:
    """An agent's tickets and a Jira, brought together round by round."""

    def __init__(self, database: Database, telemetry: Telemetry, grade: Grade) -> None:
        self.scene = Scene(grade=grade)
        confirmed = {"grades": ["AAA"]}
        self.run = Run(database, self.scene, confirmation=confirmed)
        self.post = Post(database, telemetry)
        self.jira = JiraServer(self.post.clock)
        self.links = Links(database)
        self.telemetry = telemetry
        self.reconciler = TicketSystemReconciler.of(
            database,
            self.run.tickets,
            lambda: self.post.dispatcher.sinks if self.post.dispatcher else (),
            telemetry,
            lambda: 300.0,
            self.post.clock,
        )

    async def start(self) -> None:
        url = await self.jira.start()
        self.post.add("desk", url, **{"kind": "jira", "secret": None, **self.jira.section()})
        await self.post.start()

    async def stop(self) -> None:
        await self.post.stop()
        await self.jira.stop()

    async def step(self, *alerts: object) -> None:
        await self.run.step(*alerts)
        self.post.clock.now = max(self.run.now, self.post.clock.now)
        await self.post.pass_time(60, step=20)
        self.run.now = self.post.clock.now

    async def break_down(self) -> Ticket:
        self.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
        await self.step(alert())
        return self.run.tickets.open[0]

    async def reconcile(self) -> list[TicketSystemRepair]:
        repaired = await self.reconciler.reconcile()
        await self.post.pass_time(60, step=20)
        self.run.now = self.post.clock.now
        return [repair for (_sink, repair), _count in repaired.items()]

    async def ticket(self, ticket_id: str) -> Ticket:
        found = await self.run.ledger.get(ticket_id)
        assert found is not None
        return found


@pytest.fixture
async def office(
    database: Database, telemetry: Telemetry, request: pytest.FixtureRequest
) -> AsyncIterator[Office]:
    made = Office(database, telemetry, getattr(request, "param", Grade.STANDARD))
    await made.start()
    yield made
    await made.stop()


async def test_agreement_repairs_nothing(office: Office) -> None:
    ticket = await office.break_down()
    for _ in range(3):
        assert await office.reconcile() == []
    assert (await office.ticket(ticket.id)).revision == ticket.revision


@pytest.mark.parametrize(
    ("resolution", "stands"), [("Done", True), ("Won't Do", False), ("Cannot Reproduce", False)]
)
async def test_closed_by_people_there_while_it_fires(
    office: Office, resolution: str, stands: bool
) -> None:
    ticket = await office.break_down()
    office.jira.put(FIRST, "Done", resolution)
    assert await office.reconcile() == [TicketSystemRepair.CLOSED_THERE]
    closed = await office.ticket(ticket.id)
    assert (closed.stage, closed.closed_by) == (Stage.CLOSED, "ticket-system:desk")
    assert "no callback reported" in closed.timeline[-1].reason
    for _ in range(5):
        await office.step(alert())
    after = await office.ticket(ticket.id)
    assert after.open is stands
    assert after.muted is not stands
    assert len(office.jira.issues) == 1
    counted = office.post.sample("numwatch_desk_repairs_total", sink="desk", repair="closed_there")
    assert counted == 1


async def test_a_resolve_that_was_lost_is_told_again(office: Office) -> None:
    ticket = await office.break_down()
    office.scene.states[NUMBER] = NumberState.ACTIVE
    while office.run.tickets.open:
        await office.step()
    assert office.jira.is_over(ticket.id)
    # The system was put back to a backup from before the end; our link along with it.
    office.jira.put(FIRST, "To Do")
    link = await office.links.get("desk", ticket.id)
    assert link is not None
    await office.links.record_sent("desk", ticket.id, link.last_sent_at, "restored")
    assert await office.reconcile() == [TicketSystemRepair.LOST_RESOLVE]
    assert office.jira.is_over(ticket.id)
    assert (await office.ticket(ticket.id)).timeline[-1].event == "told_again"
    assert await office.reconcile() == []


async def test_reopened_by_people_there_is_reopened_here(office: Office) -> None:
    ticket = await office.break_down()
    office.scene.states[NUMBER] = NumberState.ACTIVE
    while office.run.tickets.open:
        await office.step()
    office.jira.put(FIRST, "To Do")
    assert await office.reconcile() == [TicketSystemRepair.REOPENED_THERE]
    assert (await office.ticket(ticket.id)).stage is Stage.REOPENED


async def test_deleted_there_while_it_fires_is_made_anew(office: Office) -> None:
    ticket = await office.break_down()
    del office.jira.issues[FIRST]
    assert await office.reconcile() == [TicketSystemRepair.CLOSED_THERE]
    for _ in range(5):
        await office.step(alert())
    assert (await office.ticket(ticket.id)).open
    assert len(office.jira.issues) == 1


@pytest.mark.parametrize("office", [Grade.AAA], indirect=True)
async def test_what_may_not_be_followed_is_said_once(office: Office) -> None:
    ticket = await office.break_down()
    office.jira.put(FIRST, "Done", "Done")
    for _ in range(3):
        assert await office.reconcile() == []
    after = await office.ticket(ticket.id)
    assert after.open
    told = [entry.reason for entry in after.timeline if "not followed here" in entry.reason]
    assert len(told) == 1


async def test_a_system_that_does_not_answer_proves_nothing(office: Office) -> None:
    ticket = await office.break_down()
    office.jira.break_credentials()
    assert await office.reconcile() == []
    assert (await office.ticket(ticket.id)).open


async def test_without_a_round_nothing_is_repaired(office: Office) -> None:
    ticket = await office.break_down()
    office.jira.put(FIRST, "Done", "Done")
    for _ in range(5):
        await office.step(alert())
    assert (await office.ticket(ticket.id)).closed_by == ""


@pytest.mark.parametrize("state", RemoteState)
async def test_what_is_not_known_is_no_difference(office: Office, state: RemoteState) -> None:
    ticket = await office.break_down()
    differs = state not in (RemoteState.UNKNOWN, RemoteState.OPEN)
    assert (difference(ticket, RemoteStatus(state), None) is not None) is differs
