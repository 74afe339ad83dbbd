"""Puts a backup in the ledger's place; the ledger that was there is kept beside it."""

import math
import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent.net.scrub import scrub
from agent.store import StoreError
from agent.store.backup import RESTORE_PAGE
from agent.store.backup_checks import refuse_foreign, refuse_unknown, whole_backup
from agent.store.copying import copied_beside, put_former_aside
from agent.store.directory import LEDGER_NAME, lock_directory, make_private
from agent.store.inspection import UNREADABLE, open_read_only
from agent.store.migrate import known_revisions
from agent.store.salvage import IsValid, replace_ledger

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


def restore(
    directory: Path,
    file: Path,
    is_valid: IsValid = _any_row,
    meanwhile: AbstractContextManager[None] | None = None,
) -> Restore:
    """Put ``file`` in the place of the ledger in ``directory``.

    ``is_valid`` says whether a row of it is one that the agent can use. ``meanwhile`` is entered
    before anything is put anywhere and left once the ledger is there, while no agent can start.

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
        with meanwhile or nullcontext(), copied_beside(file, new, partial(_mark, made_at)):
            aside = put_former_aside(ledger)
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
    try:
        with whole_backup(file) as connection:
            refuse_unknown(connection, file, "a ledger", known_revisions())
            refuse_foreign(connection, file, "a ledger", _ALWAYS)
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


def _refuse_unusable(connection: sqlite3.Connection, file: Path, is_valid: IsValid) -> None:
    """Refuse tickets that no agent could read: it would fail at every round."""
    names = ("id", "key", "document")
    for row in connection.execute("SELECT id, key, document FROM tickets"):
        if not is_valid("tickets", dict(zip(names, row, strict=True))):
            raise StoreError(
                f"{file}: the ticket {scrub(str(row[0]))} in it cannot be read; choose another"
                " backup, or put it in place by hand and run numwatch doctor --repair"
            )


def _mark(made_at: float, copy: sqlite3.Connection) -> None:
    """Note in a copy what the agent's next start reads: that the ledger was put back."""
    copy.execute(
        "INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)",
        (RESTORE_PAGE, repr(made_at).encode()),
    )


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
