"""A running agent whose numbers can be called, in a world whose numbers answer by SIP."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import unused_port

from agent.app import Agent
from agent.probing.board import ProbeBoard
from agent.simulator.agent_config import build_config, dial_section
from agent.simulator.server import SimulatorServer, start
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from agent.simulator.telephony.world import answering
from agent.simulator.world import World
from agent.testcalls.service import CallService
from agent.web.app import make_app
from agent.web.server import serve
from tests.app.conftest import SPEED, quicken, until

NORTH = ("north", "hq")
ANSWERS, BUSY, SUSPENDED, CLOSED, CONTROL = (f"400622000{n}" for n in (1, 2, 3, 5, 9))
STRANGER = "4006229999"
WORLD = f"""
seed: 3
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {{key: demo, secret: demo-secret}}
        numbers:
          - {{number: "{ANSWERS}", bindings: [{{id: a, phone: "01088880001"}}]}}
          - {{number: "{BUSY}", test_call: busy, bindings: [{{id: a, phone: "01088880002"}}]}}
          - number: "{SUSPENDED}"
            test_call: suspended_prompt
            bindings: [{{id: a, phone: "01088880003"}}]
          - number: "{CLOSED}"
            routing: {{schedule: [{{days: mon-sun, from: "00:00", to: "00:01"}}]}}
            bindings: [{{id: a, phone: "01088880005"}}]
          - {{number: "{CONTROL}", bindings: [{{id: a, phone: "01088880009"}}]}}
"""


class CallScene:
    """A running agent, its world and the endpoint at which the world's numbers answer."""

    def __init__(
        self, agent: Agent, world: SimulatorServer, endpoint: SipEndpoint, config: Path
    ) -> None:
        self.agent = agent
        self.world = world
        self.endpoint = endpoint
        self.config = config

    @property
    def calls(self) -> CallService:
        """The agent's test calls."""
        calls = self.agent.web_services().calls
        assert calls is not None
        return calls

    @property
    def board(self) -> ProbeBoard:
        """The newest of them."""
        return self.agent._refresher.probes

    def behave(self, number: str, behaviour: str) -> None:
        """From now on ``number`` answers calls like this."""
        self.world.apply({"number": number, "set": {"test_call": behaviour}})

    async def change(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the configuration file and reload."""
        settings = yaml.safe_load(self.config.read_text())
        change(settings)
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        outcome = await self.agent.reload()
        assert not outcome.errors, outcome.errors

    def calls_of(self, number: str) -> int:
        """How many calls to ``number`` have reached the endpoint."""
        return sum(call.number == number for call in self.endpoint.calls)


def has_polled(agent: Agent) -> bool:
    """Whether all is known that the configured accounts tell."""
    return agent.ready() is None and all(
        snapshot.is_fresh(capability, agent._clock())
        for snapshot in agent.fleet.snapshots()
        for capability in snapshot.polls
    )


@asynccontextmanager
async def calling_scene(
    folder: Path, world_text: str = WORLD, **dial: Any
) -> AsyncIterator[CallScene]:
    """A running agent that has polled everything once; ``dial`` replaces keys of its section."""
    world = World.parse(world_text)
    async with await start(world) as running:
        endpoint = await open_endpoint(answering(world))
        section = dial_section("{}:{}".format(*endpoint.address)) | {"listen": 1.0, "longest": 15.0}
        written = quicken(build_config(running.world, running.url, SPEED), folder)
        written["dial"] = section | dial
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(written, allow_unicode=True))
        agent = Agent(config)
        await agent.start()
        try:
            await until(lambda: has_polled(agent), "every capability was polled")
            yield CallScene(agent, running, endpoint, config)
        finally:
            await agent.stop()
            endpoint.close()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[CallScene]:
    """A running agent with one caller and a control number."""
    async with calling_scene(tmp_path, control_number=CONTROL) as running:
        yield running


@asynccontextmanager
async def served(scene: CallScene) -> AsyncIterator[Path]:
    """The agent of ``scene`` at an address; the configuration for commands beside it."""
    at = f"127.0.0.1:{unused_port()}"
    runner = await serve(make_app(scene.agent.web_services()), [at])
    written = yaml.safe_load(scene.config.read_text()) | {"listen": [at]}
    path = scene.config.with_name("of-the-command.yaml")
    path.write_text(yaml.safe_dump(written, allow_unicode=True))
    try:
        yield path
    finally:
        await runner.cleanup()
