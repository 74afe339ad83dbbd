"""The database: one connection, one writer at a time, durable once a transaction has ended.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives a
power cut. Reads take the same single connection as writes and checkpoints, which also keeps
clear of the write-ahead-log reset fault of SQLite before 3.51.3.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import Connection, delete, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from agent.store import directory, schema
from agent.store.errors import StoreError
from agent.store.migrate import migrate
from agent.store.uninterrupted import uninterrupted

log = structlog.get_logger(__name__)

_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """The agent's ledger on disk. Make one with :meth:`open`."""

    def __init__(self, path: Path, engine: AsyncEngine, lock: IO[str]) -> None:
        self.path = path
        self._engine = engine
        self._lock = lock
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path) -> "Database":
        """Open the ledger in ``data_dir``, making and migrating it as needed.

        Raises:
            StoreError: when the directory cannot be used, another agent holds it, or its
                ledger is damaged, foreign or newer than this program.
        """
        directory.prepare(data_dir)
        lock = directory.acquire(data_dir)
        path = data_dir / directory.LEDGER_NAME
        database = cls(path, _engine(path), lock)
        try:
            await database._start()
        except BaseException:
            await database.close()
            raise
        log.info("ledger_opened", path=str(path), sqlite_version=sqlite3.sqlite_version)
        return database

    async def _start(self) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(migrate, str(self.path))
        except DBAPIError as error:
            raise StoreError(
                f"{self.path}: not a usable ledger ({_cause(error)});"
                " restore it from a backup, or move it away to begin a new one"
            ) from error
        self.path.chmod(0o600)

    async def close(self) -> None:
        """Close the connection and give the data directory free."""
        await self._engine.dispose()
        self._lock.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction: all of the block is kept, or nothing.

        Use it inside :func:`~agent.store.uninterrupted.uninterrupted` work only.

        Raises:
            StoreError: when the database refuses; nothing of the block was kept.
        """
        async with self._turn:
            try:
                async with self._engine.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                raise StoreError(f"{self.path}: {_cause(error)}; nothing was changed") from error

    @uninterrupted
    async def put(self, name: str, value: bytes) -> None:
        """Keep ``value`` under ``name``, in place of what was there."""
        kept = schema.keep.c.name == name
        async with self.transaction() as connection:
            found = await connection.execute(update(schema.keep).where(kept).values(value=value))
            if found.rowcount == 0:
                await connection.execute(insert(schema.keep).values(name=name, value=value))

    @uninterrupted
    async def get(self, name: str) -> bytes | None:
        """What is kept under ``name``, or ``None``."""
        async with self.transaction() as connection:
            row = await connection.execute(
                select(schema.keep.c.value).where(schema.keep.c.name == name)
            )
            return row.scalar_one_or_none()

    @uninterrupted
    async def pages(self, prefix: str) -> list[tuple[str, bytes]]:
        """Everything kept under a name that begins with ``prefix``."""
        async with self.transaction() as connection:
            found = await connection.execute(
                select(schema.keep.c.name, schema.keep.c.value).where(
                    schema.keep.c.name.startswith(prefix, autoescape=True)
                )
            )
            return [(str(name), bytes(value)) for name, value in found]

    @uninterrupted
    async def forget(self, name: str) -> None:
        """Drop what is kept under ``name``, if anything is."""
        async with self.transaction() as connection:
            await connection.execute(delete(schema.keep).where(schema.keep.c.name == name))

    @uninterrupted
    async def check_integrity(self) -> list[str]:
        """What SQLite finds damaged, a line each; empty when the file is sound."""
        async with self.transaction() as connection:
            rows = await connection.execute(text("PRAGMA integrity_check"))
            return [str(row[0]) for row in rows if row[0] != "ok"]


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", poolclass=StaticPool)
    event.listen(engine.sync_engine, "connect", _prepare_connection)
    event.listen(engine.sync_engine, "begin", _begin_immediately)
    return engine


def _prepare_connection(connection: Any, _record: object) -> None:
    # The driver must not begin transactions of its own: it would leave DDL outside of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)
