"""Plans of a running agent: numbers are called by themselves, within the book, and no others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.probing.book import PAGE, _Page
from agent.probing.facts import Purpose
from agent.store.database import Database
from agent.testcalls.book_pages import book_pages
from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, BUSY, CONTROL, NORTH, calling_scene

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """First calls and second opinions come within a second, and pauses are short."""
    monkeypatch.setattr("agent.testcalls.planned._FIRST_WITHIN", 1.0)
    monkeypatch.setattr("agent.testcalls.planned._LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("agent.testcalls.schedule.OPINION_AFTER", 1.0)
    monkeypatch.setattr("agent.testcalls.schedule._OPINION_SPREAD", 0.1)


def plan(*numbers: str, **values: Any) -> dict[str, Any]:
    return {"name": "often", "numbers": list(numbers), "callers": ["simulated"]} | values


def with_plans(*plans: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda written: written["dial"].update(plans=list(plans))


def two_callers(written: dict[str, Any]) -> None:
    (one,) = written["dial"]["callers"]
    other = one | {"name": "other", "carrier": "unicom"}
    written["dial"]["callers"] = [one | {"carrier": "telecom"}, other]


async def test_numbers_are_called_by_plan_and_a_second_opinion_is_asked(tmp_path: Path) -> None:
    async with calling_scene(tmp_path, control_number=CONTROL) as scene:

        def change(written: dict[str, Any]) -> None:
            two_callers(written)
            with_plans(
                plan(ANSWERS, every="1h"),
                plan(BUSY, name="busy", every="2h", callers=["simulated", "other"]),
            )(written)

        await scene.change(change)
        await until(lambda: scene.calls_of(BUSY) == 3, "three strikes", 100.0)
        await until(lambda: scene.calls_of(ANSWERS) == 1, "the other number is called", 60.0)
        await until(lambda: len(scene.board.of(NORTH).get(BUSY, ())) == 3, "all are stored", 60.0)
        calls = await scene.calls.ledger.of_number(BUSY)
        assert {it.caller for it in calls} == {"simulated", "other"}
        assert all(it.failed and it.purpose is Purpose.PLAN for it in calls)
        assert {it.reference for it in calls} == {"busy"}
        text = bytes((await scene.agent.exposition.scrape()).body).decode()
        labels = f'provider="north",account="hq",number="{BUSY}",caller="other"'
        assert f"numwatch_probe_interval_seconds{{{labels}}} 7200" in text
        runner = scene.agent._upkeep._plans
        assert len(runner._schedule.pairs) == 3
        # Within its interval nobody is called again, though pauses are long over.
        for _ in range(3):
            await runner.follow()
            assert runner._next() is None
        assert (scene.calls_of(ANSWERS), scene.calls_of(BUSY)) == (1, 3)


async def test_a_reload_brings_new_plans_and_ends_those_that_are_gone(tmp_path: Path) -> None:
    async with calling_scene(tmp_path) as scene:
        await scene.change(with_plans(plan(ANSWERS)))
        await until(lambda: scene.calls_of(ANSWERS) == 1, "the plan calls", 60.0)
        await scene.change(with_plans(plan(BUSY, second_opinion=False)))
        await until(lambda: scene.calls_of(BUSY) == 1, "the new plan calls", 60.0)
        runner = scene.agent._upkeep._plans
        assert runner._schedule.pairs == {(BUSY, "simulated")}
        await scene.change(with_plans(plan(ANSWERS)))
        await until(lambda: runner._schedule.pairs == {(ANSWERS, "simulated")}, "it is back")
        assert runner._next() is None, "its last call is known from the ledger"


async def test_a_call_under_way_is_ended_properly_when_the_agent_stops(tmp_path: Path) -> None:
    async with calling_scene(tmp_path) as scene:
        scene.behave(ANSWERS, "rings")
        await scene.change(with_plans(plan(ANSWERS)))
        await until(
            lambda: scene.endpoint.calls and scene.endpoint.calls[0].statuses, "it rings", 60.0
        )
        await scene.agent.stop()
        (call,) = scene.endpoint.calls
        assert (call.ended_by, call.answered) == ("caller", None)
        database = await Database.open(
            Path(scene.agent.settings.data_dir), scene.agent.settings.store
        )
        try:
            async with book_pages(database)() as pages:
                page = msgspec.msgpack.decode(await pages.load(PAGE) or b"", type=_Page)
        finally:
            await database.close()
        assert page.active == (), "its phones are free again"


async def test_without_an_account_that_is_polled_here_nobody_is_called(tmp_path: Path) -> None:
    class OwnsNone:
        def owns(self, _key: object) -> bool:
            return False

        def may_poll(self, _key: object) -> bool:
            return False

    async with calling_scene(tmp_path) as scene:
        runner = scene.agent._upkeep._plans
        elsewhere = replace(runner._parts, ownership=OwnsNone)
        runner._parts = elsewhere
        await scene.change(with_plans(plan(ANSWERS)))
        await until(lambda: scene.agent.checked("north", "hq").planned, "it is planned")
        await runner.follow()
        assert runner._schedule.pairs == frozenset()
        page = bytes((await scene.agent.exposition.scrape()).body).decode()
        assert "numwatch_probe_interval_seconds{" in page
