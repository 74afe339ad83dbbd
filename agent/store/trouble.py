"""What can be wrong with the ledger as a whole, and how it is recognized."""

import os
import sqlite3
from enum import Enum, unique
from pathlib import Path


@unique
class Trouble(Enum):
    """Why the ledger cannot be used, in words that say what to do."""

    LOCKED = "locked"
    FULL = "full"
    REFUSED = "refused"
    READ_ONLY = "read_only"
    DELETED = "deleted"
    DAMAGED = "damaged"
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    STANDBY = "standby"
    SERVER_FULL = "server_full"
    NOT_ALLOWED = "not_allowed"
    TAKEN_OVER = "taken_over"

    @property
    def reason(self) -> str:
        """What is wrong and what to do."""
        return _REASONS[self]

    @property
    def passes(self) -> bool:
        """Whether the same may succeed a little later."""
        return self in _PASSING


_PASSING = frozenset(
    {
        *(Trouble.LOCKED, Trouble.FULL, Trouble.REFUSED),
        *(Trouble.UNREACHABLE, Trouble.SLOW, Trouble.STANDBY, Trouble.SERVER_FULL),
        Trouble.TAKEN_OVER,
    }
)
_REASONS = {
    Trouble.LOCKED: "locked by another process; find it with fuser -v on this file and let it end;"
    " the agent tries again by itself",
    Trouble.FULL: "the disk is full, or a quota is reached; make room;"
    " the agent tries again by itself",
    Trouble.REFUSED: "the disk refuses to read or write it, or has turned read-only; see the"
    " system's log (dmesg) for the disk; the agent tries again by itself",
    Trouble.READ_ONLY: "not writable for this user, or on a disk that is mounted read-only;"
    " correct its owner, its permissions or the mount",
    Trouble.DELETED: "deleted or replaced while the agent runs, so that everything written now"
    " would be lost; put it back, or restart the agent, with a backup if there is one",
    Trouble.DAMAGED: "damaged, or not a ledger; stop the agent, then numwatch doctor --repair saves"
    " what can be read, or numwatch restore puts a backup back (docs/backup.md)",
    Trouble.UNREACHABLE: "the database cannot be reached; see that it runs and that store.url"
    " leads to it; the agent tries again by itself",
    Trouble.SLOW: "the database took longer than store.statement_timeout or"
    " store.connect_timeout; see what holds it up (pg_stat_activity); the agent tries again by"
    " itself",
    Trouble.STANDBY: "the server takes no writes because it is a standby or set read-only; name all"
    " servers in store.url with target_session_attrs=read-write; the agent tries again by itself",
    Trouble.SERVER_FULL: "the server has no disk, memory or connections left; see its log, and"
    " store.connections; the agent tries again by itself",
    Trouble.NOT_ALLOWED: "the server does not let this user in, or not at this database; correct"
    " store.url, or grant what is missing (docs/scale.md)",
    Trouble.TAKEN_OVER: "another agent has taken the ledger over, because this one did not renew"
    " its lease in time; this one stops, and starts anew when the other has ended",
}
BLOCKING = frozenset(
    {Trouble.LOCKED, Trouble.DELETED, Trouble.UNREACHABLE, Trouble.SLOW, Trouble.TAKEN_OVER}
)
"""Troubles in which a transaction is refused without being tried."""
LASTING = frozenset({Trouble.DAMAGED, Trouble.TAKEN_OVER})
"""Troubles that are not over because something could be written."""

_BY_CODE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR: Trouble.REFUSED,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Trouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_PRIMARY = 0xFF
"""The primary result code within an extended one."""


def trouble_of(error: object) -> Trouble | None:
    """The trouble that SQLite's ``error`` is a sign of; ``None`` where a statement was wrong."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _BY_CODE.get(code & _PRIMARY)


def files_of(path: Path) -> dict[Path, tuple[int, int]]:
    """The ledger's files with what identifies each on its disk."""
    files = {}
    for file in (path, path.with_name(f"{path.name}-wal")):
        status = _status(file)
        if status is not None:
            files[file] = (status.st_dev, status.st_ino)
    return files


def missing_file(files: dict[Path, tuple[int, int]]) -> Path | None:
    """The first of ``files`` that is no longer the one it was; SQLite would not notice."""
    for file, identity in files.items():
        status = _status(file)
        if status is None or (status.st_dev, status.st_ino) != identity:
            return file
    return None


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None
