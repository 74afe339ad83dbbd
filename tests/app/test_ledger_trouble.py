"""A whole agent whose ledger is locked, full or deleted: it says so over HTTP and recovers."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.app.conftest import until
from tests.app.served_agent import served_agent, tracebacks, turns
from tests.integrity import integrity_of
from tests.ledger_trouble import (
    fill,
    journalled_disk,
    locked_by_another_process,
    small_disk,
    turned_read_only,
)

NUMBER = "4006220002"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "4m") as folder:
        yield folder


async def test_a_locked_ledger_is_said_and_pages_do_not_hang(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with served_agent(tmp_path / "data", tmp_path) as served:
            assert await served.writable() == "1"
            async with locked_by_another_process(served.ledger):
                text = await served.until_ready(503)
                assert "locked by another process" in text
                assert await served.writable() == "0"
                for path in ("/", "/api/tickets", "/api/complaints"):
                    begun = time.monotonic()
                    status, body = await served.get(path)
                    assert status in {200, 503}, path
                    assert time.monotonic() - begun < 1, path
                status, body = await served.get("/api/tickets")
                assert status == 503
                assert "ledger" in body
                assert (await served.get("/-/healthy"))[0] == 200
                # Long enough for sixty evaluations, each of which fails.
                await asyncio.sleep(6)
                alerts = (await served.get("/api/v1/query?query=numwatch_ledger_writable"))[1]
                assert '"0"' in alerts
            await served.until_ready(200)
            assert await served.writable() == "1"
            served.scene.world.apply({"number": NUMBER, "set": {"state": "suspended_violation"}})
            await until(
                lambda: [t for t in served.scene.desk() if t["number"] == NUMBER],
                "a fault after the lock has its ticket",
            )
    assert turns(logs) == ["ledger_unwritable", "ledger_writable"]
    assert tracebacks(logs) == []


async def test_a_fault_that_begins_while_the_disk_is_full_gets_its_ticket_later(
    disk: Path, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with served_agent(disk / "data", tmp_path) as served:
            filler = fill(disk)
            served.scene.world.apply({"number": NUMBER, "set": {"state": "suspended_violation"}})
            # Small changes still find room in the log's recycled pages: fill what they leave.
            text = await served.until_ready(503)
            assert "the disk is full" in text
            assert await served.writable() == "0"
            await asyncio.sleep(2)
            filler.unlink()
            await served.until_ready(200)
            tickets = await until(
                lambda: [t for t in served.scene.desk() if t["number"] == NUMBER],
                "the fault has its ticket once there is room",
            )
            assert len(tickets) == 1
            assert await integrity_of(served.scene.agent.database) == "ok"
    assert tracebacks(logs) == []
    assert turns(logs)[:2] == ["ledger_unwritable", "ledger_writable"]


async def test_a_data_folder_that_turns_read_only_is_said_and_heals(tmp_path: Path) -> None:
    with capture_logs() as logs, journalled_disk(tmp_path / "data") as disk:
        async with served_agent(disk, tmp_path) as served:
            ticket = await until(lambda: served.scene.ticket("number_down"), "a ticket")
            action = {"action": "comment", "reason": "seen", "actor": "Li"}
            path, headers = f"/api/tickets/{ticket['id']}/actions", served.scene.authorized
            with turned_read_only([disk / "ledger.db", disk / "ledger.db-wal"]):
                change = {"number": NUMBER, "set": {"state": "suspended_violation"}}
                served.scene.world.apply(change)
                assert "has turned read-only" in await served.until_ready(503)
                assert await served.writable() == "0"
                async with served.session.post(path, json=action, headers=headers) as response:
                    assert response.status == 503
                assert [t for t in served.scene.desk() if t["number"] == NUMBER] == []
            await served.until_ready(200)
            await until(
                lambda: [t for t in served.scene.desk() if t["number"] == NUMBER],
                "the fault has its ticket once it can be written",
            )
            async with served.session.post(path, json=action, headers=headers) as response:
                assert response.status == 200
    assert tracebacks(logs) == []
    assert turns(logs) == ["ledger_unwritable", "ledger_writable"]


async def test_a_deleted_ledger_is_said_and_nothing_is_taken(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with served_agent(tmp_path / "data", tmp_path) as served:
            served.ledger.unlink()
            text = await served.until_ready(503)
            assert "deleted or replaced" in text
            assert await served.writable() == "0"
            assert (await served.get("/api/tickets"))[0] == 503
            await asyncio.sleep(2)
    assert turns(logs) == ["ledger_unwritable"]
    assert tracebacks(logs) == []
