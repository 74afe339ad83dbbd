"""Tickets, alerts and baselines survive a restart: nothing doubled, nothing closed."""

import asyncio
import shutil
from pathlib import Path

from agent.app import Agent
from agent.baselines.baseline import PAGE_PREFIX
from agent.cli.backup import backup
from tests.app.conftest import Scene, until


async def test_a_restart_opens_no_second_ticket(scene: Scene) -> None:
    first = await until(lambda: scene.ticket("number_down"), "the number has its ticket")
    await scene.agent.stop()
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        await until(lambda: scene.agent.ready() is None, "the agent is ready again")
        snapshot = scene.agent.fleet.get("north", "hq")
        enough = snapshot.revision + 10
        await until(
            lambda: scene.agent.fleet.get("north", "hq").revision > enough,
            "polls and evaluations went on",
        )
        again = [ticket for ticket in scene.desk() if ticket["symptom"] == "number_down"]
        assert [ticket["id"] for ticket in again] == [first["id"]]
        types = [delivery["type"] for delivery in again[0]["deliveries"]]
        assert types.count("ticket.opened") == 1
        assert "ticket.resolved" not in types
        scene.world.apply({"number": "4006220001", "set": {"state": "active"}})
        await until(
            lambda: (scene.ticket("number_down") or {}).get("stage") == "closed",
            "the restarted agent closes the ticket",
        )
    finally:
        await scene.agent.stop()


async def baseline_is_saved(scene: Scene) -> None:
    """Wait until the ledger has the baseline: it is saved after the next evaluation."""
    async with asyncio.timeout(20):
        while not any(  # noqa: ASYNC110 - the ledger has no event
            b"4006220002" in page for _, page in await scene.agent.database.pages(PAGE_PREFIX)
        ):
            await asyncio.sleep(0.02)


async def test_drift_is_reported_against_the_baseline_of_the_run_before(scene: Scene) -> None:
    await until(
        lambda: scene.agent.baselines.get("north", "hq", "4006220002"), "a baseline is taken"
    )
    await baseline_is_saved(scene)
    await scene.agent.stop()
    scene.world.apply({"number": "4006220002", "set": {"routing.wait_seconds": 5}})
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        ticket = await until(lambda: scene.ticket("drift"), "the edit made meanwhile is reported")
        assert ticket["number"] == "4006220002"
    finally:
        await scene.agent.stop()


async def test_a_restored_ledger_gives_no_id_again(scene: Scene, tmp_path: Path) -> None:
    await until(lambda: scene.ticket("number_down"), "the number has its ticket")
    former = await scene.agent.ledger.mark()
    file = tmp_path / "backup.db"
    assert await asyncio.to_thread(backup, file, scene.config) == 0
    ledger = scene.agent.database.path
    await scene.agent.stop()
    for name in (ledger.name, f"{ledger.name}-wal", f"{ledger.name}-shm"):
        ledger.with_name(name).unlink(missing_ok=True)
    shutil.copy(file, ledger)
    first, second = await mark_of_next_start(scene), await mark_of_next_start(scene)
    assert first != former
    assert second == first, "the mark is renewed once for each restore"


async def mark_of_next_start(scene: Scene) -> str:
    scene.agent = Agent(scene.config)
    await scene.agent.start()
    try:
        return await scene.agent.ledger.mark()
    finally:
        await scene.agent.stop()
