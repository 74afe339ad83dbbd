"""A ledger in a SQLite file: one connection, one process, durable once a transaction has ended.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives a power
failure. Reads share the one connection with writes and checkpoints, which also avoids the
write-ahead-log reset bug of SQLite before 3.51.3.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store import UnavailableError
from agent.store.migrate import migrate
from agent.store.sqlite.engine import sqlite_engine
from agent.store.trouble import Trouble, files_of, missing_file, trouble_of

log = structlog.get_logger(__name__)

PRAGMAS = (
    "PRAGMA busy_timeout=2000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # What was deleted is overwritten: nothing of a purged row stays in the pages it was in.
    "PRAGMA secure_delete=ON",
)


class LedgerDeletedError(Exception):
    """A file of the ledger is no longer the one that was opened; SQLite would not notice."""

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        self.file = file


class SqliteBackend:
    """The ledger's file ``path``, whose directory the caller has locked."""

    errors: tuple[type[BaseException], ...] = (
        SQLAlchemyError,
        LedgerDeletedError,
        sqlite3.Error,
    )
    reads_beside_writes = False
    shared_leases = None

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._engine = sqlite_engine(path, PRAGMAS)
        self._files: dict[Path, tuple[int, int]] = {}

    async def open(self) -> None:
        """Make, migrate and check the file.

        Raises:
            StoreError: when it is locked, damaged, another program's or a newer numwatch's.
        """
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(migrate, self.name)
                # Every page is read, an index is not compared with its table: that is left to
                # the backup, because it takes minutes for a large ledger.
                result = await connection.execute(text("PRAGMA quick_check(1)"))
                damage = str(result.scalar_one())
        except DBAPIError as error:
            trouble = trouble_of(error.orig)
            reason = trouble.reason if trouble else str(error.orig)
            raise UnavailableError(
                f"{self.name}: {reason}", passes=trouble is not None and trouble.passes
            ) from error
        except UnicodeDecodeError as error:
            # SQLite's own words quote the damaged page, and the driver reads them as UTF-8.
            raise UnavailableError(
                f"{self.name}: {Trouble.DAMAGED.reason}", passes=False
            ) from error
        if damage != "ok":
            reason = Trouble.DAMAGED.reason
            raise UnavailableError(f"{self.name}: {reason} ({damage})", passes=False)
        self._files = files_of(self._path)
        log.info("ledger_opened", path=self.name, sqlite_version=sqlite3.sqlite_version)

    async def close(self) -> None:
        """Close the connection."""
        # SQLite removes its write-ahead log with the last connection.
        self._files = {}
        await self._engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction; one at a time.

        Raises:
            LedgerDeletedError: when a file of the ledger was deleted or replaced.
        """
        missing = missing_file(self._files)
        if missing is not None:
            raise LedgerDeletedError(missing)
        async with self._engine.begin() as connection:
            yield connection

    reading = writing

    async def forget_deleted(self, *, rewrite: bool) -> None:
        """Empty the write-ahead log, which has former contents, into the file.

        With ``rewrite`` the file is written anew: what earlier versions left in free pages, and
        what was moved between pages, is gone too. That takes time, and room for a second file.
        """
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            if rewrite:
                await driver.execute("VACUUM")
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def trouble_of(self, error: BaseException) -> Trouble | None:
        """What ``error`` says about the ledger; ``None`` where a statement was wrong."""
        if isinstance(error, LedgerDeletedError):
            return Trouble.DELETED
        return trouble_of(getattr(error, "orig", error))

    def place_of(self, error: BaseException) -> str:
        """The file that is gone, or the ledger's."""
        return str(error.file) if isinstance(error, LedgerDeletedError) else self.name
