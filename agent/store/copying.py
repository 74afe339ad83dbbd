"""Copies of the agent's databases, each checked whole before it gets its name."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from agent.store import StoreError
from agent.store.directory import sync_directory
from agent.store.inspection import UNREADABLE, damage_of, open_read_only
from agent.store.salvage import SUFFIXES, put_aside

T = TypeVar("T")


def copy_whole(source: Path, file: Path, finish: Callable[[sqlite3.Connection], T]) -> T:
    """Copy the database ``source`` to ``file``, which must not exist, while it may be written.

    The copy is one moment's: it is read in one transaction, which holds up no writer. It is
    checked whole before ``finish`` completes it and it gets its name.

    Returns:
        What ``finish`` returned.

    Raises:
        StoreError: when the source is damaged, or the file cannot be written.
    """
    refuse_existing(file)
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise StoreError(
            f"{part}: cannot be made ({error.strerror}); choose a folder this user may write to,"
            " and remove what an interrupted backup left"
        ) from error
    try:
        finished = _copy(source, part, finish)
        with part.open("rb") as copied:
            os.fsync(copied.fileno())
        # Not rename, which would replace a file that was made meanwhile.
        os.link(part, file)
        sync_directory(file.parent)
    except UNREADABLE as error:
        raise StoreError(f"{source}: cannot be copied to {file}: {error}") from error
    except OSError as error:
        raise StoreError(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)
    return finished


def refuse_existing(file: Path) -> None:
    """Refuse to make a backup where something is already.

    Raises:
        StoreError: when something is.
    """
    if os.path.lexists(file):
        raise StoreError(f"{file}: exists already; choose another name, or remove it first")


def _copy(source: Path, part: Path, finish: Callable[[sqlite3.Connection], T]) -> T:
    # Read-only: a second connection must neither write nor move the write-ahead log into the
    # source (the write-ahead-log reset bug of SQLite before 3.51.3).
    reading = open_read_only(source)
    with closing(reading), closing(sqlite3.connect(part, isolation_level=None)) as copy:
        reading.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if damage := damage_of(copy):
            raise StoreError(
                f"{source}: damaged ({'; '.join(damage)}); there is no backup of this, keep the"
                " former ones"
            )
        return finish(copy)


@contextmanager
def copied_beside(
    file: Path, new: Path, finish: Callable[[sqlite3.Connection], object]
) -> Iterator[None]:
    """``new`` as a checked copy of ``file`` for its owner alone; removed unless it was moved.

    Raises:
        StoreError: when it cannot be made; nothing else changed then.
    """
    try:
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        shutil.copyfile(file, new)
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA journal_mode=DELETE")
            finish(connection)
            if damage := damage_of(connection, 1):
                raise StoreError(
                    f"{new}: not whole after it was copied ({damage[0]}); nothing changed"
                )
        # The pages that nothing was written into are on the disk too before it gets its name.
        with new.open("rb") as copied:
            os.fsync(copied.fileno())
        yield
    except OSError as error:
        raise StoreError(f"{new}: cannot be written ({error.strerror}); nothing changed") from error
    except UNREADABLE as error:
        raise StoreError(f"{new}: cannot be written ({error}); nothing changed") from error
    finally:
        new.unlink(missing_ok=True)


def put_former_aside(database: Path) -> str:
    """Give the files of ``database`` second names; returns the first; empty where there is none.

    Raises:
        StoreError: when they cannot be had.
    """
    if not database.is_file() or not database.stat().st_size:
        return ""
    with suppress(*UNREADABLE), closing(sqlite3.connect(database)) as connection:
        # Then its file alone is whole, whenever this is interrupted.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = put_aside(database, "before-restore")
    for suffix in SUFFIXES:
        with suppress(OSError):
            aside.with_name(aside.name + suffix).chmod(0o600)
    return str(aside)
