"""The data directory: private to its owner, and locked by one agent at a time."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import structlog

from agent.store import InUseError, StoreError

log = structlog.get_logger(__name__)

LEDGER_NAME = "ledger.db"
HISTORY_NAME = "history.db"
LOCK_NAME = "agent.lock"
TOKEN_NAME = "access.token"  # nosec B105 # the name of the file that holds it
CERTIFICATE_NAME = "served-certificate.pem"
PRIVATE_NAMES = (
    *(LEDGER_NAME, f"{LEDGER_NAME}-wal", f"{LEDGER_NAME}-shm", f"{LEDGER_NAME}-journal"),
    *(LOCK_NAME, TOKEN_NAME, CERTIFICATE_NAME),
    *(HISTORY_NAME, f"{HISTORY_NAME}-wal", f"{HISTORY_NAME}-shm", f"{HISTORY_NAME}-journal"),
)
"""The files that are for the owner alone; what else lies in the directory is somebody else's."""

OTHERS = 0o077
"""The permissions of everybody but the owner."""


class DirectoryLock:
    """Holds the data directory until it is closed. Make one with :func:`lock_directory`."""

    def __init__(self, *descriptors: int) -> None:
        self._descriptors = descriptors

    def acquire(self) -> None:
        """Lock the file and the directory.

        Raises:
            OSError: when another process holds one of them.
        """
        for descriptor in self._descriptors:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Unlock the directory."""
        for descriptor in self._descriptors:
            os.close(descriptor)


def make_private(directory: Path, *, with_ledger: bool = True) -> None:
    """Make ``directory`` if it is missing; it and the agent's files in it become the owner's alone.

    Unless it is elsewhere, the ledger is made here, empty, because SQLite gives its write-ahead log
    and the index of it the permissions that the ledger has.

    Raises:
        StoreError: when it cannot be made, or is not a directory, or the ledger is a link.
    """
    missing = [it for it in (directory, *directory.parents) if not it.exists()]
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for made in missing:
            sync_directory(made.parent)
    except OSError as error:
        raise StoreError(
            f"{directory}: the data directory cannot be made ({error.strerror});"
            " set data_dir to a place this user may write to"
        ) from error
    withdraw_from_others(directory)
    if with_ledger:
        _make_ledger(directory / LEDGER_NAME)
    for name in PRIVATE_NAMES:
        withdraw_from_others(directory / name)


def holder_of(directory: Path) -> str | None:
    """The number of the process that holds ``directory``; ``None`` when none does.

    Nothing is made or changed.

    Raises:
        StoreError: when what stands in the lock's place is not the agent's.
    """
    path = directory / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _not_a_lock(path) from error
        raise StoreError(f"{path}: the lock cannot be opened ({error.strerror})") from error
    lock = DirectoryLock(descriptor)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise _not_a_lock(path)
        lock.acquire()
    except BlockingIOError:
        return _signature(descriptor)
    finally:
        lock.close()
    return None


def _signature(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"


def sync_directory(directory: Path) -> None:
    """Write the names in ``directory`` to the disk, so that new files outlive a power cut.

    Raises:
        OSError: when it cannot be opened or written.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_directory(directory: Path) -> DirectoryLock:
    """Lock ``directory`` until the returned lock is closed.

    The kernel releases the lock of a killed process, so nothing is left to clean up. The directory
    itself is locked beside the file in it: a file that is removed would let a second agent in.

    Raises:
        InUseError: when another process holds it.
        StoreError: when the lock file is not the agent's, or cannot be written.
    """
    path = directory / LOCK_NAME
    file = _open_lock_file(path)
    try:
        lock = DirectoryLock(file, os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        os.close(file)
        raise StoreError(f"{directory}: cannot be opened ({error.strerror})") from error
    try:
        lock.acquire()
    except OSError as error:
        holder = _signature(file)
        lock.close()
        raise InUseError(
            f"{directory}: in use by another numwatch agent (process {holder});"
            " stop it, or give this one a data_dir of its own"
        ) from error
    try:
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        # Who holds it is a courtesy to the next one; a full disk is reported where it matters.
        log.warning("lock_not_signed", path=str(path), error=error.strerror)
    return lock


def _open_lock_file(path: Path) -> int:
    """The descriptor of the lock file; never that of another file that stands in its place.

    Raises:
        StoreError: when it is a link, no file, or cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR}:
            raise _not_a_lock(path) from error
        raise StoreError(
            f"{path}: the lock cannot be opened ({error.strerror});"
            " the data directory must be writable for this user"
        ) from error
    status = os.fstat(descriptor)
    # It is about to be truncated: under a second name it may be anybody's file.
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        raise _not_a_lock(path)
    os.fchmod(descriptor, 0o600)
    return descriptor


def _not_a_lock(path: Path) -> StoreError:
    return StoreError(
        f"{path}: is a link or not a file, and no lock of an agent; it was not touched:"
        " remove it after finding out who made it"
    )


def _make_ledger(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoreError(
                f"{path}: is a symbolic link; put the ledger itself there, or set data_dir to the"
                " directory in which it is"
            ) from error
        if error.errno != errno.ENOSPC:
            # What it is, SQLite says when it opens the ledger.
            log.warning("ledger_not_made", path=str(path), error=error.strerror)


def withdraw_from_others(path: Path) -> None:
    """Take the permissions of everybody but the owner from ``path``, where it exists."""
    try:
        status = path.lstat()
    except OSError:
        return
    is_own_kind = stat.S_ISDIR(status.st_mode) or (
        stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    )
    if not is_own_kind or not status.st_mode & OTHERS:
        return
    was = f"{stat.S_IMODE(status.st_mode):04o}"
    try:
        path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
    except OSError as error:
        # A volume may belong to somebody else, with the permissions given to our group.
        log.warning("not_private", path=str(path), mode=was, error=error.strerror)
    else:
        log.warning("made_private", path=str(path), was=was)
