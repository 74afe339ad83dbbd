"""Saves what can be read of a damaged ledger into a new one, which is checked.

The damaged files are put aside and nothing is deleted. A table is read in the order of its rows;
where SQLite cannot read on, the next place is sought from where it can.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine

from agent.store import StoreError
from agent.store.directory import sync_directory
from agent.store.inspection import UNREADABLE, damage_of, open_read_only
from agent.store.migrate import known_revisions, migrate
from agent.store.schema import metadata

SUFFIXES = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the ledger's name for the files that belong to it."""
_MOST_FAILURES = 20_000
"""Places of one table that may fail to be read before the rest is given up."""
_LAST_ROW = 2**40
_HEADER_BYTES = 100
_MARK_PAGE = "ledger/mark"

IsValid = Callable[[str, Mapping[str, object]], bool]
"""Whether a row of a table can be used; by the table's name and the row's values."""


@dataclass(frozen=True)
class Salvage:
    """What was saved, by table, and what was not."""

    aside: str
    """Where the damaged ledger is now."""
    saved: Mapping[str, int]
    lost: Mapping[str, int]
    """Rows that could not be read or used, as far as they can be counted."""
    lost_tickets: Sequence[str]
    """Ids of tickets that other tables name and that are lost."""


@dataclass
class _Table:
    name: str
    columns: list[str]
    rows: list[tuple[object, ...]] = field(default_factory=list)
    lost: int = 0


def put_aside(ledger: Path, why: str, now: float | None = None) -> Path:
    """Give the ledger's files a second name each, and return the ledger's.

    Raises:
        StoreError: when they cannot be had there.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if now is None else now))
    aside = ledger.with_name(f"{ledger.name}.{why}-{stamp}")
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = ledger.with_name(f"{ledger.name}.{why}-{stamp}-{number}")
    try:
        for suffix in SUFFIXES:
            source = ledger.with_name(ledger.name + suffix)
            if source.exists():
                os.link(source, aside.with_name(aside.name + suffix))
    except OSError as error:
        raise StoreError(f"{aside}: cannot be made ({error.strerror}); nothing changed") from error
    return aside


def replace_ledger(ledger: Path, new: Path) -> None:
    """Put ``new`` in the ledger's place, whose files have a second name already.

    The write-ahead log goes first: beside another ledger it would damage that.
    """
    for suffix in SUFFIXES[1:]:
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    new.replace(ledger)
    sync_directory(ledger.parent)


def salvage(ledger: Path, is_valid: IsValid) -> Salvage:
    """Replace a damaged ledger by a new one with all rows that can be read.

    The caller holds the lock of the data folder.

    Raises:
        StoreError: when nothing can be read, or the new ledger cannot be written; the damaged one
            is where it was then.
    """
    new = ledger.with_name(f"{ledger.name}.repaired")
    readable = ledger.with_name(f"{ledger.name}.readable")
    _discard(new, readable)
    try:
        for suffix in SUFFIXES:
            source = ledger.with_name(ledger.name + suffix)
            if source.exists() and suffix != "-shm":
                shutil.copy(source, readable.with_name(readable.name + suffix))
        _mend_header(readable, new)
        tables = list(_read(readable, is_valid))
        if not any(table.rows for table in tables):
            raise StoreError(
                f"{ledger}: nothing in it can be read, and it is where it was;"
                " put a backup back with numwatch restore"
            )
        lost_tickets = _write(new, tables)
        aside = put_aside(ledger, "damaged")
        replace_ledger(ledger, new)
    except (*UNREADABLE, OSError) as error:
        raise StoreError(f"{ledger}: cannot be repaired ({error}); it is where it was") from error
    finally:
        _discard(new, readable)
    return Salvage(
        str(aside),
        {table.name: len(table.rows) for table in tables},
        {table.name: table.lost for table in tables if table.lost},
        lost_tickets,
    )


def _discard(*files: Path) -> None:
    for file in files:
        for suffix in SUFFIXES:
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def _mend_header(copy: Path, fresh: Path) -> None:
    """Write a new header into ``copy`` where its own is none; the rest of the page stays."""
    try:
        with closing(open_read_only(copy)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return
    except UNREADABLE:
        pass
    _make(fresh)
    header = bytearray(fresh.read_bytes()[:_HEADER_BYTES])
    size = int.from_bytes(header[16:18], "big")
    header[28:32] = (copy.stat().st_size // size).to_bytes(4, "big")
    # No page is free as far as this copy is concerned: it is only read.
    header[32:40] = bytes(8)
    with copy.open("r+b") as file:
        file.write(header)
    _discard(fresh)


def _make(path: Path) -> None:
    """Make an empty ledger of this program's schema, for its owner alone."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            migrate(connection, str(path))
    finally:
        engine.dispose()


