"""A ledger that is locked, full, damaged or deleted says so, at once, and recovers by itself."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.store import InUseError, StoreError, UnavailableError
from agent.store.database import Database
from agent.store.monitor import LedgerMonitor
from exporters.telemetry import Telemetry
from tests.integrity import integrity_of
from tests.ledger_trouble import fill, locked_by_another_process, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "3m") as folder:
        yield folder


def writable(telemetry: Telemetry) -> float | None:
    return telemetry.registry.get_sample_value("numwatch_ledger_writable")


@asynccontextmanager
async def monitored(database: Database) -> AsyncIterator[tuple[LedgerMonitor, Telemetry]]:
    telemetry = Telemetry()
    monitor = LedgerMonitor(database, telemetry)
    monitor.start()
    try:
        yield monitor, telemetry
    finally:
        await monitor.stop()


async def until(telemetry: Telemetry, value: float, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while writable(telemetry) != value:  # noqa: ASYNC110 - a gauge has no event
            await asyncio.sleep(0.02)


async def test_a_lock_of_another_process_is_told_once_and_nobody_queues_behind_it(
    database: Database,
) -> None:
    with capture_logs() as logs:
        async with monitored(database) as (_, telemetry):
            await until(telemetry, 1)
            async with locked_by_another_process(database.path):
                with pytest.raises(UnavailableError, match=r"locked by another process"):
                    await database.put("page", b"1")
                assert writable(telemetry) == 0
                begun = time.monotonic()
                for _ in range(50):
                    with pytest.raises(UnavailableError):
                        await database.get("page")
                assert time.monotonic() - begun < 0.5
                assert database.trouble is not None
            await until(telemetry, 1)
            await database.put("page", b"2")
    turns = [line["event"] for line in logs if line["event"].startswith("ledger_")]
    assert turns == ["ledger_unwritable", "ledger_writable"]
    assert not [line for line in logs if "exc_info" in line]


async def test_those_who_wait_for_a_locked_ledger_wait_once_and_not_in_turn(
    database: Database,
) -> None:
    async with locked_by_another_process(database.path):
        begun = time.monotonic()
        results = await asyncio.gather(
            *(database.get("page") for _ in range(20)), return_exceptions=True
        )
        assert time.monotonic() - begun < 4
    assert {type(result) for result in results} == {UnavailableError}


async def test_a_full_disk_is_seen_and_forgotten_when_there_is_room(disk: Path) -> None:
    database = await Database.open(disk / "data")
    await database.put("page", b"1")
    async with monitored(database) as (_, telemetry):
        await until(telemetry, 1)
        filler = fill(disk)
        with pytest.raises(UnavailableError, match=r"the disk is full.*nothing was changed"):
            await database.put("page", b"x" * 200_000)
        await until(telemetry, 0)
        assert await database.get("page") == b"1"
        filler.unlink()
        await until(telemetry, 1)
        await database.put("page", b"x" * 200_000)
    assert await integrity_of(database) == "ok"
    await database.close()


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal"])
async def test_a_deleted_ledger_takes_nothing_that_would_be_lost(
    database: Database, name: str
) -> None:
    await database.put("page", b"1")
    async with monitored(database) as (_, telemetry):
        await until(telemetry, 1)
        aside = database.path.parent / "aside"
        (database.path.parent / name).rename(aside)
        with pytest.raises(UnavailableError, match=rf"{name}: .*deleted or replaced"):
            await database.put("page", b"2")
        await until(telemetry, 0)
        aside.rename(database.path.parent / name)
        await until(telemetry, 1)
        assert await database.get("page") == b"1"


async def test_a_quiet_ledger_is_tried_too(database: Database) -> None:
    async with monitored(database) as (_, telemetry):
        await until(telemetry, 1)
        database.path.unlink()
        await until(telemetry, 0)


async def test_damage_inside_the_file_is_found_at_the_start(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    for index in range(60):
        await database.put(f"page/{index}", os.urandom(8000))
    await database.close()
    path = tmp_path / "ledger.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = b"\xa5" * 8192
    path.write_bytes(content)
    advice = r"ledger\.db: .*damaged.*numwatch doctor --repair.*numwatch restore"
    with pytest.raises(StoreError, match=advice) as raised:
        await Database.open(tmp_path)
    assert not raised.value.passes
    assert "move it away" not in str(raised.value)


async def test_what_passes_at_a_start_is_told_apart_from_what_does_not(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    async with locked_by_another_process(tmp_path / "ledger.db"):
        with pytest.raises(StoreError, match=r"locked by another process") as raised:
            await Database.open(tmp_path)
    assert raised.value.passes
    assert "move it away" not in str(raised.value)
    database = await Database.open(tmp_path)
    with pytest.raises(InUseError) as in_use:
        await Database.open(tmp_path)
    assert in_use.value.passes
    await database.close()


async def test_a_full_disk_at_the_start_passes(disk: Path) -> None:
    fill(disk)
    with pytest.raises(StoreError, match="the disk is full") as raised:
        await Database.open(disk / "data")
    assert raised.value.passes
