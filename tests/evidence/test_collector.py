"""Collecting evidence: bounded, in a thread of its own, newest first, nothing dropped unseen."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import structlog

from agent.event_loop import use_one_worker_thread
from agent.evidence import collector as module
from agent.evidence.collector import EvidenceCollector
from agent.evidence.repository import EvidenceRepository
from agent.store.database import Database
from agent.tickets.document import stamp
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry
from tests.evidence.fleet_answers import ACCOUNT, SETTINGS, FleetAnswers, opened
from tests.sinks.change_writer import ChangeWriter


def no_series(_number: str) -> bytes:
    return b"{}"


class Collecting:
    """A running collector, evaluated as the rule scheduler does."""

    def __init__(
        self, database: Database, fleet: FleetAnswers, series_of: Callable[[str], bytes]
    ) -> None:
        self.telemetry = Telemetry()
        self.repository = EvidenceRepository(database)
        self.collector = EvidenceCollector(
            self.repository,
            fleet.recorder,
            series_of,
            lambda: SETTINGS,
            lambda: fleet.now,
            self._retention,
            self.telemetry,
        )
        self._fleet = fleet

    async def _retention(self) -> float:
        return self._fleet.now

    async def evaluate(self, tickets: Sequence[Ticket]) -> None:
        """One evaluation, and the time until the collector has done what it may."""
        self.collector.observe(tickets)
        await self.collector.idle()

    async def answers(self, ticket: Ticket) -> list[dict[str, str]]:
        files = {it.name: it.content for it in await self.repository.files_of(ticket.id)}
        answers: list[dict[str, str]] = json.loads(files["onset/answers-north-hq.json"])["answers"]
        return answers

    async def collected(self, tickets: Sequence[Ticket]) -> int:
        return sum([bool(await self.repository.files_of(ticket.id)) for ticket in tickets])

    def dropped(self) -> float:
        return self.telemetry.evidence_dropped._value.get()


@asynccontextmanager
async def collecting(
    database: Database, fleet: FleetAnswers, series_of: Callable[[str], bytes] = no_series
) -> AsyncIterator[Collecting]:
    scene = Collecting(database, fleet, series_of)
    task = asyncio.create_task(scene.collector.run())
    scene.collector.observe(())
    try:
        yield scene
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_answer_that_shows_the_fault_is_among_them_however_much_was_polled(
    database: Database,
) -> None:
    fleet = FleetAnswers(500)
    writer = ChangeWriter(database)
    ticket = await opened(writer, fleet, 317)
    await fleet.poll_configurations()
    for _ in range(90):
        fleet.now += 10
        await fleet.poll_listing()
        await fleet.poll_calls(500)
    fleet.states[fleet.numbers[317]] = "suspended_violation"
    fleet.now += 10
    await fleet.poll_listing()
    for _ in range(45):
        fleet.now += 1
        await fleet.poll_calls(500)
    async with collecting(database, fleet) as scene:
        await scene.evaluate([ticket])
        answers = await scene.answers(ticket)
    listings = [it for it in answers if "/numbers?" in it["request"]]
    assert ["suspended_violation" in it["body"] for it in listings] == [True, False]
    assert any("/routing" in it["request"] for it in answers)
    calls = [it["first_given_at"] for it in answers if "/calls" in it["request"]]
    assert calls == sorted(calls, reverse=True)
    assert calls[0] == stamp(fleet.now)


async def test_a_large_answer_is_cut_around_the_number_and_shows_no_part_of_a_phone(
    database: Database,
) -> None:
    fleet = FleetAnswers(1)
    ticket = await opened(ChangeWriter(database), fleet, 0)
    phones = ["13812345678"] * 60_000
    record = {"number": fleet.numbers[0], "state": "suspended_violation"}
    await fleet.get("/numbers", {"before": phones, "item": record, "after": phones})
    async with collecting(database, fleet) as scene:
        await scene.evaluate([ticket])
        (answer,) = await scene.answers(ticket)
    assert "suspended_violation" in answer["body"]
    assert answer["bytes"] > len(answer["body"].encode())
    assert set(answer["body"].replace("138****5678", "")) & set("0123456789") <= set(
        fleet.numbers[0]
    )
    assert "1381" not in answer["body"]


async def test_what_opens_at_once_is_collected_over_several_evaluations(
    database: Database,
) -> None:
    fleet = FleetAnswers(70)
    writer = ChangeWriter(database)
    await fleet.poll_listing()
    tickets = [await opened(writer, fleet, index) for index in range(70)]
    async with collecting(database, fleet) as scene:
        await scene.evaluate(tickets)
        first = await scene.collected(tickets)
        for _ in range(30):
            await scene.evaluate(tickets)
        assert 0 < first <= module.MAX_PER_EVALUATION
        assert await scene.collected(tickets) == 70
        assert scene.dropped() == 0


async def test_what_the_queue_cannot_take_is_counted_and_logged_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 10)
    fleet = FleetAnswers(30)
    writer = ChangeWriter(database)
    tickets = [await opened(writer, fleet, index) for index in range(30)]
    async with collecting(database, fleet) as scene:
        with structlog.testing.capture_logs() as logs:
            await scene.evaluate(tickets)
        assert scene.dropped() == 20
    lines = [line for line in logs if line["event"] == "evidence_dropped"]
    assert [(line["tickets"], line["log_level"]) for line in lines] == [(20, "warning")]
    assert tickets[-1].id in lines[0]["examples"] or tickets[10].id in lines[0]["examples"]


async def test_what_is_queued_at_the_end_is_counted_and_logged(database: Database) -> None:
    fleet = FleetAnswers(60)
    writer = ChangeWriter(database)
    tickets = [await opened(writer, fleet, index) for index in range(60)]
    with structlog.testing.capture_logs() as logs:
        async with collecting(database, fleet) as scene:
            await scene.evaluate(tickets)
            done = await scene.collected(tickets)
    assert scene.dropped() == 60 - done > 0
    assert [line["tickets"] for line in logs if line["event"] == "evidence_dropped"] == [60 - done]


async def test_a_collection_that_takes_long_holds_up_no_rule(database: Database) -> None:
    use_one_worker_thread()
    entered, proceed = threading.Event(), threading.Event()

    def slow_series(_number: str) -> bytes:
        entered.set()
        assert proceed.wait(30)
        return b"{}"

    fleet = FleetAnswers(1)
    ticket = await opened(ChangeWriter(database), fleet, 0)
    async with collecting(database, fleet, slow_series) as scene:
        scene.collector.observe([ticket])
        try:
            async with asyncio.timeout(5):
                while not entered.is_set():  # noqa: ASYNC110 - set by a thread
                    await asyncio.sleep(0.01)
                # What rules, checks and polls use.
                assert await asyncio.to_thread(lambda: "evaluated") == "evaluated"
        finally:
            proceed.set()
        await scene.collector.idle()


async def test_answers_to_ever_new_requests_stay_within_the_bound() -> None:
    fleet = FleetAnswers(1, max_bytes=4 * 1024 * 1024)
    tracemalloc.start()
    try:
        for _ in range(12_000):
            fleet.now += 1
            await fleet.get("/calls", {"items": []}, since=str(fleet.now), page="1", size="200")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5 * 1024 * 1024


async def test_no_token_of_a_login_is_in_evidence(database: Database) -> None:
    fleet = FleetAnswers(3)
    ticket = await opened(ChangeWriter(database), fleet, 1)
    token = "header." + "payload" * 40 + ".signature"
    await fleet.get("/numbers", {"items": [fleet.numbers[1]], "echo": f"Bearer {token}"})
    fleet.recorder.add_token(ACCOUNT, token)
    async with collecting(database, fleet) as scene:
        await scene.evaluate([ticket])
        (answer,) = await scene.answers(ticket)
    assert fleet.numbers[1] in answer["body"]
    assert "<secret>" in answer["body"]
    assert "payload" not in answer["body"]
