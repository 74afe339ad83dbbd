"""After a backup was put back, the desk is asked before anything is opened there."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.model import Alert
from agent.sinks.base import RemoteState
from agent.sinks.links import Links
from agent.states import NumberState
from agent.store.backup import back_up
from agent.store.database import Database
from agent.store.restore import restore
from agent.tickets.ledger import Ledger
from exporters.telemetry import Telemetry
from tests.sinks.dispatcher_harness import DispatcherHarness
from tests.sinks.systems.jira import JiraServer
from tests.sinks.systems.server import Fault, System
from tests.sinks.systems.servicenow import ServiceNowServer
from tests.sinks.systems.zammad import ZammadServer
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, Scene, alert

SYSTEMS: tuple[type[System], ...] = (JiraServer, ServiceNowServer, ZammadServer)
OTHER = "4006220002"


class Agent:
    """Tickets and the dispatcher of one desk, over one ledger after the other."""

    def __init__(self, data: Path, system: System, url: str) -> None:
        self.data = data
        self.system = system
        self.url = url
        self.scene = Scene(states=dict.fromkeys((NUMBER, OTHER), NumberState.SUSPENDED_VIOLATION))
        self.now = 0.0

    async def start(self) -> None:
        self.database = await Database.open(self.data)
        await Ledger.open(self.database)
        self.harness = DispatcherHarness(self.database, Telemetry())
        self.harness.add(
            "desk", self.url, **{"kind": self.system.kind, "secret": None, **self.system.section()}
        )
        self.run = Run(self.database, self.scene, reopen_window=1)
        self.run.now = max(self.run.now, self.now)
        await self.harness.start()

    async def stop(self) -> None:
        self.now = self.run.now
        await self.harness.stop()
        await self.database.close()

    async def rounds(self, *alerts: Alert, count: int = 2) -> None:
        for _ in range(count):
            await self.run.step(*alerts)
            self.harness.clock.now = max(self.harness.clock.now, self.run.now)
            await self.harness.settle()

    def ids(self) -> set[str]:
        return {ticket.id for ticket in self.run.tickets.open}


@pytest.fixture(params=SYSTEMS, ids=lambda system: system.kind)
async def agent(request: Any, tmp_path: Path) -> AsyncIterator[Agent]:
    system = request.param()
    url = await system.start()
    made = Agent(tmp_path / "data", system, url)
    await made.start()
    yield made
    await made.stop()
    await system.stop()


async def put_yesterday_back(agent: Agent) -> None:
    await agent.stop()
    restore(agent.data, agent.data.parent / "backup.db")
    await agent.start()


async def test_an_open_ticket_of_the_desk_is_continued(agent: Agent) -> None:
    await agent.rounds(count=1)
    back_up(agent.database.path, agent.data.parent / "backup.db")
    await agent.rounds(alert())
    (lost,) = agent.ids()
    assert agent.system.seen() == [lost]
    await put_yesterday_back(agent)
    await agent.rounds(alert())
    (present,) = agent.ids()
    assert present != lost, "an id is never given twice"
    (remote,) = agent.system.seen()
    assert remote in {lost, present}, "no second ticket at the desk; some systems show the new id"
    assert (await agent.harness.remote_status(present)).state is RemoteState.OPEN
    agent.scene.states[NUMBER] = NumberState.ACTIVE
    await agent.rounds(count=8)
    assert agent.run.tickets.open == ()
    assert agent.system.is_over(remote), "what continues it ends it"


async def test_a_new_fault_afterwards_is_a_new_ticket(agent: Agent) -> None:
    await agent.rounds(count=1)
    back_up(agent.database.path, agent.data.parent / "backup.db")
    await agent.rounds(alert())
    (lost,) = agent.ids()
    agent.scene.states[NUMBER] = NumberState.ACTIVE
    await agent.rounds(count=8)
    assert agent.system.is_over(lost)
    await put_yesterday_back(agent)
    agent.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    await agent.rounds(alert(), alert(number=OTHER))
    assert len(agent.ids()) == 2
    assert lost not in agent.ids()
    assert set(agent.system.seen()) == {lost, *agent.ids()}


async def test_what_was_queued_then_is_not_made_twice(agent: Agent) -> None:
    await agent.harness.stop()
    await agent.run.step(alert())
    (waiting,) = agent.ids()
    back_up(agent.database.path, agent.data.parent / "backup.db")
    await agent.harness.start()
    await agent.rounds(alert(), count=1)
    assert agent.system.seen() == [waiting]
    await put_yesterday_back(agent)
    await agent.harness.pass_time(3600, step=60)
    assert agent.system.seen() == [waiting]
    link = await Links(agent.database).get("desk", waiting)
    assert link is not None
    assert link.remote


async def test_nothing_is_opened_while_the_desk_does_not_answer(agent: Agent) -> None:
    await agent.rounds(count=1)
    back_up(agent.database.path, agent.data.parent / "backup.db")
    await agent.rounds(alert())
    (lost,) = agent.ids()
    await put_yesterday_back(agent)
    agent.system.faults.append(Fault(503, method="GET", times=1000))
    await agent.rounds(alert())
    assert agent.system.seen() == [lost]
