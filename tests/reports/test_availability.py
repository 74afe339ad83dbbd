"""Availability from tickets and the history: what nobody observed is unknown, never available."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from agent.states import Capability
from agent.store.database import Database
from tests.history.scene import START, A, B, Run, Scene, phones
from tests.reports.book import MINUTE, ZONE, handled
from tests.reports.conftest import Past
from tests.web.facts import Facts
from tests.web.ledger import write

HOUR = 3600.0
BEGAN = datetime.fromtimestamp(START, ZONE)
PERIOD = f"{BEGAN:%Y-%m}"
MONTH_START = BEGAN.replace(day=1, hour=0).timestamp()


@pytest.fixture
async def run(tmp_path: Path, facts: Facts, past: Past) -> AsyncIterator[Run]:
    folder = tmp_path / "history"
    folder.mkdir()
    begun = await Run.start(folder, Scene())
    past.reader = begun.reader
    yield begun
    await begun.kill()


async def numbers(client: TestClient) -> dict[str, dict[str, Any]]:
    answer = await client.get("/api/reports/statistics", params={"period": PERIOD})
    assert answer.status == 200, await answer.text()
    return {row["number"]: row for row in (await answer.json())["numbers"]}


async def finish(run: Run, facts: Facts) -> None:
    await run.recorder.write()
    facts.now = run.scene.now


async def test_what_was_observed_and_not_down_is_available(
    run: Run, client: TestClient, facts: Facts
) -> None:
    await run.spend(4 * HOUR)
    await finish(run, facts)
    found = await numbers(client)
    assert found[A]["available_seconds"] == pytest.approx(4 * HOUR, abs=61)
    assert found[A]["down_seconds"] == 0.0
    assert found[A]["share"] == 1.0
    # The month before the history began is no part of it.
    assert found[A]["unknown_seconds"] == pytest.approx(START - MONTH_START, abs=61)


async def test_hours_that_nobody_observed_are_unknown(
    run: Run, client: TestClient, facts: Facts
) -> None:
    await run.spend(2 * HOUR)
    run.scene.silent = {Capability.REACHABILITY}
    await run.spend(3 * HOUR)
    run.scene.silent = set()
    await run.spend(HOUR)
    await finish(run, facts)
    found = (await numbers(client))[A]
    assert found["available_seconds"] == pytest.approx(3 * HOUR, abs=2 * 61)
    assert found["share"] == 1.0


async def test_a_ticket_and_silent_phones_are_down_time_once(
    run: Run, client: TestClient, facts: Facts, database: Database
) -> None:
    await run.spend(2 * HOUR)
    run.scene.phones = {A: phones(0, 2), B: phones(1, 0)}
    await run.spend(3 * HOUR)
    run.scene.phones = {A: phones(2, 0), B: phones(1, 0)}
    await run.spend(5 * HOUR)
    await finish(run, facts)
    moment = datetime.fromtimestamp(START + 2.5 * HOUR, ZONE).strftime("%m-%d %H:%M")
    ticket = handled("t", moment, restored=30, closed=40)
    assert ticket.started_at == START + 2.5 * HOUR
    await write(database, ticket)
    found = (await numbers(client))[A]
    # In the hour of the change itself a phone had answered before: only the ticket counts there.
    assert found["down_seconds"] == pytest.approx(2 * HOUR + 30 * MINUTE, abs=61)
    assert found["down_seconds"] + found["available_seconds"] == pytest.approx(
        10 * HOUR, abs=2 * 61
    )
    assert 0.7 < found["share"] < 0.8


async def test_a_number_with_phones_of_which_nothing_is_known_is_unknown(
    run: Run, client: TestClient, facts: Facts
) -> None:
    await run.spend(HOUR)
    run.scene.phones = {A: None, B: phones(1, 0)}
    await run.spend(3 * HOUR)
    await finish(run, facts)
    found = await numbers(client)
    assert found[B]["available_seconds"] == pytest.approx(4 * HOUR, abs=61)
    # The hour in which the phones were lost from sight is not wholly known any more.
    assert found[A]["available_seconds"] <= HOUR + 61
    assert found[A]["down_seconds"] == 0.0
