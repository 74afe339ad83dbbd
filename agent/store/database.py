"""The ledger's database: one connection, one writer, durable once a transaction has ended.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives a power
failure. Reads share the one connection with writes and checkpoints, which also avoids the
write-ahead-log reset bug of SQLite before 3.51.3.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.store import StoreError, UnavailableError, directory, schema
from agent.store.engine import sqlite_engine
from agent.store.migrate import migrate
from agent.store.trouble import BLOCKING, Trouble, files_of, missing_file, trouble_of

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_NAMES_A_STATEMENT = 500
"""SQLite before 3.32 takes at most 999 parameters in a statement."""

_PRAGMAS = (
    "PRAGMA busy_timeout=2000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)

_PROBE_PAGE = "ledger/probe"
_PROBE_BYTES = 256 * 1024
"""Bytes that a probe writes while something is wrong."""
_GOOD_PROBES = 3
"""Probes in a row that must succeed before trouble is over."""
_BLOCKED_SECONDS = 5.0
"""How long transactions are refused untried after the last one that found the ledger locked."""


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

    def __init__(
        self, path: Path, engine: AsyncEngine, directory_lock: directory.DirectoryLock
    ) -> None:
        self.path = path
        self._engine = engine
        self._directory_lock = directory_lock
        self._lock = asyncio.Lock()
        self._files: dict[Path, tuple[int, int]] = {}
        self._trouble: Trouble | None = None
        self._blocked_until = 0.0
        self._good_probes = 0
        self.on_turn: Callable[[], None] = lambda: None
        """Called when the ledger can no longer be written, and when it can again."""

    @classmethod
    async def open(cls, data_dir: Path) -> "Database":
        """Open the ledger in ``data_dir``; make, migrate and check it as needed.

        Raises:
            StoreError: when the directory cannot be used, another agent holds it, or its
                ledger is locked, damaged, another program's or a newer numwatch's.
        """
        directory.make_private(data_dir)
        lock = directory.lock_directory(data_dir)
        path = data_dir / directory.LEDGER_NAME
        database = cls(path, sqlite_engine(path, _PRAGMAS), lock)
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
                # Every page is read, an index is not compared with its table: that is left to
                # the backup, because it takes minutes for a large ledger.
                result = await connection.execute(text("PRAGMA quick_check(1)"))
                damage = str(result.scalar_one())
        except DBAPIError as error:
            trouble = trouble_of(error.orig)
            reason = trouble.reason if trouble else str(error.orig)
            raise UnavailableError(
                f"{self.path}: {reason}", passes=trouble is not None and trouble.passes
            ) from error
        except UnicodeDecodeError as error:
            # SQLite's own words quote the damaged page, and the driver reads them as UTF-8.
            raise UnavailableError(
                f"{self.path}: {Trouble.DAMAGED.reason}", passes=False
            ) from error
        if damage != "ok":
            reason = Trouble.DAMAGED.reason
            raise UnavailableError(f"{self.path}: {reason} ({damage})", passes=False)
        self._files = files_of(self.path)

    async def close(self) -> None:
        """Close the connection and unlock the data directory."""
        # SQLite removes its write-ahead log with the last connection.
        self._files = {}
        await self._engine.dispose()
        self._directory_lock.close()

    @property
    def trouble(self) -> str | None:
        """Why the ledger cannot be written, with what to do; ``None`` while it can."""
        return None if self._trouble is None else f"{self.path}: {self._trouble.reason}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction: all of the block is stored, or nothing.

        Use it only inside work that :func:`uninterrupted` or :func:`finish` protects. While
        another process has the ledger locked, or it was deleted, it is refused at once: work that
        waited in turn would stop every page.

        Raises:
            UnavailableError: when the ledger as a whole cannot be used now.
            StoreError: when the database refuses; nothing of the block was stored.
        """
        self._refuse_while_blocked()
        async with self._lock:
            # Again: the one before may have found out why it waited.
            self._refuse_while_blocked()
            async with self._connection() as connection:
                yield connection

    @uninterrupted
    async def probe(self) -> None:
        """Write a little, to see whether the ledger can be written; :attr:`trouble` has the result.

        Anything else that is written shows it too; this is for quiet times and for the way back.
        """
        try:
            async with self._lock, self._connection() as connection:
                size = 1 if self._trouble is None else _PROBE_BYTES
                await _put(connection, _PROBE_PAGE, bytes(size))
        except StoreError:
            return
        # A full disk still has room in what SQLite uses again: one write that succeeds says little.
        self._good_probes += 1
        if self._good_probes >= _GOOD_PROBES:
            self._note(None)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        missing = missing_file(self._files)
        if missing is not None:
            self._note(Trouble.DELETED)
            raise UnavailableError(f"{missing}: {Trouble.DELETED.reason}; nothing was changed")
        try:
            async with self._engine.begin() as connection:
                yield connection
            if self._trouble in BLOCKING:
                self._note(None)
        except SQLAlchemyError as error:
            trouble = trouble_of(getattr(error, "orig", None))
            if trouble is None:
                raise StoreError(f"{self.path}: {_cause(error)}; nothing was changed") from error
            self._note(trouble)
            raise UnavailableError(f"{self.path}: {trouble.reason}; nothing was changed") from error

    def _refuse_while_blocked(self) -> None:
        # For a while only: where nothing probes, the next one to write finds out for itself.
        if self._trouble in BLOCKING and time.monotonic() < self._blocked_until:
            raise UnavailableError(f"{self.trouble}; nothing was changed")

    def _note(self, trouble: Trouble | None) -> None:
        """Note how it is now; log it when it has changed."""
        former = self._trouble
        if trouble is not None:
            self._good_probes = 0
        self._blocked_until = time.monotonic() + _BLOCKED_SECONDS
        # Damage does not heal because another page can be written.
        if former is Trouble.DAMAGED or former is trouble:
            return
        self._trouble = trouble
        if trouble is None:
            log.info("ledger_writable", path=str(self.path))
        else:
            log.error("ledger_unwritable", path=str(self.path), reason=trouble.reason)
        self.on_turn()

    @uninterrupted
    async def put(self, name: str, value: bytes) -> None:
        """Store ``value`` as the page ``name``, replacing it if it exists."""
        async with self.transaction() as connection:
            await _put(connection, name, value)

    @uninterrupted
    async def replace(self, changed: Mapping[str, bytes], gone: Collection[str]) -> None:
        """Store the pages ``changed`` and delete those named ``gone``, all or nothing."""
        names = [*changed, *gone]
        async with self.transaction() as connection:
            for start in range(0, len(names), _NAMES_A_STATEMENT):
                batch = schema.pages.c.name.in_(names[start : start + _NAMES_A_STATEMENT])
                await connection.execute(delete(schema.pages).where(batch))
            if changed:
                rows = [{"name": name, "value": value} for name, value in changed.items()]
                await connection.execute(insert(schema.pages), rows)

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


async def _put(connection: AsyncConnection, name: str, value: bytes) -> None:
    page = schema.pages.c.name == name
    result = await connection.execute(update(schema.pages).where(page).values(value=value))
    if result.rowcount == 0:
        await connection.execute(insert(schema.pages).values(name=name, value=value))


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)
