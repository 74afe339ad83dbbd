"""Puts a backup in the ledger's place; the ledger that was there is kept beside it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agent.store import StoreError
from agent.store.backup import RESTORE_PAGE
from agent.store.directory import LEDGER_NAME, lock_directory, make_private
from agent.store.inspection import damage_of, open_read_only
from agent.store.migrate import known_revisions
from agent.store.salvage import SUFFIXES, put_aside, replace_ledger


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


def restore(directory: Path, file: Path) -> Restore:
    """Put ``file`` in the place of the ledger in ``directory``.

    Raises:
        InUseError: while an agent runs.
        StoreError: when the file is no whole backup, or cannot be put there; nothing changed then.
    """
    made_at = _check(file)
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


def _check(file: Path) -> float:
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
            row = connection.execute("SELECT value FROM keep WHERE name = ?", (RESTORE_PAGE,))
            made_at = row.fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{file}: is no backup of a ledger ({error})") from error
    # A copy of a stopped agent's ledger is whole too; its age is that of the file.
    return file.stat().st_mtime if made_at is None else float(made_at[0])


def _refuse_unknown(connection: sqlite3.Connection, file: Path) -> None:
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    known = known_revisions()
    if revision not in known:
        raise StoreError(
            f"{file}: made by a newer numwatch (its schema is {revision}, this one knows up to"
            f" {known[0]}); run that version"
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
    except sqlite3.Error as error:
        raise StoreError(f"{new}: cannot be written ({error}); nothing changed") from error
    finally:
        new.unlink(missing_ok=True)


def _put_former_aside(ledger: Path) -> str:
    if not ledger.is_file() or not ledger.stat().st_size:
        return ""
    with suppress(sqlite3.Error), closing(sqlite3.connect(ledger)) as connection:
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
    except sqlite3.Error:
        return None
