"""A whole agent against a simulated world, both over real HTTP, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.app import Agent
from agent.config.settings import Settings
from agent.simulator.agent_config import build_config
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.store.database import Database
from agent.store.directory import TOKEN_NAME

WORLD = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 500
        currency: CNY
        numbers:
          - number: "4006220001"
            state: suspended_violation
            network_state: active
            company: 示例公司
            bindings:
              - {id: b1, phone: "13800000001", kind: mobile, position: 1, state: ok}
              - {id: b2, phone: "02287654321", kind: landline, position: 2, state: ok}
          - number: "4006220002"
            state: active
            network_state: active
            bindings:
              - {id: b1, phone: "13800000002", kind: mobile, position: 1, state: ok}
              - {id: b2, phone: "13800000003", kind: mobile, position: 2, state: ok}
  - name: south
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: other, secret: other-secret}
        balance: 500
        currency: CNY
        numbers:
          - number: "4008110001"
            state: active
            network_state: active
            bindings: [{id: b1, phone: "13800000009", kind: mobile, position: 1, state: ok}]
"""
SPEED = 20.0
"""The agent waits a twentieth of what it would in the demo."""


async def until(condition: Callable[[], Any], what: str, deadline: float = 20.0) -> Any:
    """The first truthy result of ``condition``; fails the test after ``deadline`` seconds."""
    try:
        async with asyncio.timeout(deadline):
            while not (result := condition()):  # noqa: ASYNC110 - a condition has no event
                await asyncio.sleep(0.02)
            return result
    except TimeoutError:
        pytest.fail(f"after {deadline} s still not: {what}")


class Scene:
    """A running agent, its world, and the configuration file between them."""

    def __init__(self, agent: Agent, world: SimulatorServer, config: Path) -> None:
        self.agent = agent
        self.world = world
        self.config = config

    def desk(self) -> list[dict[str, Any]]:
        """The tickets at the desk."""
        return self.world.world.desk.tickets()

    def failures(self, provider: str, reason: str) -> float:
        """Failed polls of a provider for a reason, over all capabilities."""
        metric = self.agent.telemetry.poll_failures.collect()[0]
        return sum(
            sample.value
            for sample in metric.samples
            if sample.labels.get("provider") == provider and sample.labels.get("reason") == reason
        )

    def all_failures(self, provider: str) -> float:
        """Failed polls of a provider."""
        metric = self.agent.telemetry.poll_failures.collect()[0]
        return sum(s.value for s in metric.samples if s.labels.get("provider") == provider)

    def ticket(self, symptom: str, provider: str = "north") -> dict[str, Any] | None:
        """The desk's newest ticket of a symptom."""
        tickets = [t for t in self.desk() if (t["symptom"], t["provider"]) == (symptom, provider)]
        return tickets[-1] if tickets else None

    @property
    def authorized(self) -> dict[str, str]:
        """The headers of whoever may change anything."""
        token = (self.config.parent / "data" / TOKEN_NAME).read_text().strip()
        return {"Authorization": f"Bearer {token}"}

    def write(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the configuration file."""
        settings = yaml.safe_load(self.config.read_text())
        change(settings)
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True))


def quicken(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The written configuration with waits that suit a test."""
    settings["data_dir"] = str(folder / "data")
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], 0.3)
    settings["polling"] |= {"timeout": 1.5, "request_timeout": 1.0, "breaker_pause": 0.5}
    settings["rules"]["interval"] = 0.2
    settings["tickets"]["hold"] = 0.5
    return settings


@pytest.fixture
def world_text() -> str:
    """The world that the agent polls; a module may have another one."""
    return WORLD


@asynccontextmanager
async def running_scene(
    folder: Path,
    world_text: str = WORLD,
    stored: Mapping[str, bytes] | None = None,
    **settings: Any,
) -> AsyncIterator[Scene]:
    """A running agent that has polled everything once.

    Args:
        folder: Where its configuration and its data are.
        world_text: The world that it polls.
        stored: Pages that its ledger has from before, by name.
        settings: Further sections of its configuration.
    """
    async with await start(World.parse(world_text)) as world:
        config = folder / "config.yaml"
        written = quicken(build_config(world.world, world.url, SPEED), folder) | settings
        config.write_text(yaml.safe_dump(written, allow_unicode=True))
        if stored:
            store = Settings.model_validate(written).store
            database = await Database.open(folder / "data", store)
            for name, content in stored.items():
                await database.put(name, content)
            await database.close()
        agent = Agent(config)
        await agent.start()
        try:
            await until(lambda: agent.ready() is None, "the agent is ready")
            yield Scene(agent, world, config)
        finally:
            await agent.stop()


@pytest.fixture
async def scene(tmp_path: Path, world_text: str) -> AsyncIterator[Scene]:
    """A running agent that has polled everything once."""
    async with running_scene(tmp_path, world_text) as running:
        yield running
