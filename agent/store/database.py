"""The ledger's database: one connection, one writer, durable once a transaction has ended.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives a power
failure. Reads share the one connection with writes and checkpoints, which also avoids the
write-ahead-log reset bug of SQLite before 3.51.3.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, event, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from agent.store import StoreError, directory, schema
from agent.store.migrate import migrate

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``; a cancellation takes effect only after ``work`` has ended.

    A cancellation in the middle of a statement would leave it unknown whether the work was done,
    and the pool would open a second connection beside the one that is being torn down.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled():
            # Retrieved here, or asyncio would log it: the caller gets the cancellation instead.
            task.exception()
        raise


def uninterrupted(
    method: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """A decorator: ``method``, always run to its end once started."""

    @wraps(method)
    async def uncancelled(*args: P.args, **kwargs: P.kwargs) -> T:
        return await finish(method(*args, **kwargs))

    return uncancelled


class Database:
    """The agent's ledger on disk. Make one with :meth:`open`."""

    def __init__(self, path: Path, engine: AsyncEngine, lock_file: IO[str]) -> None:
        self.path = path
        self._engine = engine
        self._lock_file = lock_file
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path) -> "Database":
        """Open the ledger in ``data_dir``; make and migrate it as needed.

        Raises:
            StoreError: when the directory cannot be used, another agent holds it, or its
                ledger is damaged, another program's or a newer numwatch's.
        """
        directory.make_private(data_dir)
        lock_file = directory.lock_directory(data_dir)
        path = data_dir / directory.LEDGER_NAME
        database = cls(path, _engine(path), lock_file)
        try:
            await database._migrate()
        except BaseException:
            await database.close()
            raise
        log.info("ledger_opened", path=str(path), sqlite_version=sqlite3.sqlite_version)
        return database

    async def _migrate(self) -> None:
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
        """Close the connection and unlock the data directory."""
        await self._engine.dispose()
        self._lock_file.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction: all of the block is stored, or nothing.

        Use it only inside work that :func:`uninterrupted` or :func:`finish` protects.

        Raises:
            StoreError: when the database refuses; nothing of the block was stored.
        """
        async with self._lock:
            try:
                async with self._engine.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                raise StoreError(f"{self.path}: {_cause(error)}; nothing was changed") from error

    @uninterrupted
    async def put(self, name: str, value: bytes) -> None:
        """Store ``value`` as the page ``name``, replacing it if it exists."""
        page = schema.pages.c.name == name
        async with self.transaction() as connection:
            result = await connection.execute(update(schema.pages).where(page).values(value=value))
            if result.rowcount == 0:
                await connection.execute(insert(schema.pages).values(name=name, value=value))

    @uninterrupted
    async def get(self, name: str) -> bytes | None:
        """The page ``name``, or ``None``."""
        async with self.transaction() as connection:
            row = await connection.execute(
                select(schema.pages.c.value).where(schema.pages.c.name == name)
            )
            return row.scalar_one_or_none()

    @uninterrupted
    async def pages(self, prefix: str) -> list[tuple[str, bytes]]:
        """The name and value of every page whose name begins with ``prefix``."""
        async with self.transaction() as connection:
            rows = await connection.execute(
                select(schema.pages.c.name, schema.pages.c.value).where(
                    schema.pages.c.name.startswith(prefix, autoescape=True)
                )
            )
            return [(str(name), bytes(value)) for name, value in rows]


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
