"""A world of PBXs: the configuration that is written for it polls who is registered."""

import asyncio
import json

import pytest

from agent.cli.observation import poll_once
from agent.config.settings import Settings
from agent.providers.registry import problems
from agent.simulator.agent_config import build_config
from agent.simulator.server import start
from agent.simulator.world import World

NUMBER = "4006220001"
PHONES = [
    {"id": "b1", "phone": "13800000001", "kind": "mobile", "state": "ok"},
    {"id": "b2", "phone": "8001", "kind": "pbx", "position": 2, "state": "ok"},
    {"id": "b3", "phone": "8002", "kind": "pbx", "position": 3, "state": "off"},
]


async def observed(dialect):
    """The states of the phones after one poll with the written configuration."""
    account = {
        "id": "hq",
        "credentials": {"user": "numwatch", "password": "s3cretOfTheWorld"},
        "numbers": [{"number": NUMBER, "bindings": PHONES}],
    }
    world = World.parse(
        json.dumps({"providers": [{"name": "pbx", "dialect": dialect, "accounts": [account]}]})
    )
    async with await start(world) as server:
        settings = Settings.model_validate(build_config(world, server.url))
        assert list(problems(settings)) == []
        report = await poll_once(settings)
    (account,) = report.accounts
    assert {it.capability: it.detail for it in account.outcomes if it.failure} == {}
    return [str(it.state) for it in account.snapshot.bindings[NUMBER]]


@pytest.mark.parametrize("dialect", ["asterisk", "freeswitch", "kamailio", "opensips"])
def test_the_written_configuration_polls_a_pbx(dialect):
    assert sorted(asyncio.run(observed(dialect))) == ["off", "ok", "unknown"]
