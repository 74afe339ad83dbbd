"""The data directory: made private, and held by one agent at a time."""

import fcntl
import os
from pathlib import Path
from typing import IO

from agent.store.errors import InUseError, StoreError

LEDGER_NAME = "ledger.db"
LOCK_NAME = "agent.lock"


def prepare(directory: Path) -> None:
    """Make ``directory`` if it is missing, readable by its owner alone.

    Raises:
        StoreError: when it cannot be made, or is not a directory.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{directory}: the data directory cannot be made ({error.strerror});"
            " set data_dir to a place this user may write to"
        ) from error


def acquire(directory: Path) -> IO[str]:
    """Take the data directory's lock; it is held until the file given back is closed.

    A killed process loses the lock with its life, so nothing is left to clean up.

    Raises:
        InUseError: when another process holds it.
        StoreError: when the lock file cannot be written.
    """
    path = directory / LOCK_NAME
    try:
        # The file stays open as long as the lock is held.
        lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    except OSError as error:
        raise StoreError(
            f"{path}: the lock cannot be opened ({error.strerror});"
            " the data directory must be writable for this user"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise InUseError(
            f"{directory}: in use by another numwatch agent (process {holder});"
            " stop it, or give this one a data_dir of its own"
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
