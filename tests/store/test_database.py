"""The database on real files: durable, private, one agent at a time, clear when it cannot."""

import asyncio
import multiprocessing
import random
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, insert, text
from structlog.testing import capture_logs

from agent.store import StoreError, schema
from agent.store.database import Database
from tests.integrity import integrity_of


async def test_it_is_made_private_and_durable(tmp_path: Path) -> None:
    with capture_logs() as logs:
        database = await Database.open(tmp_path / "new" / "data")
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
    assert logs[0]["sqlite_version"] == sqlite3.sqlite_version
    async with database.transaction() as connection:
        settings = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert settings == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 2000,
    }
    assert await integrity_of(database) == "ok"
    await database.close()


async def test_the_migrations_make_exactly_the_tables_the_statements_use(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    async with database.transaction() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), schema.metadata)
        )
    assert differences == []
    await database.close()


async def test_pages_are_replaced_and_outlive_the_agent(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    assert await database.get("rules") is None
    await database.put("rules", b"one")
    await database.put("rules", b"two")
    await database.put("rules/other", b"\x00\xff")
    await database.close()
    database = await Database.open(tmp_path)
    assert await database.get("rules") == b"two"
    assert await database.get("other") is None
    assert await database.pages("rules/") == [("rules/other", b"\x00\xff")]
    await database.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    await database.put("taken", b"1")

    async def fail_half_way() -> None:
        async with database.transaction() as connection:
            await connection.execute(insert(schema.pages).values(name="half", value=b""))
            await connection.execute(insert(schema.pages).values(name="taken", value=b""))

    with pytest.raises(StoreError, match=r"ledger\.db: .*nothing was changed"):
        await fail_half_way()
    assert await database.get("half") is None
    await database.close()


async def test_a_second_agent_learns_who_holds_the_directory(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    with pytest.raises(StoreError, match=r"in use by another numwatch agent \(process \d+\)"):
        await Database.open(tmp_path)
    await database.close()
    await (await Database.open(tmp_path)).close()


async def test_a_killed_agent_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from agent.store.database import Database\n"
        "async def main():\n"
        "    database = await Database.open(pathlib.Path(sys.argv[1]))\n"
        "    print('open', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=subprocess.PIPE
    )
    assert agent.stdout is not None
    while (await agent.stdout.readline()) != b"open\n":
        assert agent.returncode is None
    with pytest.raises(StoreError, match=f"process {agent.pid}"):
        await Database.open(tmp_path)
    agent.kill()
    await agent.wait()
    await (await Database.open(tmp_path)).close()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(StoreError, match=r"ledger\.db: damaged, or not a ledger.*backup"):
        await Database.open(tmp_path)


async def test_a_database_of_another_program(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    with pytest.raises(StoreError, match=r"another program .*'songs'"):
        await Database.open(tmp_path)


async def test_a_ledger_of_a_newer_numwatch(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / "ledger.db") as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    with pytest.raises(StoreError, match=r"written by a newer numwatch \(its schema is 9999"):
        await Database.open(tmp_path)


async def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/data: the data directory cannot be made"):
        await Database.open(tmp_path / "file" / "data")


async def test_cancelled_work_is_finished_on_the_one_connection(tmp_path: Path) -> None:
    """Without ``uninterrupted`` the pool opens dozens of connections here."""
    database = await Database.open(tmp_path)
    opened: list[object] = []
    event.listen(database._backend._engine.sync_engine, "connect", lambda *_: opened.append(_))
    chance = random.Random(7)
    for count in range(100):
        work = asyncio.ensure_future(database.put("count", str(count).encode()))
        await asyncio.sleep(chance.random() * 0.004)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert opened == []
    assert await integrity_of(database) == "ok"
    await database.close()


def _open_once(path: str) -> None:
    async def open_it() -> None:
        await (await Database.open(Path(path))).close()

    asyncio.run(open_it())


def test_a_kill_during_migration_leaves_a_ledger_that_opens(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["agent.store.database"])
    chance = random.Random(3)
    for count in range(12):
        path = tmp_path / str(count)
        opening = processes.Process(target=_open_once, args=(str(path),))
        opening.start()
        opening.join(chance.random() * 0.12)
        opening.kill()
        opening.join()
        _open_once(str(path))
