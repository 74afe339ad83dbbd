"""A running agent sends the report of a month that has ended, once, over restarts."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.app import Agent
from agent.reports import scheduled
from agent.simulator.agent_config import build_config
from agent.simulator.server import start
from agent.simulator.world import World
from tests.app.conftest import SPEED, WORLD, quicken, until
from tests.sinks.receiver import SECRET, Receiver

DAY = 86_400.0


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "INTERVAL", 0.05)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver(verify=False)
    made.url = await made.start()  # type: ignore[attr-defined]
    yield made
    await made.stop()


def with_schedule(settings: dict[str, Any], url: str) -> dict[str, Any]:
    sink = {"name": "archive", "kind": "webhook", "url": url, "secret": SECRET}
    settings["sinks"] = [{**sink, "egress_allow": ["127.0.0.0/8"]}]
    settings["web"] = {**settings.get("web", {}), "external_url": "https://numwatch.example.com"}
    settings["reports"] = {"schedule": [{"kind": "statistics", "sinks": ["archive"], "hour": 0}]}
    return settings


async def test_a_running_agent_sends_a_month_once(tmp_path: Path, receiver: Receiver) -> None:
    def reports() -> list[Any]:
        return [it for it in receiver.deliveries if it.type == "report.ready"]

    async with await start(World.parse(WORLD)) as world:
        config = tmp_path / "config.yaml"
        settings = quicken(build_config(world.world, world.url, SPEED), tmp_path)
        written = with_schedule(settings, receiver.url)  # type: ignore[attr-defined]
        config.write_text(yaml.safe_dump(written, allow_unicode=True))
        # The second is after a month and more in which no agent ran; so is the fourth.
        for days, sent in ((0, 0), (32, 1), (32, 1), (64, 2)):
            agent = Agent(config, lambda days=days: time.time() + days * DAY)  # type: ignore[misc]
            await agent.start()
            try:
                follow = agent._upkeep.scheduled_reports.follow
                await until(lambda sent=sent: len(reports()) >= sent, "the report is sent")
                assert await follow() == 0
            finally:
                await agent.stop()
            assert len(reports()) == sent
    assert len({it.webhook_id for it in reports()}) == 2
    assert reports()[0].data["document"]["period"] == reports()[0].data["period"]
