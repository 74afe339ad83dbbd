"""``kill -9`` of an agent in the middle of a call that it made by itself.

The agent that is killed is a process of its own; the one after it, which has nothing but the
ledger, is looked into from here.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.app import Agent
from agent.probing.book import Refusal
from agent.simulator.telephony.behaviour import BEHAVIOURS, Behaviour
from agent.states import Stage
from agent.testcalls import joint_tests, planned, service
from agent.testcalls.planned import Retry
from agent.tickets.joint_test import JointTestState
from tests.app.conftest import until
from tests.forks import running_numwatch
from tests.testcalls.conftest import ANSWERS, CONTROL, NORTH, CallScene, calling_scene
from tests.testcalls.test_joint_tests import Joint, confirmed_by_people, two_callers

pytestmark = pytest.mark.timeout(400)
LONG = 90.0
WITHIN = 5.0
"""Seconds within which the far end knows that the agent is gone."""
SLOT = 10.0
"""Seconds between the moments at which a number that was never called may be called."""
LONGEST, OVERHEAD = 20.0, -17.5
"""Seconds of a call, and for which it holds its phones beyond them: free phones alone must not
bring the next call."""
RUN = f"""
from agent.cli.main import main
from agent.testcalls import planned, service
planned._FIRST_WITHIN, service.LONGEST_OVERHEAD = {SLOT}, {OVERHEAD}
main()
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent after the kill has the same moments, and looks often whether a phone is free."""
    monkeypatch.setattr(planned, "_FIRST_WITHIN", SLOT)
    monkeypatch.setattr(service, "LONGEST_OVERHEAD", OVERHEAD)
    monkeypatch.setattr(joint_tests, "TICK", 0.5)
    for refusal in (Refusal.PHONE_BUSY, Refusal.CONCURRENCY):
        retry = Retry(0.5, holds_caller=False)
        monkeypatch.setitem(planned.RETRIES, refusal, retry)  # type: ignore[arg-type]


@asynccontextmanager
async def one_rings(folder: Path, which: int) -> AsyncIterator[CallScene]:
    """A scene in which every call to the number is answered but one, which only rings."""
    async with calling_scene(folder, control_number=CONTROL, longest=LONGEST) as scene:
        answering = scene.endpoint._answering

        def behaviour(number: str, caller: str) -> Behaviour | None:
            rings = number == ANSWERS and scene.calls_of(ANSWERS) == which
            return BEHAVIOURS["rings"] if rings else answering(number, caller)

        scene.endpoint._answering = behaviour
        yield scene


async def killed_in_a_call(scene: CallScene, change: Callable[[dict[str, Any]], None]) -> None:
    """Run an agent as a process until the call that is not answered rings, and kill it."""
    await scene.agent.stop()
    written = yaml.safe_load(scene.config.read_text())
    change(written)
    scene.config.write_text(yaml.safe_dump(written, allow_unicode=True))

    def rings() -> bool:
        return bool(scene.endpoint.calls) and scene.endpoint.calls[-1].statuses == [183]

    log = scene.config.with_name("killed.log")
    with running_numwatch("run", "--config", str(scene.config), log=log, code=RUN) as process:
        await until(rings, "it rings", LONG)
        assert process.poll() is None
        killed = asyncio.get_running_loop().time()
        process.send_signal(signal.SIGKILL)
        process.wait()
    call = scene.endpoint.calls[-1]
    await until(lambda: call.ended is not None, "the far end knows", LONG)
    assert call.ended is not None
    assert (call.number, call.ended_by, call.answered) == (ANSWERS, "caller", None)
    assert call.ended - killed < WITHIN


@asynccontextmanager
async def restarted(scene: CallScene) -> AsyncIterator[None]:
    """The next agent, which has nothing but the ledger."""
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        yield
    finally:
        await scene.agent.stop()


async def spent(scene: CallScene, name: str) -> int:
    """How many calls ``name`` has paid for today."""
    callers = scene.agent.settings.dial.callers
    caller = next(it for it in callers if it.name == name)
    return caller.daily_budget - await scene.calls.remaining(caller)


async def test_a_planned_call_is_paid_for_and_is_not_made_again_before_its_time(
    tmp_path: Path,
) -> None:
    def plan(written: dict[str, Any]) -> None:
        one = {"name": "often", "numbers": [ANSWERS], "callers": ["simulated"], "every": "1h"}
        written["dial"]["plans"] = [one]

    async with one_rings(tmp_path, which=0) as scene:
        await killed_in_a_call(scene, plan)
        async with restarted(scene):
            assert await spent(scene, "simulated") == 1
            assert await scene.calls.ledger.of_number(ANSWERS) == []
            assert scene.board.of(NORTH).get(ANSWERS) is None, "nothing is known of it"
            await until(lambda: scene.board.of(NORTH).get(ANSWERS), "it is called again", LONG)
            first, second = (it for it in scene.endpoint.calls if it.number == ANSWERS)
            # The engine starts later once than the other time, on a busy machine.
            assert second.began - first.began > SLOT / 2, "not twice at one of its times"
            (stored,) = await scene.calls.ledger.of_number(ANSWERS)
            assert (stored.got_through, stored.reference) == (True, "often")
            assert await spent(scene, "simulated") == 2


async def test_a_joint_test_goes_on_and_only_who_was_cut_off_calls_again(tmp_path: Path) -> None:
    async with one_rings(tmp_path, which=1) as scene:
        await scene.change(confirmed_by_people)
        joint = Joint(scene)
        await joint.broken()
        await joint.repaired()
        await killed_in_a_call(scene, by_two_callers)
        async with restarted(scene):
            await until(lambda: any(scene.agent.tickets.open), "the ticket is read", LONG)
            begun, (before,) = joint.ticket, await scene.calls.ledger.of_reference(joint.ticket.id)
            assert before.caller == "simulated"
            assert begun.joint_test is not None
            shown = begun.stage, begun.joint_test.state, begun.joint_test.calls
            assert shown == (Stage.TESTING, JointTestState.CALLING, ()), "nobody says it passed"
            ended = await joint.ended(JointTestState.PASSED, 1)
            assert ended.joint_test is not None
            assert ended.stage is Stage.TESTING, "a person confirms"
            stored = await scene.calls.ledger.of_reference(ended.id)
            assert [it.caller for it in stored] == ["other", "simulated"]
            assert [it.id for it in reversed(stored)] == [it.call for it in ended.joint_test.calls]
            assert stored[-1].id == before.id
            assert joint.calls() == 3
            assert (await spent(scene, "simulated"), await spent(scene, "other")) == (1, 2)


def by_two_callers(written: dict[str, Any]) -> None:
    written["tickets"].setdefault("confirmation", {})
    two_callers(written)
