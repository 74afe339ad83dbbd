"""A replica that does not decide checks what another polls once somebody looks.

Negative control: in the one that decides nothing waits, however little anybody looks.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.app import Agent
from agent.config.store import Store
from agent.model import AccountKey, Snapshot
from agent.simulator.agent_config import build_config
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World
from agent.states import Capability
from agent.web.app import make_app
from tests.app.conftest import SPEED, quicken, until
from tests.replicas.replica_fleet import world

ACCOUNTS = 12
"""So many that each of two replicas is preferred for one."""
STALE_AFTER = 1000
"""Intervals after which facts are stale: nothing is checked for that here."""
SECONDS = 2.0
"""Seconds in which an account is polled several times."""


async def begun(folder: Path, server: SimulatorServer, store: Store) -> Agent:
    folder.mkdir()
    settings: dict[str, Any] = quicken(build_config(server.world, server.url, SPEED), folder)
    assert store.url is not None
    settings["store"] = {"url": store.url.reveal(), "replicas": True}
    settings["polling"]["stale_intervals"] = STALE_AFTER
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))
    config.chmod(0o600)
    agent = Agent(config)
    await agent.start()
    return agent


def polled_at(snapshot: Snapshot | None) -> float:
    assert snapshot is not None
    return snapshot.polls[Capability.NUMBERS].last_success or 0.0


def checked_at(agent: Agent, key: AccountKey) -> float:
    result = agent.checked(*key)
    return 0.0 if result is None else polled_at(result.snapshot)


def polled_here(agent: Agent) -> set[AccountKey]:
    page = agent.telemetry.lease_epoch.collect()[0]
    return {(it.labels["provider"], it.labels["account"]) for it in page.samples}


@pytest.mark.integration
async def test_what_another_polls_is_checked_once_somebody_looks(
    tmp_path: Path, empty_store: Store, aiohttp_client
) -> None:
    plan = yaml.safe_dump(world(ACCOUNTS), allow_unicode=True)
    async with await start(World.parse(plan)) as server:
        deciding = await begun(tmp_path / "one", server, empty_store)
        other = await begun(tmp_path / "two", server, empty_store)
        try:
            await until(lambda: other.ready() is None, "the other has checked everything")
            await until(lambda: polled_here(other), "the other polls something")
            key, elsewhere = min(polled_here(deciding)), min(polled_here(other))
            waited_since = checked_at(other, key)

            def is_known_more_newly() -> bool:
                return polled_at(other.fleet.get(*key)) > waited_since + SECONDS

            await until(is_known_more_newly, "the other reads newer polls")
            assert checked_at(other, key) < polled_at(other.fleet.get(*key)) - SECONDS / 2
            checked_then = checked_at(deciding, elsewhere)
            await until(
                lambda: checked_at(deciding, elsewhere) > checked_then + SECONDS,
                "where it is decided it is checked poll by poll",
            )
            client = await aiohttp_client(make_app(other.web_services()))
            newest = polled_at(other.fleet.get(*key))
            assert (await client.get("/")).status == 200
            assert checked_at(other, key) >= newest
        finally:
            await other.stop()
            await deciding.stop()