def _read(readable: Path, is_valid: IsValid) -> Iterator[_Table]:
    with closing(open_read_only(readable)) as connection:
        connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
        _refuse_newer(connection, readable)
        for table in metadata.sorted_tables:
            yield _read_table(connection, table.name, [it.name for it in table.columns], is_valid)


def _refuse_newer(connection: sqlite3.Connection, readable: Path) -> None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except UNREADABLE:
        return
    if row is not None and row[0] not in known_revisions():
        raise StoreError(f"{readable}: of a newer numwatch; repair it with that version")


def _read_table(
    connection: sqlite3.Connection, name: str, columns: list[str], is_valid: IsValid
) -> _Table:
    try:
        present = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({name})")]
    except UNREADABLE:
        present = []
    table = _Table(name, [column for column in columns if column in present])
    if not table.columns:
        return table
    chosen = ", ".join(f'"{column}"' for column in table.columns)
    query = f'SELECT rowid, {chosen} FROM "{name}" NOT INDEXED WHERE rowid >= ? ORDER BY rowid'  # nosec B608 # this program's own tables
    for row in _rows(connection, query, table):
        values = dict(zip(table.columns, row, strict=True))
        if is_valid(name, values):
            table.rows.append(row)
        else:
            table.lost += 1
    return table


def _rows(
    connection: sqlite3.Connection, query: str, table: _Table
) -> Iterator[tuple[object, ...]]:
    """The rows that can be read; what cannot is passed over and counted."""
    position: int | None = 0
    failures = 0
    while position is not None and failures < _MOST_FAILURES:
        try:
            for rowid, *values in connection.execute(query, (position,)):
                yield tuple(values)
                position = rowid + 1
        except UNREADABLE:
            failures += 1
            following = _next_readable(connection, table.name, position)
            table.lost += 1 if following is None else following - position
            position = following
        else:
            return


def _next_readable(connection: sqlite3.Connection, name: str, position: int) -> int | None:
    """From where on rows can be read again; ``None`` where that is nowhere.

    One row may be unreadable by itself, because what it has too much for its page is elsewhere.
    Otherwise a page is, which ends somewhere: found in steps that double, then by halving.
    """

    def first_from(start: int) -> int | None:
        query = f'SELECT rowid FROM "{name}" NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT 1'  # nosec B608 # this program's own tables
        try:
            row = connection.execute(query, (start,)).fetchone()
        except UNREADABLE:
            return None
        return _LAST_ROW if row is None else int(row[0])

    bad, step = position, 1
    found = first_from(position)
    if found is not None:
        return None if found >= _LAST_ROW else found + 1
    while (found := first_from(bad + step)) is None:
        bad, step = bad + step, 2 * step
        if bad > _LAST_ROW:
            return None
    good = bad + step
    while good - bad > 1:
        middle = (good + bad) // 2
        nearer = first_from(middle)
        good, bad = (good, middle) if nearer is None else (middle, bad)
        found = found if nearer is None else nearer
    return None if found >= _LAST_ROW else found


def _write(new: Path, tables: Sequence[_Table]) -> list[str]:
    """Write the rows into a new ledger and check it; returns the ids of tickets that are lost."""
    _make(new)
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            _insert(connection, table)
        # Whatever was lost may have had ids; another mark gives none of them again.
        connection.execute("DELETE FROM keep WHERE name = ?", (_MARK_PAGE,))
        lost = _lost_tickets(connection)
        connection.execute("COMMIT")
        if damage := damage_of(connection):
            raise StoreError(f"{new}: not whole ({damage[0]}); the damaged one is where it was")
    return lost


def _insert(connection: sqlite3.Connection, table: _Table) -> None:
    if not table.rows:
        return
    names = ", ".join(f'"{column}"' for column in table.columns)
    places = ", ".join("?" for _ in table.columns)
    query = f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({places})'
    written = [row for row in table.rows if _is_written(connection, query, row)]
    table.lost += len(table.rows) - len(written)
    table.rows = written


def _is_written(connection: sqlite3.Connection, query: str, row: tuple[object, ...]) -> bool:
    try:
        return connection.execute(query, row).rowcount > 0
    except UnicodeEncodeError:
        return False  # a text of it was no text any more


_NAMED_TICKETS = """
SELECT ticket_id FROM (
    SELECT ticket_id FROM timeline UNION SELECT ticket_id FROM outbox
    UNION SELECT ticket_id FROM sink_links UNION SELECT ticket_id FROM evidence
) WHERE ticket_id NOT IN (SELECT id FROM tickets)
"""


def _lost_tickets(connection: sqlite3.Connection) -> list[str]:
    return sorted(str(identity) for (identity,) in connection.execute(_NAMED_TICKETS))
