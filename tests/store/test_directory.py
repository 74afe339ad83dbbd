"""The data directory: for its owner alone, and for one agent whatever becomes of the lock."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.store import InUseError, StoreError
from agent.store.database import Database


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in folder.iterdir()}


def open_to_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)


@pytest.mark.usefixtures("usual_umask")
async def test_every_file_is_for_the_owner_alone_in_a_folder_that_others_could_read(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    with capture_logs() as logs:
        database = await Database.open(data)
    await database.put("page", b"1")
    assert mode(data) == 0o700
    assert modes(data) == dict.fromkeys(
        ("ledger.db", "ledger.db-wal", "ledger.db-shm", "agent.lock"), 0o600
    )
    (line,) = [line for line in logs if line["event"] == "made_private"]
    assert (line["path"], line["was"]) == (str(data), "0755")
    await database.close()


@pytest.mark.usefixtures("usual_umask")
async def test_files_of_an_earlier_version_are_made_private_at_the_start(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    # A crash leaves the write-ahead log and its index behind.
    other = sqlite3.connect(tmp_path / "ledger.db")
    other.execute("INSERT INTO keep VALUES ('a', 'b')")
    other.commit()
    (tmp_path / "access.token").write_text("t")
    open_to_all(tmp_path)
    database = await Database.open(tmp_path)
    assert modes(tmp_path) == dict.fromkeys(
        ("ledger.db", "ledger.db-wal", "ledger.db-shm", "agent.lock", "access.token"), 0o600
    )
    assert mode(tmp_path) == 0o700
    await database.close()
    other.close()


async def test_files_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("mine")
    target.chmod(0o644)
    data = tmp_path / "data"
    data.mkdir()
    (data / "readme").write_text("hello")
    (data / "readme").chmod(0o644)
    (data / "access.token").symlink_to(target)
    await (await Database.open(data)).close()
    assert mode(data / "readme") == 0o644
    assert mode(target) == 0o644


async def test_a_removed_lock_file_lets_no_second_agent_in(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    (tmp_path / "agent.lock").unlink()
    with pytest.raises(InUseError, match="in use by another numwatch agent"):
        await Database.open(tmp_path)
    await database.close()
    await (await Database.open(tmp_path)).close()


@pytest.mark.parametrize("kind", ["symbolic", "hard", "dangling", "folder"])
async def test_a_lock_that_is_another_file_is_refused_and_that_file_untouched(
    tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "precious"
    target.write_text("do not overwrite")
    target.chmod(0o644)
    data = tmp_path / "data"
    data.mkdir()
    lock = data / "agent.lock"
    if kind == "hard":
        lock.hardlink_to(target)
    elif kind == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(target if kind == "symbolic" else tmp_path / "missing")
    with pytest.raises(StoreError, match=r"agent\.lock: .*remove it"):
        await Database.open(data)
    assert target.read_text() == "do not overwrite"
    assert mode(target) == 0o644
    assert not (tmp_path / "missing").exists()


async def test_a_ledger_that_is_a_link_is_not_made_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match=r"ledger\.db: .*symbolic link"):
        await Database.open(tmp_path / "data")
    assert not (tmp_path / "elsewhere.db").exists()
