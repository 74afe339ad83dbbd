"""``/api/history/…``: what was, by the hour, with its gaps, readable by viewers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from agent.history.database import HistoryDatabase
from agent.history.ledger_reader import LedgerHistory
from agent.history.recorder import HistoryRecorder
from agent.model import Balance
from agent.states import CallResult, Capability, Severity
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.facts import HEALTHY, NOW, STALE_AFTER, WEAK, Facts, snapshot

HOURS = 5 * 24
EVERY = 3
"""Hours between two observations; those between them are gaps."""
ACCOUNT = "/api/history/accounts/north/hq"


async def record(facts: Facts, database: HistoryDatabase) -> None:
    """Five days that end now: 24 yuan a day, calls, a day in which nothing was polled."""

    async def never() -> float:
        return 0.0

    recorder = HistoryRecorder(
        database, lambda: facts.results, lambda: [Severity.WARNING], lambda: facts.now, never
    )
    calls = {(HEALTHY, CallResult.ANSWERED): 0}
    for hour in range(HOURS, 0, -EVERY):
        facts.now = NOW - hour * 3600
        calls = {key: count + 2 for key, count in calls.items()}
        is_silent = 24 <= hour < 48
        seen = facts.now - (STALE_AFTER * 2 if is_silent else 0)
        facts.show(snapshot(seen=seen))
        facts.restate(balance=Balance(200 + hour * 1.0, "CNY", 35.0, 15.0), call_totals=calls)
        await recorder.observe()
    await recorder.write()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """The folder of a history, recorded once for all tests."""
    folder = tmp_path_factory.mktemp("history")

    async def make() -> None:
        database = await HistoryDatabase.open(folder)
        facts = Facts()
        facts.show(snapshot())
        await record(facts, database)
        await database.close()

    asyncio.run(make())
    return folder


@pytest.fixture
async def history(facts: Facts, recorded: Path) -> AsyncIterator[LedgerHistory]:
    database = await HistoryDatabase.open(recorded)
    facts.restate(balance=Balance(200.0, "CNY", 35.0, 15.0))
    yield LedgerHistory(database)
    await database.close()


@pytest.fixture
async def viewer(services: WebServices, history: LedgerHistory, aiohttp_client) -> TestClient:
    """Reads without a token."""
    return await aiohttp_client(make_app(replace(services, history=lambda: history)))


async def test_an_account_has_its_balance_by_the_hour_and_its_forecast(viewer: TestClient) -> None:
    answer = await (await viewer.get(f"{ACCOUNT}?hours={HOURS}")).json()
    assert (answer["currency"], answer["stop"]) == ("CNY", 15.0)
    hours = answer["hours"]
    assert len(hours) in {HOURS, HOURS + 1}
    known = [hour for hour in hours if hour["last"] is not None]
    assert len(known) == (HOURS - 24) // EVERY
    assert hours[0]["at"].endswith(":00:00.000Z")
    assert known[0]["last"] == 200.0 + HOURS
    assert answer["forecast"]["outlook"] == "expected"
    assert answer["forecast"]["daily_spend"] == pytest.approx(24.0, rel=0.05)
    assert answer["forecast"]["earliest"] <= answer["forecast"]["at"]


async def test_a_number_has_its_calls_and_phones_by_the_hour(viewer: TestClient) -> None:
    answer = await (await viewer.get(f"/api/history/numbers/{HEALTHY}?hours=30")).json()
    assert (answer["provider"], answer["account"]) == ("north", "hq")
    hours = answer["hours"]
    assert [hour["reachable_last"] for hour in hours[:3]] == [None] * 3
    newest = next(hour for hour in reversed(hours) if hour["phones"] is not None)
    assert (newest["reachable_low"], newest["reachable_last"], newest["phones"]) == (2, 2, 2)
    # They are only pushed, and what was pushed is known.
    assert newest["calls"] == {"answered": 2}
    weak = await (await viewer.get(f"/api/history/numbers/{WEAK}?hours=9")).json()
    assert {hour["reachable_last"] for hour in weak["hours"]} == {1, None}


async def test_open_tickets_by_the_hour(viewer: TestClient) -> None:
    answer = await (await viewer.get("/api/history/tickets?hours=9")).json()
    known = [hour["open"] for hour in answer["hours"] if hour["open"] is not None]
    assert known[-1] == {"critical": 0, "warning": 1, "info": 0}


async def test_a_period_in_the_past(viewer: TestClient) -> None:
    answer = await (await viewer.get(f"{ACCOUNT}?hours=2&ago=30")).json()
    assert {hour["last"] for hour in answer["hours"]} == {None}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/history/accounts/north/elsewhere", 404),
        ("/api/history/numbers/4009999999", 404),
        (f"{ACCOUNT}?hours=0", 400),
        (f"{ACCOUNT}?hours=9601", 400),
        (f"{ACCOUNT}?ago=1e3", 400),
        (f"{ACCOUNT}?step=60", 400),
    ],
)
async def test_what_does_not_exist_is_refused(viewer: TestClient, path: str, status: int) -> None:
    answer = await viewer.get(path)
    assert answer.status == status
    assert set(await answer.json()) == {"error", "expected"}


async def test_without_a_history_it_is_said_what_to_do(services: WebServices, aiohttp_client):
    client = await aiohttp_client(make_app(services))
    for path in (ACCOUNT, f"/api/history/numbers/{HEALTHY}", "/api/history/tickets"):
        answer = await client.get(path)
        assert answer.status == 503
        assert "history.enabled" in (await answer.json())["expected"]


async def test_a_balance_that_is_stale_has_no_forecast(facts: Facts, viewer: TestClient) -> None:
    polls = next(iter(facts.results.values())).snapshot.polls
    balance = polls[Capability.BALANCE]
    stale = type(balance)(60.0, NOW, NOW - 2 * STALE_AFTER)
    facts.restate(polls={**polls, Capability.BALANCE: stale})
    answer = await (await viewer.get(ACCOUNT)).json()
    assert answer["forecast"]["outlook"] == "unknown"
