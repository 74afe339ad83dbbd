"""A whole agent whose clock is set while it runs: nothing fires, closes or is deleted early."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from agent.app import Agent
from agent.states import Capability, Stage
from agent.store.schema import evidence
from tests.app.conftest import Scene, until

BROKEN, WELL = "4006220001", "4006220002"
DAY = 86400.0
STEPS = pytest.mark.parametrize("step", [3600.0, -3600.0, DAY, -DAY])


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


def rule(name: str, expression: str, hold: str, **labels: str) -> dict[str, Any]:
    fixed = {"severity": "critical", "scope": "number"}
    return {"alert": name, "expr": expression, "for": hold, "labels": {**fixed, **labels}}


DOWN = rule("NumberNotActive", "numwatch_number_up == 0", "0s", symptom="number_down")


async def restart(
    scene: Scene,
    clock: Clock,
    rules: list[dict[str, Any]],
    change: Callable[[dict[str, Any]], None] = lambda _settings: None,
) -> Scene:
    """The scene under ``clock``, with ``rules`` and a hold that takes longer than the test."""
    file = scene.config.with_name("rules.yml")
    groups = [{"name": "numwatch_numbers", "rules": rules}]
    await asyncio.to_thread(file.write_text, yaml.safe_dump({"groups": groups}))

    def adapt(settings: dict[str, Any]) -> None:
        settings["tickets"]["hold"] = 60
        settings["rules"]["files"] = [str(file)]
        change(settings)

    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    scene.write(adapt)
    await scene.agent.stop()
    scene.agent = Agent(scene.config, clock)
    await scene.agent.start()
    return scene


@pytest.fixture
async def held(scene: Scene, clock: Clock) -> Scene:
    """The scene with a hold and a ``for`` that take longer than the test, under ``clock``."""
    slow = rule("Slow", "numwatch_number_up == 0", "20h", symptom="slow")
    return await restart(scene, clock, [DOWN, slow])


@pytest.fixture
async def seldom(scene: Scene, clock: Clock) -> Scene:
    """The scene with facts that are polled once, but for the numbers, and a rule on their age."""
    old = rule(
        "Old",
        "max by (provider, account) (time() - numwatch_poll_last_success_timestamp_seconds > 60)",
        "0s",
        symptom="old",
        scope="account",
    )

    def poll_seldom(settings: dict[str, Any]) -> None:
        intervals = settings["polling"]["intervals"]
        settings["polling"]["intervals"] = {**dict.fromkeys(intervals, 600), "numbers": 2}

    return await restart(scene, clock, [DOWN, old], poll_seldom)


@STEPS
async def test_nothing_comes_early(held: Scene, clock: Clock, step: float) -> None:
    await until(
        lambda: any(it.name == "Slow" for it in held.agent._evaluation.scheduler.engine.alerts()),
        "the slow rule is pending",
    )
    held.world.apply({"number": BROKEN, "set": {"state": "active"}})
    held.world.apply({"number": WELL, "set": {"state": "suspended_violation"}})
    await until(
        lambda: any(it.stage is Stage.OBSERVING for it in held.agent.tickets.open),
        "the recovery is held",
    )
    clock.ahead += step
    await asyncio.sleep(3)
    assert any(it.subject.number == BROKEN for it in held.agent.tickets.open), "closed early"
    alerts = held.agent._evaluation.scheduler.engine.alerts()
    assert {it.state for it in alerts if it.name == "Slow"} <= {"pending"}


async def test_a_clock_far_ahead_deletes_no_evidence(held: Scene, clock: Clock) -> None:
    async def stored() -> int:
        async with held.agent.database.transaction() as connection:
            return (
                await connection.execute(select(func.count()).select_from(evidence))
            ).scalar_one()

    held.world.apply({"number": WELL, "set": {"state": "suspended_violation"}})
    async with asyncio.timeout(40):
        while not await stored():  # noqa: ASYNC110 - the ledger has no event to wait for
            await asyncio.sleep(0.1)
    await held.agent.stop()
    clock.ahead += 500 * DAY
    held.agent = Agent(held.config, clock)
    await held.agent.start()
    await asyncio.sleep(2)
    assert await stored()


@STEPS
async def test_facts_are_as_old_as_they_were(seldom: Scene, clock: Clock, step: float) -> None:
    agent = seldom.agent
    await until(lambda: agent.ready() is None, "the agent is ready")
    seldom.world.apply({"number": BROKEN, "set": {"state": "active"}})
    await until(
        lambda: any(it.stage is Stage.OBSERVING for it in agent.tickets.open),
        "the recovery is held",
    )
    capabilities = await until(
        lambda: [
            (it.provider, it.account, capability)
            for it in agent.fleet.snapshots()
            for capability, status in it.polls.items()
            if status.last_success is not None
        ],
        "something is polled",
    )
    assert {it[2] for it in capabilities} > {Capability.NUMBERS}
    clock.ahead += step
    began, followed = time.monotonic(), False
    while time.monotonic() - began < 3 or not followed:
        followed = followed or abs(agent._clock() - clock()) < 1
        for provider, account, capability in capabilities:
            result = agent.checked(provider, account)
            assert result is not None
            for facts in (agent.fleet.get(provider, account), result):
                assert facts is not None
                assert facts.is_fresh(capability, agent._clock()), f"{capability} looks old"
        (ticket,) = (it for it in agent.tickets.open if it.subject.number == BROKEN)
        assert ticket.progress.verified_at is not None, "the hold began anew"
        assert not [
            it.name for it in agent._evaluation.scheduler.engine.alerts() if it.name == "Old"
        ]
        await asyncio.sleep(0.02)
    status = agent.fleet.snapshots()[0].polls[Capability.NUMBERS]
    assert status.last_success is not None
    assert abs(status.last_success - clock()) < 10, "what is exposed is by the clock as it is set"
