"""The data directory: private to its owner, and locked by one agent at a time."""

import fcntl
import os
from pathlib import Path
from typing import IO

from agent.store import InUseError, StoreError

LEDGER_NAME = "ledger.db"
LOCK_NAME = "agent.lock"


def make_private(directory: Path) -> None:
    """Make ``directory`` if it is missing, accessible to its owner alone.

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


def lock_directory(directory: Path) -> IO[str]:
    """Lock ``directory`` until the returned file is closed.

    The kernel releases the lock of a killed process, so nothing is left to clean up.

    Raises:
        InUseError: when another process holds it.
        StoreError: when the lock file cannot be written.
    """
    path = directory / LOCK_NAME
    try:
        # No context manager: closing the file releases the lock.
        lock_file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    except OSError as error:
        raise StoreError(
            f"{path}: the lock cannot be opened ({error.strerror});"
            " the data directory must be writable for this user"
        ) from error
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = lock_file.read().strip() or "unknown"
        lock_file.close()
        raise InUseError(
            f"{directory}: in use by another numwatch agent (process {holder});"
            " stop it, or give this one a data_dir of its own"
        ) from error
    lock_file.truncate(0)
    lock_file.write(f"{os.getpid()}\n")
    lock_file.flush()
    return lock_file
