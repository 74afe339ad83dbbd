"""Ten times the alerts, many series and a slow ticket system: bounded, and nothing lost unsaid."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.agent_process import AgentProcess, Settings, agent_process, small_world
from tests.integration.processes import wait_until
from tests.proof_size import size

MOST_MEMORY = 256 * 1024 * 1024
TOKEN = "Zq7-token-of-alertmanager-0123456789"
MESSAGES = size(150, 3000)
ALERTS = 50
"""In each message; every one is another alert."""
NUMBERS = size(200, 4000)
AT_ONCE = 64
pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Balance:
    """What senders were answered, and what the agent counts."""

    answered: Mapping[int, int]
    taken: int
    counted: Mapping[str, float]
    firing: float

    def differences(self) -> list[str]:
        """What was dropped without being counted, or counted without being so."""
        pairs = {
            "accepted": (self.answered.get(200, 0), self.counted.get("accepted", 0)),
            "refused for overload": (self.answered.get(503, 0), self.counted.get("overloaded", 0)),
            "alerts": (self.taken, self.firing),
        }
        unknown = [f"answered {status}" for status in self.answered.keys() - {200, 503}]
        return unknown + [f"{name}: {seen}" for name, seen in pairs.items() if seen[0] != seen[1]]


def message(number: int) -> dict[str, object]:
    """A message of alerts that nobody has sent before."""
    alerts = [
        {"status": "firing", "labels": {"alertname": "Foreign", "job": f"{number}-{place}"}}
        for place in range(ALERTS)
    ]
    return {"version": "4", "receiver": "numwatch", "alerts": alerts}


@pytest.fixture
async def slow_desk() -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


@pytest.fixture
def agent(tmp_path, slow_desk: str) -> Iterator[AgentProcess]:
    def burden(settings: Settings) -> None:
        settings["intake"]["alertmanager"] = {"token": TOKEN}
        settings["sinks"][0] |= {"url": slow_desk, "timeout": 5}
        settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], 5.0)
        settings["rules"]["interval"] = 2.0

    world = small_world()
    account = world["providers"][0]["accounts"][0]
    account["generate"] = {"count": NUMBERS, "first": "4008000000", "bindings": 2, "unhealthy": 0.1}
    with agent_process(tmp_path, world, burden) as running:
        yield running


def counters(page: str) -> tuple[dict[str, float], float]:
    """Requests of Alertmanager by outcome, and the alerts that fire by it."""
    requests = re.findall(
        r'numwatch_intake_requests_total\{outcome="(\w+)",source="alertmanager"\} ([\d.e+]+)', page
    )
    (firing,) = re.findall(r'numwatch_intake_alerts_firing\{source="alertmanager"\} (\S+)', page)
    return {name: float(count) for name, count in requests}, float(firing)


async def post_all(url: str) -> tuple[Counter[int], int]:
    """The statuses that the senders got, and how many alerts they were told are taken."""
    statuses: Counter[int] = Counter()
    taken = 0
    limit = asyncio.Semaphore(AT_ONCE)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def post(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal taken
        async with (
            limit,
            session.post(f"{url}/hooks/alertmanager", json=message(number)) as response,
        ):
            statuses[response.status] += 1
            taken += (await response.json())["taken"] if response.status == 200 else 0

    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        await asyncio.gather(*(post(session, number) for number in range(MESSAGES)))
    return statuses, taken


async def test_under_overload_memory_is_bounded_and_every_drop_is_counted(
    agent: AgentProcess,
) -> None:
    statuses, taken = await post_all(agent.url)
    page = (await asyncio.to_thread(agent.get, "/metrics")).decode()
    counted, firing = counters(page)
    assert Balance(statuses, taken, counted, firing).differences() == []
    assert statuses[200] > 0
    await asyncio.to_thread(
        wait_until, lambda: agent.get("/-/healthy"), 60, "the agent answers after the storm"
    )
    assert len(page.splitlines()) > 10 * NUMBERS
    assert agent.resident() < MOST_MEMORY


def test_a_drop_that_is_not_counted_would_be_noticed() -> None:
    """The control: a refused request that no counter has, a taken alert that does not fire."""
    honest = Balance({200: 9, 503: 1}, 450, {"accepted": 9.0, "overloaded": 1.0}, 450.0)
    assert honest.differences() == []
    silent = Balance({200: 9, 503: 1}, 450, {"accepted": 9.0}, 449.0)
    assert silent.differences() == ["refused for overload: (1, 0)", "alerts: (450, 449.0)"]
    assert Balance({429: 1}, 0, {}, 0).differences() == ["answered 429"]
