"""What a file must be to be put back as a backup: whole, ours, and of a version that is known."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from agent.net.scrub import scrub
from agent.store import StoreError
from agent.store.inspection import damage_of, open_read_only


@contextmanager
def whole_backup(file: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to the backup ``file``.

    Raises:
        StoreError: when it is missing, damaged, or has a write-ahead log.
        UNREADABLE: when it is no database.
    """
    if not file.is_file():
        raise StoreError(f"{file}: there is no such file")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{file}: has a write-ahead log beside it ({log.name}), so it is a plain copy and not"
            " whole; restore a file made by numwatch backup"
        )
    with closing(open_read_only(file)) as connection:
        if damage := damage_of(connection):
            raise StoreError(f"{file}: damaged ({'; '.join(damage)}); choose another backup")
        yield connection


def refuse_foreign(
    connection: sqlite3.Connection, file: Path, what: str, always: Collection[str]
) -> None:
    """Refuse what numwatch never writes: other things than tables and their indexes, or too few.

    A trigger or a view would be carried out with the agent's own statements.

    Args:
        connection: To the backup.
        file: Its name, for the error.
        what: What it should be a backup of, with its article.
        always: Tables that it has in every version.

    Raises:
        StoreError: when it is to be refused.
    """
    rows = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    if odd := sorted(f"{kind} {name}" for kind, name in rows if kind not in {"table", "index"}):
        raise StoreError(
            f"{file}: has what numwatch never makes ({scrub(odd[0])}), so somebody changed it;"
            " choose another backup"
        )
    missing = sorted(set(always) - {name for _, name in rows})
    if missing:
        raise StoreError(f"{file}: is no backup of {what} (it has no table {missing[0]})")


def refuse_unknown(
    connection: sqlite3.Connection, file: Path, what: str, known: Sequence[str]
) -> None:
    """Refuse a schema that is not among ``known``, whose first is this program's own.

    Raises:
        StoreError: when it is to be refused.
    """
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise StoreError(f"{file}: is no backup of {what} (it names no schema)")
    (revision,) = row
    if revision not in known:
        raise StoreError(
            f"{file}: made by a newer numwatch (its schema is {scrub(str(revision))}, this one"
            f" knows up to {known[0]}); run that version"
        )
