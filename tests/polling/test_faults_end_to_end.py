"""Every fault a world can have, all at once, against real pollers (docs/reference/reliability.md).

Each provider of the world has a fault of its own and one has none. The world is served by a
process of its own, so that what this process grows by is the agent's doing.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

import aiohttp
import pytest
import yaml

from agent.config.load import load
from agent.event_loop import LoopLag
from agent.fleet import Fleet
from agent.polling.pollers import Pollers
from agent.states import Capability
from exporters.telemetry import Telemetry
from tests.fault_reasons import FAULT_REASONS, HARMLESS_FAULTS
from tests.polling.polling_bench import until
from tests.proof_size import size

HARMLESS = (*HARMLESS_FAULTS, "none")
TIMEOUT = 3.0
INTERVAL = 1.0
STALE_AFTER = 3 * INTERVAL
REPEATS = size(1, 20)
"""How often each fault must have failed a poll."""
SERVE = """
import asyncio, sys
from pathlib import Path
from agent.simulator.command import simulate
from tests.fault_reasons import FAULT_REASONS, HARMLESS_FAULTS
asyncio.run(simulate(Path(sys.argv[1]), "127.0.0.1:0", 1.0, Path(sys.argv[2])))
"""


def provider(name):
    return {
        "name": name,
        "dialect": "generic",
        "accounts": [
            {
                "id": "hq",
                "credentials": {"key": f"key-of-{name}", "secret": f"secret-of-{name}"},
                "balance": 500,
                "currency": "CNY",
                "page_size": 10,
                "generate": {"count": 25, "first": "4008000000", "bindings": 2, "unhealthy": 0},
            }
        ],
    }


def rss():
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.fixture
async def served(tmp_path):
    """The world's configuration for the agent and its address, served by another process."""
    world, config = tmp_path / "world.yaml", tmp_path / "config.yaml"
    names = [*FAULT_REASONS, *HARMLESS]
    world.write_text(yaml.safe_dump({"seed": 7, "providers": [provider(n) for n in names]}))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(world), str(config), stderr=asyncio.subprocess.DEVNULL
    )
    await until(lambda: config.exists() and config.read_text().count("sinks"), 20)
    config_data = yaml.safe_load(config.read_text())
    config_data["polling"] |= {
        "intervals": dict.fromkeys(map(str, Capability), 60.0)
        | {"numbers": INTERVAL, "balance": INTERVAL},
        "timeout": TIMEOUT,
        "request_timeout": 1.4,
        "connect_timeout": 1.0,
        "attempts": 2,
        "breaker_failures": 100,
        "breaker_pause": 0.5,
        "max_pages": 40,
        "max_body": 1024 * 1024,
    }
    config.write_text(yaml.safe_dump(config_data))
    try:
        yield load(config), config_data["sinks"][0]["url"].removesuffix("/desk/tickets")
    finally:
        process.terminate()
        await process.wait()


async def post_entry(url, **entry):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/world", json=entry) as response,
    ):
        assert response.status < 300, await response.text()


class Watch:
    """What the pollers did, by provider."""

    def __init__(self, fleet, telemetry):
        self.fleet = fleet
        self.telemetry = telemetry
        self.last_success = {}
        self.longest_gap = {}
        fleet.subscribe(self.note)

    def note(self, snapshot):
        at = snapshot.polls[Capability.NUMBERS].last_success
        before = self.last_success.get(snapshot.provider)
        if before is not None and at is not None:
            gap = at - before
            self.longest_gap[snapshot.provider] = max(
                gap, self.longest_gap.get(snapshot.provider, 0)
            )
        self.last_success[snapshot.provider] = at

    def reasons(self, name):
        return {
            sample.labels["reason"]
            for metric in self.telemetry.poll_failures.collect()
            for sample in metric.samples
            if sample.labels["provider"] == name
            and sample.labels["capability"] == "numbers"
            and sample.value
        }

    def failures(self, name):
        """How many polls of the numbers have failed."""
        return sum(
            sample.value
            for metric in self.telemetry.poll_failures.collect()
            for sample in metric.samples
            if (sample.labels["provider"], sample.labels["capability"]) == (name, "numbers")
            and sample.name.endswith("_total")
        )

    def numbers(self, name):
        listing = self.fleet.get(name, "hq").listing
        return listing.numbers if listing else ()

    def is_fresh(self, name):
        return self.fleet.get(name, "hq").is_fresh(Capability.NUMBERS, time.time())


class Durations:
    """Replaces the duration histogram: records the longest duration of each provider."""

    def __init__(self):
        self.longest = {}
        self.provider = ""

    def labels(self, provider, _capability):
        self.provider = provider
        return self

    def observe(self, seconds):
        self.longest[self.provider] = max(seconds, self.longest.get(self.provider, 0))


async def begin_faults(url):
    for name in (*FAULT_REASONS, *HARMLESS):
        if name != "none":
            fault = {"kind": name} | ({"retry_after": 1} if name == "http_429" else {})
            await post_entry(url, provider=name, fault=fault)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_every_fault_is_named_ends_in_time_and_costs_its_own_account_only(served):
    settings, url = served
    fleet, telemetry = Fleet(), Telemetry()
    pollers, lag = Pollers(fleet, telemetry), LoopLag(telemetry)
    watch = Watch(fleet, telemetry)
    durations = telemetry.poll_duration = Durations()
    names = [*FAULT_REASONS, *HARMLESS]
    await pollers.start(settings)
    try:
        await until(lambda: all(watch.fleet.get(n, "hq") and watch.numbers(n) for n in names), 15)
        known = {name: watch.numbers(name) for name in names}
        assert not any(watch.reasons(name) for name in names)
        lag.start()
        watch.longest_gap.clear()
        durations.longest.clear()
        before = rss()
        await begin_faults(url)
        await until(lambda: all(r in watch.reasons(n) for n, r in FAULT_REASONS.items()), 60)
        await until(lambda: all(watch.failures(n) >= REPEATS for n in FAULT_REASONS), 60 * REPEATS)
        await asyncio.sleep(STALE_AFTER + TIMEOUT)
        # Where other programs starve this one, requests that would be in time are not.
        excused = {"timeout"} if lag.longest > 0.3 else set()
        for name, reason in FAULT_REASONS.items():
            assert reason in watch.reasons(name) <= {reason} | excused, name
            assert not watch.is_fresh(name), name
            assert watch.numbers(name) is known[name], name
            assert durations.longest[name] <= TIMEOUT + 0.5 + lag.longest, name
            status = fleet.get(name, "hq").polls[Capability.NUMBERS]
            assert status.failure in {reason} | excused, name
            assert "secret-of" not in status.detail
        for name in HARMLESS:
            assert watch.reasons(name) <= excused, name
            assert watch.longest_gap[name] < INTERVAL + 1.0 + lag.longest, name
        assert rss() - before < 64
    finally:
        await pollers.stop()
        await lag.stop()
