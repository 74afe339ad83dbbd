"""The joint test of a ticket by test calls, from the repair to the confirmation."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.app import Agent
from agent.probing.facts import Purpose
from agent.states import Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.document import document
from agent.tickets.joint_test import JointTestState
from agent.tickets.lifecycle import ActorKind
from agent.tickets.ticket import Ticket
from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, CONTROL, CallScene, calling_scene

pytestmark = pytest.mark.timeout(400)
LI = Actor(ActorKind.PERSON, "li.wei")
FORM = {"customer": "王女士", "cause": "operator_equipment", "outcome": "restored"}
LONG = 120.0


class Joint:
    """A scene with one ticket about :data:`ANSWERS`, of grade AAA and as the polls have it."""

    def __init__(self, scene: CallScene) -> None:
        self.scene = scene

    @property
    def ticket(self) -> Ticket:
        return next(it for it in self.scene.agent.tickets.open if it.subject.number == ANSWERS)

    async def act(self, action: TicketAction, **fields: str) -> None:
        await self.scene.agent.act(self.ticket.id, ActionRequest(action, LI, "because", fields))

    async def broken(self) -> None:
        """Break the number at its provider, wait for its ticket, and mend it there."""
        state = {"number": ANSWERS, "set": {"state": "suspended_violation"}}
        self.scene.world.apply(state)
        await until(lambda: any(self.scene.agent.tickets.open), "a ticket is open", LONG)
        await self.act(TicketAction.GRADE, grade="AAA")
        self.scene.world.apply({"number": ANSWERS, "set": {"state": "active"}})

    async def repaired(self) -> None:
        await until(lambda: self.ticket.stage is Stage.RESTORED, "service is back", LONG)
        await self.act(TicketAction.REPAIR)

    async def ended(self, state: JointTestState, turn: int) -> Ticket:
        def found() -> bool:
            joint = self.ticket.joint_test
            return joint is not None and (joint.turn, joint.state) == (turn, state)

        await until(found, f"joint test {turn} {state}", LONG)
        return self.ticket

    def calls(self) -> int:
        return self.scene.calls_of(ANSWERS)


def confirmed_by_people(written: dict[str, Any]) -> None:
    del written["tickets"]["confirmation"]


def two_callers(written: dict[str, Any]) -> None:
    confirmed_by_people(written)
    (one,) = written["dial"]["callers"]
    other = one | {"name": "other", "carrier": "unicom"}
    written["dial"]["callers"] = [one | {"carrier": "telecom"}, other]
    written["dial"]["joint_test"] = {"callers": ["simulated", "other"], "automatic": True}


@pytest.fixture
async def joint(tmp_path: Path) -> AsyncIterator[Joint]:
    async with calling_scene(tmp_path, control_number=CONTROL) as scene:
        await scene.change(two_callers)
        yield Joint(scene)


async def test_a_repaired_ticket_is_tested_by_calls_before_it_is_confirmed(joint: Joint) -> None:
    joint.scene.behave(ANSWERS, "busy")
    await joint.broken()
    await joint.repaired()
    failed = await joint.ended(JointTestState.FAILED, 1)
    assert failed.stage is not Stage.TESTING
    assert failed.joint_test is not None
    assert [(it.caller, it.carrier, it.outcome, it.result) for it in failed.joint_test.calls] == [
        ("simulated", "telecom", "busy", "failed"),
        ("other", "unicom", "busy", "failed"),
    ]
    entry = next(it for it in failed.timeline if it.event == "joint_test")
    assert (entry.actor, "simulated busy" in entry.reason) == ("numwatch", True)
    joint.scene.behave(ANSWERS, "answers")
    await joint.repaired()
    passed = await joint.ended(JointTestState.PASSED, 2)
    assert passed.stage is Stage.TESTING, "a person confirms"
    stored = await joint.scene.calls.ledger.of_reference(passed.id)
    assert len(stored) == joint.calls() == 4, "each caller called once for each test"
    assert {it.purpose for it in stored} == {Purpose.JOINT_TEST}
    shown = document(passed, joint.scene.agent._clock())["joint_test"]
    assert (shown["state"], shown["turn"], len(shown["calls"])) == ("passed", 2, 2)
    with pytest.raises(Exception, match="needs"):
        await joint.act(TicketAction.CLOSE, resolution="fixed")
    await joint.act(TicketAction.CONFIRM, **FORM)
    await until(lambda: not joint.scene.agent.tickets.open, "it is closed", LONG)


async def test_what_says_nothing_of_the_number_waits_for_a_person(joint: Joint) -> None:
    joint.scene.behave(ANSWERS, "busy")
    joint.scene.behave(CONTROL, "congested")
    await joint.broken()
    await joint.repaired()
    ticket = await joint.ended(JointTestState.UNDECIDED, 1)
    assert ticket.stage is Stage.TESTING
    assert ticket.joint_test is not None
    assert {it.result for it in ticket.joint_test.calls} == {"not_judged"}
    # Nothing is called again by itself; a person may ask for it, and a person may decide.
    made = joint.calls()
    assert await joint.scene.agent._upkeep._joint_tests.due() == []
    assert joint.calls() == made
    joint.scene.behave(ANSWERS, "answers")
    await joint.act(TicketAction.TEST_CALLS)
    assert (await joint.ended(JointTestState.PASSED, 2)).stage is Stage.TESTING


async def test_a_call_that_is_refused_waits_and_a_restart_repeats_none(joint: Joint) -> None:
    def closed(written: dict[str, Any]) -> None:
        written["dial"]["callers"][1]["hours"] = ["00:00-00:01"]

    await joint.scene.change(closed)
    await joint.broken()
    await joint.repaired()
    await until(
        lambda: joint.ticket.joint_test is not None and joint.ticket.joint_test.waits_for,
        "it waits",
        LONG,
    )
    ticket = joint.ticket
    assert ticket.stage is Stage.TESTING
    assert ticket.joint_test is not None
    assert (ticket.joint_test.waits_for, ticket.joint_test.calls) == ("caller_hours", ())
    assert joint.calls() == 1
    with pytest.raises(ActionRequestError, match="makes no sense"):
        await joint.act(TicketAction.TEST_CALLS)

    written = yaml.safe_load(joint.scene.config.read_text())
    written["dial"]["callers"][1]["hours"] = ["00:00-24:00"]
    joint.scene.config.write_text(yaml.safe_dump(written, allow_unicode=True))
    # Nothing is remembered but what the ledger has.
    await joint.scene.agent.stop()
    joint.scene.agent = Agent(joint.scene.config)
    await joint.scene.agent.start()
    try:
        await until(lambda: any(joint.scene.agent.tickets.open), "the ticket is read", LONG)
        await joint.ended(JointTestState.PASSED, 1)
        assert joint.calls() == 2, "who had called did not call again"
    finally:
        await joint.scene.agent.stop()


async def test_without_callers_nobody_is_called_and_people_are_told(tmp_path: Path) -> None:
    async with calling_scene(tmp_path) as scene:
        await scene.change(confirmed_by_people)
        joint = Joint(scene)
        await joint.broken()
        await joint.repaired()
        with pytest.raises(ActionRequestError, match=r"expected dial\.joint_test\.callers"):
            await joint.act(TicketAction.TEST_CALLS)
        await scene.agent._upkeep._joint_tests.due()
        assert joint.ticket.stage is Stage.REPAIRED
        await joint.act(TicketAction.TEST, result="passed")
        assert joint.ticket.stage is Stage.TESTING, "people test as before"
