"""``numwatch simulate`` as a process, the configuration it writes, and the demo's story."""

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from agent.config.settings import Settings
from agent.simulator import agent_config
from agent.simulator.actions import Change, Complaint, FaultPlan
from agent.simulator.command import split_listen
from agent.simulator.world import World
from tests.simulator.worlds import NOON, SMALL

STORY = Path(agent_config.__file__).parent / "worlds" / "story.yaml"
RUN = """
import asyncio, sys
from pathlib import Path
from agent.simulator.command import simulate
sys.exit(asyncio.run(simulate(Path(sys.argv[1]), "127.0.0.1:0", 50.0, Path(sys.argv[2]))))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_tells_addresses_and_events_and_ends_cleanly(tmp_path, number):
    config = tmp_path / "agent.yaml"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, str(STORY), str(config),
        stderr=asyncio.subprocess.PIPE, env=os.environ,
    )  # fmt: skip
    lines = []
    async with asyncio.timeout(30):
        while not any("balance = 28.6" in line for line in lines):
            lines.append((await process.stderr.readline()).decode())
        desk = next(line for line in lines if line.startswith("ticket desk: ")).split()[-1]
        async with aiohttp.ClientSession() as session, session.get(desk) as answer:
            assert await answer.json() == []
        process.send_signal(number)
        assert await process.wait() == 0
    assert "provider global: http://127.0.0.1:" in "".join(lines)
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    settings = Settings.model_validate(yaml.safe_load(config.read_text()))
    assert settings.sinks[0].url == desk


def _config(text, speed=1.0):
    world = World.parse(text)
    plain = agent_config.build_config(world, "http://127.0.0.1:10401/", speed)
    json.dumps(plain)
    return Settings.model_validate(plain)


def test_the_configuration_divides_its_intervals_by_the_speed():
    slow, fast = _config(SMALL), _config(SMALL, 10)
    assert slow.polling.intervals.numbers == 5
    assert slow.polling.intervals.routing == 15
    assert fast.polling.intervals.numbers == 0.5
    assert (slow.rules.pace, fast.rules.pace) == (10, 100)
    assert (slow.rules.interval, fast.rules.interval) == (2, 0.2)
    assert (slow.tickets.hold, fast.tickets.hold) == (20, 2)
    assert [one.base_url for one in slow.providers] == [
        "http://127.0.0.1:10401/north",
        "http://127.0.0.1:10401/global",
    ]
    assert slow.providers[1].accounts[0].credentials["token"].reveal() == "word"
    assert slow.sinks[0].secret is None


def test_a_large_account_gets_the_time_its_pages_need():
    large = SMALL.replace("count: 9", "count: 100000")
    settings = _config(large)
    account = settings.providers[0].accounts[0]
    polling = settings.polling_of(settings.providers[0], account)
    assert polling.max_pages >= 2000
    assert polling.timeout >= 100_000 / 200
    assert polling.intervals.reachability == pytest.approx(20, abs=0.1)
    small = settings.polling_of(settings.providers[0], settings.providers[0].accounts[1])
    assert small.intervals.reachability == 5


@pytest.mark.parametrize("listen", ["", "10401", ":10401", "localhost:", "h:99999", "h:x"])
def test_an_address_must_be_host_and_port(listen):
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        split_listen(listen)


def test_an_address_may_be_of_either_family():
    assert split_listen("127.0.0.1:0") == ("127.0.0.1", 0)
    assert split_listen("[::1]:10401") == ("::1", 10401)


def _story_at(second):
    world = World.read(STORY)
    now = [NOON]
    world.begin(lambda: now[0])
    now[0] += second
    world.advance()
    return world


def test_the_story_is_short_and_ends_well():
    world = _story_at(95)
    assert max(entry.at for entry in world.plan.timeline) <= 90
    assert world.faults.active == []
    for account in world.accounts.values():
        assert set(account.states()) == {"active"}, account.key
        for number in account.numbers:
            assert {binding.state.value for binding in number.bindings} <= {"ok"}
    started = World.read(STORY)
    for key, account in started.accounts.items():
        routings = [number.routing for number in account.numbers]
        assert [number.routing for number in world.accounts[key].numbers] == routings


def test_the_storys_faults_are_seen_through_the_providers_alone():
    for entry in World.read(STORY).plan.timeline:
        assert isinstance(entry.action, Change | FaultPlan | Complaint)
        assert getattr(entry.action, "provider", "") != "desk"


def test_the_story_at_its_worst():
    world = _story_at(50)
    assert world.accounts["north/branch"].states() == {"suspended_arrears": 3}
    assert [fault.plan.provider for fault in world.faults.active] == ["global"]
    assert world.accounts["global/overseas"].states() == {"active": 4}
    hq = world.accounts["north/hq"]
    assert hq.by_number["4006220001"].bindings[0].state == "arrears"
    (window,) = hq.by_number["4001230005"].routing.schedule
    assert (window.start, window.end) == ("03:00", "03:10")
    assert _story_at(24).accounts["north/branch"].states() == {"low_balance": 3}
