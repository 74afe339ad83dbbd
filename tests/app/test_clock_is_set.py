"""A whole agent whose clock is set while it runs: nothing fires, closes or is deleted early."""

import asyncio
import time
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from agent.app import Agent
from agent.states import Stage
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


@pytest.fixture
async def held(scene: Scene, clock: Clock) -> Scene:
    """The scene with a hold and a ``for`` that take longer than the test, under ``clock``."""
    rules = scene.config.with_name("slow.yml")
    rule: dict[str, Any] = {
        "alert": "Slow",
        "expr": "numwatch_number_up == 0",
        "for": "20m",
        "labels": {"severity": "critical", "symptom": "slow", "scope": "number"},
    }
    fast = {**rule, "alert": "NumberNotActive", "for": "0s"}
    fast["labels"] = {**rule["labels"], "symptom": "number_down"}
    groups = [{"name": "numwatch_numbers", "rules": [fast, rule]}]
    await asyncio.to_thread(rules.write_text, yaml.safe_dump({"groups": groups}))

    def slow(settings: dict[str, Any]) -> None:
        settings["tickets"]["hold"] = 60
        settings["rules"]["files"] = [str(rules)]

    await until(lambda: scene.ticket("number_down"), "the suspended number has its ticket")
    scene.write(slow)
    await scene.agent.stop()
    scene.agent = Agent(scene.config, clock)
    await scene.agent.start()
    return scene


@STEPS
async def test_nothing_comes_early(held: Scene, clock: Clock, step: float) -> None:
    await until(
        lambda: any(it.name == "Slow" for it in held.agent._scheduler.engine.alerts()),
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
    alerts = held.agent._scheduler.engine.alerts()
    assert {it.state for it in alerts if it.name == "Slow"} <= {"pending"}


async def test_a_clock_far_ahead_deletes_no_evidence(held: Scene, clock: Clock) -> None:
    async def stored() -> int:
        async with held.agent.database.transaction() as connection:
            return (
                await connection.execute(select(func.count()).select_from(evidence))
            ).scalar_one()

    async with asyncio.timeout(20):
        while not await stored():  # noqa: ASYNC110 - the ledger has no event to wait for
            await asyncio.sleep(0.1)
    await held.agent.stop()
    clock.ahead += 500 * DAY
    held.agent = Agent(held.config, clock)
    await held.agent.start()
    await asyncio.sleep(2)
    assert await stored()
