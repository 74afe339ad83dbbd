"""Values at the edge of their range: one bad record costs one record, and nothing answers 500.

A real server lists numbers, phones, routings, balances and calls whose numeric and time fields
hold extreme values; a whole agent polls it over HTTP, and then every read endpoint is asked.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.app import Agent
from agent.states import Capability
from agent.web.app import make_app
from tests.app.conftest import until
from tests.proof_size import size

PLAIN = 40
"""Records without extreme values beside each with one, so that a poll never has too many bad."""
TIMES = [
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00-14:00",
    "1899-12-31T23:59:59Z",
    "9999-12-31",
    "9999-12-31T23:59:59",
    "9999-12-31T23:59:59+14:00",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59-23:59",
]
NUMBERS = [1e308, -1e308, 5e-324, 2**63, 2**63 - 1, -(2**63), 2**31, 10**30, 10**400, "9" * 24]
NUMBER_TIMES = ("contract_end", "reclaim_at", "licence_end", "identity_end")
MONEY = ("amount", "notice_threshold", "stop_threshold", "daily_spend", "month_spend", "spend_cap")
ENDPOINTS = [
    *("/", "/metrics", "/numbers", "/tickets", "/accounts", "/api/numbers", "/api/accounts"),
    *("/api/tickets", "/api/v1/rules", "/api/v1/alerts", "/api/v1/labels"),
    *("/api/v1/query?query=numwatch_account_balance", "/api/v1/series?match[]=numwatch_number_up"),
    "/api/v1/query?query=numwatch_account_runway_seconds*1e300",
    "/api/v1/query?query=numwatch_number_contract_expiry_timestamp_seconds",
]


class Source:
    """A provider in the generic dialect whose records a test sets."""

    def __init__(self) -> None:
        self.numbers: list[dict[str, Any]] = []
        self.phones: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.routings: dict[str, dict[str, Any]] = {}
        self.balance: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        names = [f"400622{index:04}" for index in range(PLAIN)]
        self.numbers = [{"number": name, "state": "active"} for name in names]
        self.phones = [
            {"number": name, "id": "b1", "phone": "13800000001", "position": 1, "state": "ok"}
            for name in names
        ]
        self.routings = {}
        self.calls = []
        self.balance = {"amount": 100, "currency": "CNY"}

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path
        if path.endswith("/routing"):
            return answer(self.routings.get(path.split("/")[-2], {"strategy": "sequential"}))
        if path.endswith(("/balance", "/account")):
            return answer(self.balance)
        records = self.calls if "calls" in path else self.numbers
        if "bindings" in path or "reachability" in path:
            records = self.phones
        page, size = (int(request.query.get(it, 1000)) for it in ("page", "page_size"))
        return answer({"items": records[(page - 1) * size : page * size], "total": len(records)})


def answer(data: Any) -> web.Response:
    # json.dumps writes 1e400 and whole numbers of any length, as a provider may.
    text = json.dumps({"code": "0", "data": data})
    return web.Response(text=text, content_type="application/json")


@asynccontextmanager
async def edge(folder: Path) -> AsyncIterator[tuple[Source, Agent, TestClient[Any, Any]]]:
    """An agent that polls a :class:`Source`, and a client of its web application."""
    source = Source()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", source.handle)
    server = TestServer(app)
    await server.start_server()
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "data_dir": str(folder / "data"),
                "providers": [
                    {
                        "name": "north",
                        "profile": "generic",
                        "base_url": str(server.make_url("")).rstrip("/"),
                        "egress_allow": ["127.0.0.0/8"],
                        "accounts": [{"id": "hq", "credentials": {"key": "k", "secret": "s" * 8}}],
                    }
                ],
                "polling": {
                    "intervals": dict.fromkeys(map(str, Capability), 3600),
                    "breaker_failures": 1000,
                    "attempts": 1,
                    "rate": 5000,
                },
                "rules": {"interval": 0.2},
            }
        )
    )
    agent = Agent(config)
    await agent.start()
    await until(lambda: agent.ready() is None, "the agent is ready")
    client = TestClient(TestServer(make_app(agent.web_services())))
    await client.start_server()
    try:
        yield source, agent, client
    finally:
        await client.close()
        await agent.stop()
        await server.close()


async def read_everything(
    agent: Agent, client: TestClient[Any, Any], numbers: list[str]
) -> dict[str, Any]:
    """Poll, derive and evaluate anew, then ask every read endpoint; returns the poll outcomes."""
    outcomes = await agent._pollers.poll_once("north", "hq")
    revision = agent.fleet.get("north", "hq").revision
    await until(lambda: agent.checked("north", "hq").snapshot.revision >= revision, "it is checked")
    await agent._evaluation.scheduler.evaluate_once()
    one_each = [f"/api/numbers/{number}" for number in numbers]
    one_each += [f"/numbers/{number}" for number in numbers]
    one_each += [f"/api/diagnose/{number}" for number in numbers]
    for path in [*ENDPOINTS, *one_each]:
        async with client.get(path) as response:
            text = await response.text()
            assert response.status != 500, f"{path}: {text[:300]}"
    return {outcome.capability.value: outcome for outcome in outcomes}


async def test_extreme_values_in_every_field(tmp_path: Path) -> None:
    async with edge(tmp_path) as (source, agent, client):
        for value, field in zip([*TIMES, *NUMBERS], cycle(MONEY), strict=False):
            await spoil_and_read(source, agent, client, value, field)
        for field in MONEY:
            for value in (1e308, 5e-324):
                await spoil_and_read(source, agent, client, value, field, shown=size(1, 8))


async def spoil_and_read(
    source: Source,
    agent: Agent,
    client: TestClient[Any, Any],
    value: Any,
    money: str,
    shown: int = 8,
) -> None:
    """Let every field hold ``value`` and read all there is, ``shown`` of the numbers by themselves.

    A number's own pages differ little by what its account's balance holds.
    """
    source.reset()
    spoilt = source.numbers[:8]
    for record, field in zip(spoilt, NUMBER_TIMES, strict=False):
        record[field] = value
    spoilt[5]["contract_end"] = "2030-01-01"
    for phone, field in zip(source.phones, ("position", "wait_seconds", "weight"), strict=False):
        phone[field] = value
    source.phones[4]["lines"] = {"declared": value, "paid": value, "capacity": 3, "peak": value}
    names = [record["number"] for record in spoilt]
    days = {"from": value if isinstance(value, str) else "2026-10-01", "to": "9999-12-31"}
    routing = [
        *({field: value} for field in ("wait_seconds", "concurrency_limit", "retention_days")),
        {"trunk_capacity": value, "trunk_peak": value},
        {"special_days": [days, {**days, "to": value, "from": "0001-01-01"}]},
        {"extensions": [{"id": "801", "balance": value, "minimum": value}]},
    ]
    source.routings = dict(zip(names, routing, strict=False))
    source.calls = [
        {
            "id": f"c{index}-{value}"[:100],
            "number": names[0],
            "started_at": "2026-11-28T12:00:00+08:00",
            "result": "answered",
            "binding": "b1",
        }
        for index in range(30)
    ]
    source.calls[0]["started_at"] = value
    source.calls[1]["wait_seconds"] = value
    source.calls[2]["talk_seconds"] = value
    source.balance = {"amount": 100, "currency": "CNY", "daily_spend": 5, money: value}
    outcomes = await read_everything(agent, client, names[:shown])
    # The listings are polled: the bad records cost themselves only.
    assert outcomes["numbers"].failure is None, outcomes["numbers"]
    assert outcomes["reachability"].failure is None, outcomes["reachability"]
    checked = agent.checked("north", "hq")
    assert checked is not None
    assert checked.snapshot.listing is not None
    assert len(checked.snapshot.listing.numbers) == PLAIN


@settings(
    max_examples=size(1, 40),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(-(2**70), 2**70),
                st.floats(allow_nan=False, allow_infinity=False),
                st.integers(-(2**70), 2**70).map(str),
                st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()[:64]),
            ),
            st.sampled_from(MONEY),
        ),
        min_size=6,
        max_size=6,
    )
)
def test_any_number_or_time_in_every_field(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[Any, str]]
) -> None:
    async def run() -> None:
        async with edge(tmp_path_factory.mktemp("edge")) as (source, agent, client):
            for value, field in values:
                await spoil_and_read(source, agent, client, value, field)

    asyncio.run(run())
