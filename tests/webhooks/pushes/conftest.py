"""A whole agent whose provider, the simulated world, pushes too: all over real HTTP."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer

from agent.app import Agent
from agent.model import Snapshot
from agent.simulator.agent_config import build_config
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.web.app import make_app
from tests.app.conftest import WORLD, quicken, until

SECRET = "Zq9-the-secret-of-pushes-0123456789"
PATH = "/hooks/providers/north/hq"
BROKEN, WELL, FOREIGN = "4006220001", "4006220002", "4009999999"
SLOW = 600.0
"""Seconds between polls where a test sends the only polls itself."""


def stamp(at: float) -> str:
    """Epoch seconds as the generic dialect writes them."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def message(kind: str, *items: dict[str, Any], name: str = "m-1", **more: Any) -> bytes:
    """A message of the generic dialect."""
    return json.dumps({"id": name, "type": kind, "items": list(items), **more}).encode()


def signed(body: bytes, secret: str = SECRET, off: float = 0.0) -> dict[str, str]:
    """The headers by which the generic dialect proves a message."""
    at = str(int(time.time() + off))
    digest = hmac.new(secret.encode(), f"{at}\n".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Push-Timestamp": at,
        "X-Push-Signature": digest,
    }


class Site:
    """An agent on one data folder, which may be killed and started anew."""

    def __init__(self, config: Path, world: SimulatorServer) -> None:
        self.config = config
        self.world = world
        self.agent: Agent
        self.client: TestClient[Any, Any]

    async def start(self) -> None:
        """Start the agent; returns once it has polled everything."""
        self.agent = Agent(self.config)
        await self.agent.start()
        self.client = TestClient(TestServer(make_app(self.agent.web_services())))
        await self.client.start_server()
        await until(lambda: self.agent.ready() is None, "ready")

    async def stop(self) -> None:
        """Stop the agent."""
        await self.client.close()
        await self.agent.stop()

    async def post(self, body: bytes, status: int = 200, path: str = PATH, **how: Any) -> Any:
        """Post a message, signed unless ``headers`` are given; returns the answer's JSON."""
        headers = how.pop("headers", None) or signed(body, **how)
        async with self.client.post(path, data=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text)

    async def poll(self) -> None:
        """Poll the account once, now."""
        await self.agent._pollers.poll_once("north", "hq")

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the account now."""
        snapshot = self.agent.fleet.get("north", "hq")
        assert snapshot is not None
        return snapshot

    def state(self, number: str) -> str:
        """The state of a number."""
        listing = self.snapshot.listing
        assert listing is not None
        return next(it.state.value for it in listing.numbers if it.number == number)

    def phone_state(self, number: str, name: str) -> str:
        """The state of a bound phone."""
        return next(it.state.value for it in self.snapshot.bindings[number] if it.id == name)

    def count(self, family: str, **labels: str) -> float:
        """A counter of the account."""
        labels = {"provider": "north", "account": "hq", **labels}
        return self.agent.telemetry.registry.get_sample_value(family, labels) or 0.0

    def facts(self, outcome: str, fact: str = "numbers") -> float:
        """How many pushed facts had an outcome."""
        return self.count("numwatch_pushed_facts_total", fact=fact, outcome=outcome)

    def messages(self, outcome: str) -> float:
        """How many messages had an outcome."""
        return self.count("numwatch_pushes_total", outcome=outcome)


def settings_for(world: SimulatorServer, folder: Path, **pushes: Any) -> dict[str, Any]:
    """An agent's configuration whose account north/hq takes pushes; it is polled rarely."""
    settings = quicken(build_config(world.world, world.url, 1.0), folder)
    settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], SLOW)
    account = settings["providers"][0]["accounts"][0]
    account["pushes"] = {"secret": SECRET, "max_body": 65536, **pushes}
    return settings


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with await start(World.parse(WORLD)) as world:
        config = tmp_path / "config.yaml"
        config.write_text(yaml.safe_dump(settings_for(world, tmp_path), allow_unicode=True))
        site = Site(config, world)
        await site.start()
        try:
            yield site
        finally:
            await site.stop()
