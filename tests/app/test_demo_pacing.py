"""The demo's world goes on only while its agent follows: nothing happens unseen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from agent.demo.pacing import FASTEST, Pacer, is_polled
from agent.demo.session import DemoOptions
from agent.demo.world import World
from agent.model import PollStatus, Snapshot
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World as SimulatedWorld
from agent.states import Capability, PollFailure
from exporters.telemetry import Telemetry
from tests.simulator.worlds import SMALL

if TYPE_CHECKING:
    from agent.app import Agent

SPEED = 100.0
NOW, LEAD, INTERVAL = 1_000.0, 1.0, 5.0


def snapshot(status: PollStatus) -> Snapshot:
    return Snapshot("north", "hq", 1, {Capability.NUMBERS: status}, {})


@pytest.mark.parametrize(
    ("status", "follows"),
    [
        (PollStatus(INTERVAL, last_attempt=NOW - INTERVAL), True),
        (PollStatus(INTERVAL, last_attempt=NOW - INTERVAL - 2 * LEAD), False),
        (PollStatus(INTERVAL), False),
        (PollStatus(INTERVAL, last_attempt=NOW - 60, failure=PollFailure.HTTP_5XX), True),
    ],
    ids=["in time", "late", "not yet", "an API that fails is part of the story"],
)
def test_the_agent_follows_while_nothing_is_overdue(status: PollStatus, follows: bool) -> None:
    assert is_polled([snapshot(status)], NOW, LEAD) is follows


def test_a_story_is_told_no_faster_than_an_agent_can_follow() -> None:
    assert DemoOptions(speed=50.0).followed_speed == FASTEST
    assert DemoOptions(speed=2.0).followed_speed == 2.0
    assert DemoOptions(speed=50.0, world=Path("own.yaml")).followed_speed == 50.0


@pytest.fixture
async def served() -> AsyncIterator[SimulatorServer]:
    async with await start(SimulatedWorld.parse(SMALL), speed=SPEED) as running:
        yield running


async def passed_in(seconds: float, served: SimulatorServer) -> float:
    before = served.world.advance()
    await asyncio.sleep(seconds)
    return served.world.advance() - before


async def test_the_world_stands_still_while_nothing_is_evaluated(served: SimulatorServer) -> None:
    telemetry = Telemetry()
    settings = SimpleNamespace(providers=(), rules=SimpleNamespace(interval=0.1))
    fleet = SimpleNamespace(snapshots=tuple)
    agent = SimpleNamespace(telemetry=telemetry, settings=settings, fleet=fleet)
    pacer = Pacer(cast("Agent", agent), World(served.url, Path()), SPEED)
    duration = telemetry.rule_duration.labels("group")
    pacing = asyncio.create_task(pacer.run())
    try:
        async with asyncio.timeout(30):
            while pacer.elapsed < SPEED / 2:  # evaluations come, and the world goes on
                duration.observe(0.01)
                await asyncio.sleep(0.05)
            # They have ended: what was granted runs out, and then nothing moves.
            while await passed_in(0.3, served):
                pass
            stopped = served.world.advance()
            while served.world.advance() < stopped + SPEED / 2:
                duration.observe(0.01)
                await asyncio.sleep(0.05)
    finally:
        pacing.cancel()
        await asyncio.gather(pacing, return_exceptions=True)
