"""Puts a backup in the ledger's place; the ledger that was there is kept beside it."""

import math
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agent.net.scrub import scrub
from agent.store import StoreError
from agent.store.backup import RESTORE_PAGE
from agent.store.directory import LEDGER_NAME, lock_directory, make_private
from agent.store.inspection import UNREADABLE, damage_of, open_read_only
from agent.store.migrate import known_revisions
from agent.store.salvage import SUFFIXES, IsValid, put_aside, replace_ledger

_ALWAYS = frozenset({"keep", "tickets", "timeline", "outbox"})
"""Tables that the ledgers of all versions have."""
_LATEST = 2.0**40
"""Epoch seconds, far in the future."""


@dataclass(frozen=True)
class Restore:
    """A backup that was put back."""

    file: str
    made_at: float
    """When the backup was made, epoch seconds."""
    aside: str
    """Where the former ledger is; empty where there was none."""
    tickets: int
    open_tickets: int
    closed_since: tuple[str, ...] | None
    """Tickets that are open again; ``None`` where the former ledger cannot be read."""
    opened_since: tuple[str, ...] | None
    """Tickets that are not in the backup."""


def _any_row(_table: str, _values: Mapping[str, object]) -> bool:
    return True


def restore(directory: Path, file: Path, is_valid: IsValid = _any_row) -> Restore:
    """Put ``file`` in the place of the ledger in ``directory``.

    ``is_valid`` says whether a row of it is one that the agent can use.

    Raises:
        InUseError: while an agent runs.
        StoreError: when the file is no whole backup, or cannot be put there; nothing changed then.
    """
    made_at = _check(file, is_valid)
    make_private(directory)
    ledger = directory / LEDGER_NAME
    if file.exists() and file.samefile(ledger):
        raise StoreError(f"{file}: is the ledger itself, not a backup of it")
    with closing(lock_directory(directory)):
        former, present = _states(ledger), _states(file)
        new = ledger.with_name(f"{LEDGER_NAME}.restored")
        with _copied(file, new, made_at):
            aside = _put_former_aside(ledger)
            replace_ledger(ledger, new)
    present = present or {}
    return Restore(
        file=str(file),
        made_at=made_at,
        aside=aside,
        tickets=len(present),
        open_tickets=sum(present.values()),
        closed_since=None
        if former is None
        else tuple(sorted(it for it, is_open in present.items() if is_open and not former.get(it))),
        opened_since=None
        if former is None
        else tuple(sorted(it for it, is_open in former.items() if is_open and it not in present)),
    )


def _check(file: Path, is_valid: IsValid) -> float:
    """When the whole backup ``file`` was made.

    Raises:
        StoreError: when it is none.
    """
    if not file.is_file():
        raise StoreError(f"{file}: there is no such file")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{file}: has a write-ahead log beside it ({log.name}), so it is a plain copy and not"
            " whole; restore a file made by numwatch backup"
        )
    try:
        with closing(open_read_only(file)) as connection:
            if damage := damage_of(connection):
                raise StoreError(f"{file}: damaged ({'; '.join(damage)}); choose another backup")
            _refuse_unknown(connection, file)
            _refuse_foreign(connection, file)
            _refuse_unusable(connection, file, is_valid)
            row = connection.execute("SELECT value FROM keep WHERE name = ?", (RESTORE_PAGE,))
            made_at = row.fetchone()
    except UNREADABLE as error:
        raise StoreError(f"{file}: is no backup of a ledger ({error})") from error
    # A copy of a stopped agent's ledger is whole too; its age is that of the file.
    return file.stat().st_mtime if made_at is None else _time(made_at[0], file)


def _time(value: object, file: Path) -> float:
    try:
        at = float(value) if isinstance(value, bytes | str | float | int) else math.nan
    except ValueError:
        at = math.nan
    if not 0 <= at <= _LATEST:
        raise StoreError(f"{file}: does not say when it was made; choose another backup")
    return at


def _refuse_foreign(connection: sqlite3.Connection, file: Path) -> None:
    """Refuse what numwatch never writes: other things than tables and their indexes, or too few.

    A trigger or a view would be carried out with the agent's own statements.
    """
    rows = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    if odd := sorted(f"{kind} {name}" for kind, name in rows if kind not in {"table", "index"}):
        raise StoreError(
            f"{file}: has what numwatch never makes ({scrub(odd[0])}), so somebody changed it;"
            " choose another backup"
        )
    missing = sorted(_ALWAYS - {name for _, name in rows})
    if missing:
        raise StoreError(f"{file}: is no backup of a ledger (it has no table {missing[0]})")


def _refuse_unusable(connection: sqlite3.Connection, file: Path, is_valid: IsValid) -> None:
    """Refuse tickets that no agent could read: it would fail at every round."""
    names = ("id", "key", "document")
    for row in connection.execute("SELECT id, key, document FROM tickets"):
        if not is_valid("tickets", dict(zip(names, row, strict=True))):
            raise StoreError(
                f"{file}: the ticket {scrub(str(row[0]))} in it cannot be read; choose another"
                " backup, or put it in place by hand and run numwatch doctor --repair"
            )


def _refuse_unknown(connection: sqlite3.Connection, file: Path) -> None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise StoreError(f"{file}: is no backup of a ledger (it names no schema)")
    (revision,) = row
    known = known_revisions()
    if revision not in known:
        raise StoreError(
            f"{file}: made by a newer numwatch (its schema is {scrub(str(revision))}, this one"
            f" knows up to {known[0]}); run that version"
        )


@contextmanager
def _copied(file: Path, new: Path, made_at: float) -> Iterator[None]:
    """``new`` as a checked copy of ``file`` for its owner alone; removed unless it was moved."""
    try:
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        shutil.copyfile(file, new)
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA journal_mode=DELETE")
            # The agent's next start reads from it that the ledger was put back.
            connection.execute(
                "INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)",
                (RESTORE_PAGE, repr(made_at).encode()),
            )
            if damage := damage_of(connection, 1):
                raise StoreError(
                    f"{new}: not whole after it was copied ({damage[0]}); nothing changed"
                )
        yield
    except OSError as error:
        raise StoreError(f"{new}: cannot be written ({error.strerror}); nothing changed") from error
    except UNREADABLE as error:
        raise StoreError(f"{new}: cannot be written ({error}); nothing changed") from error
    finally:
        new.unlink(missing_ok=True)


def _put_former_aside(ledger: Path) -> str:
    if not ledger.is_file() or not ledger.stat().st_size:
        return ""
    with suppress(*UNREADABLE), closing(sqlite3.connect(ledger)) as connection:
        # Then its file alone is whole, whenever this is interrupted.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = put_aside(ledger, "before-restore")
    for suffix in SUFFIXES:
        with suppress(OSError):
            aside.with_name(aside.name + suffix).chmod(0o600)
    return str(aside)


def _states(ledger: Path) -> dict[str, bool] | None:
    """Whether each ticket is open, by id; ``None`` where it cannot be read."""
    if not ledger.is_file() or not ledger.stat().st_size:
        return None
    try:
        with closing(open_read_only(ledger)) as connection:
            return {
                str(identity): bool(is_open)
                for identity, is_open in connection.execute("SELECT id, open FROM tickets")
            }
    except UNREADABLE:
        return None
