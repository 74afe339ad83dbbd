"""``numwatch restore``: the backup is checked, the former ledger kept, a running agent safe."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent.store import InUseError, StoreError
from agent.store.backup import back_up
from agent.store.database import Database
from agent.store.restore import restore
from agent.tickets.ledger import Ledger, is_usable
from tests.sinks.change_writer import ChangeWriter


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A stopped agent's folder: one ticket opened before the backup, one closed and one after."""
    database = await Database.open(tmp_path / "data")
    await Ledger(database).mark()
    writer = ChangeWriter(database, "desk")
    first = await writer.opened(1)
    back_up(database.path, tmp_path / "backup.db")
    await writer.changed(first, "ticket.closed")
    await writer.opened(2)
    await database.close()
    return tmp_path


async def open_ids(data: Path) -> set[str]:
    database = await Database.open(data)
    try:
        return {ticket.id for ticket in await (await Ledger.open(database)).open_tickets()}
    finally:
        await database.close()


async def test_the_backup_is_put_back_and_the_former_ledger_kept(folder: Path) -> None:
    data = folder / "data"
    before = await open_ids(data)
    done = restore(data, folder / "backup.db")
    assert (done.tickets, done.open_tickets) == (1, 1)
    assert done.opened_since == tuple(sorted(before))
    assert done.closed_since is not None
    assert set(done.closed_since) == await open_ids(data)
    assert stat.S_IMODE((data / "ledger.db").stat().st_mode) == 0o600
    aside = Path(done.aside)
    with closing(sqlite3.connect(aside)) as former:
        assert former.execute("SELECT count(*) FROM tickets").fetchone() == (2,)
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert (folder / "backup.db").is_file(), "the backup stays"


async def test_it_is_refused_while_an_agent_runs(folder: Path) -> None:
    database = await Database.open(folder / "data")
    try:
        with pytest.raises(InUseError, match="in use by another numwatch agent"):
            restore(folder / "data", folder / "backup.db")
    finally:
        await database.close()
    assert not list((folder / "data").glob("*before-restore*"))


def damage(file: Path) -> None:
    with file.open("r+b") as backup:
        backup.seek(file.stat().st_size // 2 // 4096 * 4096)
        backup.write(os.urandom(8192))


def cut(file: Path) -> None:
    os.truncate(file, 4096 * 3)


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as backup:
        backup.execute("UPDATE alembic_version SET version_num = '9999'")
        backup.commit()


def plain(file: Path) -> None:
    file.with_name(f"{file.name}-wal").write_bytes(b"what was written last")


def foreign(file: Path) -> None:
    file.write_text("not a database at all")


def words(file: Path) -> None:
    """SQLite's own words about it are no UTF-8."""
    content = file.read_bytes()
    place = content.index(b"CREATE TABLE tickets")
    file.write_bytes(content[:place] + b"CREATE \xff\xfe\xfd" + content[place + 10 :])


def change(*statements: str) -> Callable[[Path], None]:
    def spoil(file: Path) -> None:
        with closing(sqlite3.connect(file)) as backup:
            for statement in statements:
                backup.execute(statement)
            backup.commit()

    return spoil


def with_trigger(name: str) -> str:
    return f"CREATE TRIGGER {name} AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END"


def linked_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (words, "damaged|malformed|no backup"),
        (change("DELETE FROM alembic_version"), "is no backup of a ledger"),
        (change("DROP TABLE alembic_version"), "is no backup of a ledger"),
        (change("DROP TABLE outbox"), "it has no table outbox"),
        (change(with_trigger("x")), "what numwatch never makes .trigger x"),
        (change("CREATE VIEW a AS SELECT 1"), "what numwatch never makes .view a"),
        (change("UPDATE keep SET value = 'soon' WHERE name = 'ledger/backup'"), "when it was made"),
        (change("UPDATE keep SET value = 'nan' WHERE name = 'ledger/backup'"), "when it was made"),
        (change("UPDATE tickets SET document = x'ff'"), "the ticket .* cannot be read"),
        (change("UPDATE tickets SET document = '{}'"), "the ticket .* cannot be read"),
        (linked_to_itself, "there is no such file"),
        (damage, "damaged|malformed|no backup"),
        (cut, "damaged|malformed|no backup"),
        (newer, "made by a newer numwatch"),
        (plain, "a plain copy and not whole"),
        (foreign, "is no backup of a ledger"),
        (Path.unlink, "there is no such file"),
    ],
    ids=[
        *(
            "words",
            "no revision",
            "no schema",
            "no outbox",
            "trigger",
            "view",
            "no time",
            "not a time",
        ),
        *("bytes for a ticket", "another ticket", "link"),
        *("damaged", "cut", "newer", "plain copy", "foreign", "missing"),
    ],
)
async def test_what_is_no_whole_backup_changes_nothing(folder: Path, spoil, reason: str) -> None:
    spoil(folder / "backup.db")
    before = (folder / "data" / "ledger.db").read_bytes()
    with pytest.raises(StoreError, match=reason):
        restore(folder / "data", folder / "backup.db", is_usable)
    assert (folder / "data" / "ledger.db").read_bytes() == before
    names = {it.name for it in (folder / "data").iterdir()}
    assert names <= {"agent.lock", "ledger.db"}


async def test_the_ledger_itself_is_no_backup(folder: Path) -> None:
    with pytest.raises(StoreError, match="is the ledger itself"):
        restore(folder / "data", folder / "data" / "ledger.db")


async def test_into_an_empty_folder(folder: Path) -> None:
    done = restore(folder / "new", folder / "backup.db")
    assert (done.aside, done.opened_since) == ("", None)
    assert len(await open_ids(folder / "new")) == 1


async def test_over_a_damaged_ledger(folder: Path) -> None:
    ledger = folder / "data" / "ledger.db"
    ledger.write_bytes(os.urandom(40960))
    damaged = ledger.read_bytes()
    done = restore(folder / "data", folder / "backup.db")
    assert Path(done.aside).read_bytes() == damaged
    assert len(await open_ids(folder / "data")) == 1
