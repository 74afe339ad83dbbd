"""Copies the history beside a backup of the ledger, and puts such a copy back.

Nothing in the ledger refers to the history, so the two copies need not be of the same moment.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.history.database import MIGRATIONS
from agent.store import StoreError
from agent.store.backup_checks import refuse_foreign, refuse_unknown, whole_backup
from agent.store.copying import copied_beside, copy_whole, put_former_aside
from agent.store.directory import HISTORY_NAME
from agent.store.inspection import UNREADABLE
from agent.store.migrate import known_revisions
from agent.store.salvage import replace_ledger

_SUFFIX: Final = ".history"
_WHAT: Final = "a history"
_ALWAYS: Final = frozenset(
    {"history_subjects", "history_numbers", "history_calls", "history_accounts", "history_tickets"}
)
"""Tables that the histories of all versions have."""


@dataclass(frozen=True)
class HistoryBackup:
    """A copy of the history that was made."""

    file: str
    bytes: int


def history_file(backup: Path) -> Path:
    """Where the history of the ledger's ``backup`` is: beside it."""
    return backup.with_name(backup.name + _SUFFIX)


def back_up_history(directory: Path, backup: Path) -> HistoryBackup | None:
    """Copy the history in ``directory`` beside ``backup``, as whole and as private as that.

    An agent may be writing it. ``None`` where there is no history.

    Raises:
        StoreError: when it is damaged, or the file exists or cannot be written.
    """
    history, file = directory / HISTORY_NAME, history_file(backup)
    if not history.is_file():
        return None
    copy_whole(history, file, _nothing_more)
    return HistoryBackup(str(file), file.stat().st_size)


def check_history(file: Path) -> None:
    """Refuse what is no whole copy of a history.

    Raises:
        StoreError: when ``file`` is none.
    """
    try:
        with whole_backup(file) as connection:
            refuse_unknown(connection, file, _WHAT, known_revisions(MIGRATIONS))
            refuse_foreign(connection, file, _WHAT, _ALWAYS)
    except UNREADABLE as error:
        raise StoreError(f"{file}: is no backup of {_WHAT} ({error})") from error


@dataclass
class HistoryRestore:
    """A checked copy of the history that is put back with the ledger."""

    file: str
    aside: str = ""
    """Where the former history is; empty where there was none."""

    @contextmanager
    def put_back(self, directory: Path) -> Iterator[None]:
        """Copy it into ``directory``, which is locked; it takes its place when the block ended.

        Raises:
            StoreError: when it cannot be copied there, or, which the text says, when the block's
                work is done and this is not.
        """
        history = directory / HISTORY_NAME
        new = history.with_name(f"{HISTORY_NAME}.restored")
        with copied_beside(Path(self.file), new, _nothing_more):
            yield
            try:
                self.aside = put_former_aside(history)
                replace_ledger(history, new)
            except (OSError, StoreError) as error:
                raise StoreError(
                    f"{history}: is the former history still, and the ledger is put back: {error}"
                ) from error


def _nothing_more(_copy: sqlite3.Connection) -> None:
    """A history has no page that says when it was copied: its newest hour does."""
