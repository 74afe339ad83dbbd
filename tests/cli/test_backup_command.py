"""``numwatch backup``: a whole, checked copy while the agent writes; what a restore says."""

import asyncio
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.store.backup import note_restore
from agent.store.database import Database
from tests.forks import numwatch_ended
from tests.sinks.change_writer import ChangeWriter


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "data")
    yield opened
    await opened.close()


def parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


async def backup(config: Path, file: Path) -> tuple[int, str, str]:
    return await numwatch_ended("backup", str(file), "--config", str(config), "--json")


def rows(path: Path) -> int:
    with sqlite3.connect(path) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (count,) = copy.execute("SELECT count(*) FROM keep WHERE name LIKE 'row/%'").fetchone()
    copy.close()
    return int(count)


async def test_backups_under_writes_are_whole_and_never_shrink(
    database: Database, config: Path, tmp_path: Path
) -> None:
    written = 0

    async def write() -> None:
        nonlocal written
        while True:
            await database.put(f"row/{written}", os.urandom(500))
            written += 1

    writing = asyncio.create_task(write())
    former = 0
    for index in range(5):
        at_least = written
        file = tmp_path / f"backup-{index}.db"
        code, out, err = await backup(config, file)
        assert (code, err) == (0, "")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(out)["file"] == str(file)
        count = rows(file)
        assert count >= max(at_least, former)
        former = count
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert not parts(tmp_path)
    # The control: a plain copy of the one file lacks what is in the write-ahead log.
    shutil.copy(database.path, tmp_path / "plain.db")
    await database.put("row/last", b"1")
    with sqlite3.connect(tmp_path / "plain.db") as plain:
        names = {name for (name,) in plain.execute("SELECT name FROM keep")}
    plain.close()
    assert f"row/{written - 1}" not in names


async def test_a_backup_restores_and_the_agent_says_what_that_means(
    database: Database, config: Path, tmp_path: Path
) -> None:
    writer = ChangeWriter(database, "desk")
    await writer.opened(1)
    file = tmp_path / "backup.db"
    assert (await backup(config, file))[0] == 0
    await writer.opened(2)
    restored = tmp_path / "restored"
    restored.mkdir()
    shutil.copy(file, restored / "ledger.db")
    opened = await Database.open(restored)
    with capture_logs() as logs:
        await note_restore(opened)
    (line,) = logs
    assert line["event"] == "ledger_restored"
    assert line["log_level"] == "warning"
    assert line["open_tickets"] == 1
    assert "docs/backup.md" in line["meaning"]
    with capture_logs() as logs:
        await note_restore(opened)
    assert logs == []
    await opened.close()


async def test_an_existing_file_is_not_overwritten(
    database: Database, config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "precious"
    file.write_text("mine")
    code, out, err = await backup(config, file)
    assert (code, out) == (1, "")
    assert "exists already" in err
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "missing")
    assert (await backup(config, link))[0] == 1
    assert not (tmp_path / "missing").exists()
    assert file.read_text() == "mine"


async def test_a_damaged_ledger_makes_no_backup(config: Path, tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "data")
    for index in range(60):
        await database.put(f"page/{index}", os.urandom(8000))
    await database.close()
    path = tmp_path / "data" / "ledger.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = b"\xa5" * 8192
    path.write_bytes(content)
    code, out, err = await backup(config, tmp_path / "backup.db")
    assert (code, out) == (1, "")
    assert "damaged" in err
    assert not (tmp_path / "backup.db").exists()
    assert not parts(tmp_path)


async def test_no_ledger_is_no_backup(config: Path, tmp_path: Path) -> None:
    code, _out, err = await backup(config, tmp_path / "backup.db")
    assert code == 1
    assert "no ledger" in err
