"""The history's database: a SQLite file of its own beside the ledger.

What is lost of it costs nobody a ticket, so a commit waits for no disk (``synchronous=NORMAL``:
whole after a power cut, perhaps without its last hour), and a damaged file is put aside.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.history.hours import HistoryError
from agent.store import StoreError
from agent.store.directory import HISTORY_NAME
from agent.store.migrate import migrate
from agent.store.sqlite.engine import sqlite_engine
from agent.store.trouble import Trouble, trouble_of

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
"""The folder of the steps that make the tables."""
_PRAGMAS = (
    "PRAGMA busy_timeout=2000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    # Pages of numbers lie all over a large file: an hour touches many of them.
    "PRAGMA cache_size=-65536",
)
_ASIDE = ".damaged"


class HistoryDatabase:
    """One connection to the history. Make one with :meth:`open`."""

    def __init__(self, path: Path, engine: AsyncEngine) -> None:
        self.path = path
        self._engine = engine
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path) -> "HistoryDatabase":
        """Open the history in ``data_dir``, which its agent has locked; make it as needed.

        A damaged one, or one of a newer numwatch, is put aside and a new one begun; the log says
        so.

        Raises:
            HistoryError: when it cannot be opened now, or none can be made.
        """
        path = data_dir / HISTORY_NAME
        try:
            return await cls._open(path)
        except StoreError as error:
            aside = path.with_name(path.name + _ASIDE)
            log.error("history_put_aside", path=str(path), aside=str(aside), reason=str(error))  # noqa: TRY400 - the text says it
        try:
            _put_aside(path)
            return await cls._open(path)
        except (OSError, StoreError) as error:
            raise HistoryError(f"{path}: {error}") from error

    @classmethod
    async def _open(cls, path: Path) -> "HistoryDatabase":
        database = cls(path, sqlite_engine(path, _PRAGMAS))
        try:
            # Made here, so that it and the files beside it are their owner's alone.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            async with database._engine.begin() as connection:
                await connection.run_sync(migrate, str(path), MIGRATIONS)
        except BaseException as error:
            await database.close()
            if isinstance(error, SQLAlchemyError | OSError | UnicodeDecodeError):
                raise _failure(path, error) from error
            raise
        return database

    async def close(self) -> None:
        """Close the connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction: all of the block is stored, or nothing.

        Raises:
            HistoryError: when the database refuses.
        """
        async with self._lock:
            try:
                async with self._engine.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                raise HistoryError(str(_failure(self.path, error))) from error


async def execute_many(
    connection: AsyncConnection, statement: str, rows: Iterable[Sequence[object]]
) -> None:
    """Carry ``statement`` out for each of ``rows``.

    They are made and bound in the driver's thread, one by one: whoever waits on the event loop
    does not wait for them.

    Args:
        connection: Inside a transaction.
        statement: SQL with ``?`` for each parameter.
        rows: The parameters; an iterator may compute them.
    """
    try:
        await (await _driver(connection)).executemany(statement, rows)
    except sqlite3.Error as error:
        raise DBAPIError(statement, None, error) from error


async def fetch_all(
    connection: AsyncConnection, query: str, parameters: Sequence[object]
) -> Sequence[tuple[Any, ...]]:
    """All rows of ``query``, made in the driver's thread; fewer at once than readers can wait for.

    Args:
        connection: Inside a transaction.
        query: SQL with ``?`` for each parameter.
        parameters: Their values.
    """
    try:
        return list(await (await _driver(connection)).execute_fetchall(query, parameters))
    except sqlite3.Error as error:
        raise DBAPIError(query, None, error) from error


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


def _failure(path: Path, error: Exception) -> StoreError | HistoryError:
    """A store error where the file itself is at fault, else a history error."""
    cause = getattr(error, "orig", None) or error
    trouble = trouble_of(cause)
    if trouble is Trouble.DAMAGED or isinstance(error, UnicodeDecodeError):
        return StoreError(f"{path}: damaged, or no database ({cause})")
    return HistoryError(f"{path}: {cause if trouble is None else trouble.reason}")


def _put_aside(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(file.with_name(file.name + _ASIDE))
