"""The ledger's database: one writer, and durable once a transaction has ended.

It is a SQLite file, or a PostgreSQL database; what is particular to each is in its backend.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.config.store import Store
from agent.store import StoreError, UnavailableError, directory, schema
from agent.store.backend import Backend, NotHeldError, UncertainError
from agent.store.sqlite.backend import SqliteBackend
from agent.store.trouble import BLOCKING, LASTING, Trouble

if TYPE_CHECKING:
    from agent.store.postgresql.lease_keeper import LeaseKeeper

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_NAMES_A_STATEMENT = 500
"""SQLite before 3.32 takes at most 999 parameters in a statement."""

_PROBE_PAGE = "ledger/probe"
_PROBE_BYTES = 256 * 1024
"""Bytes that a probe writes while something is wrong."""
_GOOD_PROBES = 3
"""Probes in a row that must succeed before trouble is over."""
_BLOCKED_SECONDS = 5.0
"""How long transactions are refused untried after the last one that found the ledger unusable."""
_OF_ONE_READ = frozenset({Trouble.SLOW, Trouble.STANDBY})
"""Troubles that one read may have while the ledger can be written."""


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
    """The agent's ledger. Make one with :meth:`open`.

    Args:
        data_dir: The agent's data directory.
        store: Says where the ledger is.
        directory_lock: The lock of the directory, which is held until the ledger is closed.
    """

    def __init__(
        self, data_dir: Path, store: Store, directory_lock: directory.DirectoryLock
    ) -> None:
        self.path = data_dir / directory.LEDGER_NAME
        """The ledger's file, where it is SQLite's."""
        self.lost = asyncio.Event()
        """Set when another agent has taken the ledger over: this one must end."""
        self._directory_lock = directory_lock
        self._backend = self._backend_of(store)
        self._lock = asyncio.Lock()
        self._trouble: Trouble | None = None
        self._blocked_until = 0.0
        self._good_probes = 0
        self.on_turn: Callable[[], None] = lambda: None
        """Called when the ledger can no longer be written, and when it can again."""

    @classmethod
    async def open(cls, data_dir: Path, store: Store | None = None) -> "Database":
        """Open the ledger that ``store`` names, by default the one in ``data_dir``.

        It is made, migrated and checked as needed.

        Raises:
            StoreError: when the directory cannot be used, another agent holds it or its ledger, or
                the ledger is locked, out of reach, damaged, another program's or a newer
                numwatch's.
        """
        store = store or Store()
        directory.make_private(data_dir, with_ledger=store.url is None)
        database = cls(data_dir, store, directory.lock_directory(data_dir))
        try:
            await database._backend.open()
        except BaseException:
            await database.close()
            raise
        return database

    def _backend_of(self, store: Store) -> Backend:
        if store.url is None:
            return SqliteBackend(self.path)
        # What no PostgreSQL needs is not loaded.
        from agent.store.postgresql.backend import PostgresqlBackend  # noqa: PLC0415 - see above

        return PostgresqlBackend(store, self._taken_over)

    async def close(self) -> None:
        """Close every connection, and let the next agent in."""
        await self._backend.close()
        self._directory_lock.close()

    @property
    def name(self) -> str:
        """What errors and logs call the ledger: its file, or its address without the password."""
        return self._backend.name

    @property
    def lease_keeper(self) -> "LeaseKeeper | None":
        """What keeps the leases of a replica; ``None`` where one agent has the ledger."""
        return self._backend.shared_leases

    @property
    def trouble(self) -> str | None:
        """Why the ledger cannot be written, with what to do; ``None`` while it can."""
        return None if self._trouble is None else f"{self.name}: {self._trouble.reason}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction: all of the block is stored, or nothing.

        Use it only inside work that :func:`uninterrupted` or :func:`finish` protects. While
        another process has the ledger locked, it was deleted or is out of reach, it is refused at
        once: work that waited in turn would stop every page.

        Raises:
            UnavailableError: when the ledger as a whole cannot be used now.
            StoreError: when the database refuses; nothing of the block was stored.
        """
        self._refuse_while_blocked()
        async with self._lock:
            # Again: the one before may have found out why it waited.
            self._refuse_while_blocked()
            async with self._using(self._backend.writing()) as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction that only reads, from one moment.

        It does not wait for those that write where the database can do that. Otherwise it is as
        :meth:`transaction`.

        Raises:
            UnavailableError: when the ledger as a whole cannot be used now.
            StoreError: when the database refuses.
        """
        if not self._backend.reads_beside_writes:
            async with self.transaction() as connection:
                yield connection
            return
        self._refuse_while_blocked()
        async with self._using(self._backend.reading(), ignoring=_OF_ONE_READ) as connection:
            yield connection

    @uninterrupted
    async def forget_deleted(self, *, rewrite: bool = False) -> None:
        """Leave nothing of deleted rows in the ledger's files, as far as the database can.

        Args:
            rewrite: Write the whole file anew; everybody waits for that.

        Raises:
            StoreError: when the database refuses.
        """
        async with self._lock:
            try:
                await self._backend.forget_deleted(rewrite=rewrite)
            except self._backend.errors as error:
                raise self._failure(error, ()) from error

    @uninterrupted
    async def probe(self) -> None:
        """Write a little, to see whether the ledger can be written; :attr:`trouble` has the result.

        Anything else that is written shows it too; this is for quiet times and for the way back.
        """
        try:
            async with self._lock, self._using(self._backend.writing()) as connection:
                size = 1 if self._trouble is None else _PROBE_BYTES
                await _put(connection, _PROBE_PAGE, bytes(size))
        except StoreError:
            return
        # A full disk still has room in what SQLite uses again: one write that succeeds says little.
        self._good_probes += 1
        if self._good_probes >= _GOOD_PROBES:
            self._note(None)

    @asynccontextmanager
    async def _using(
        self,
        opening: AbstractAsyncContextManager[AsyncConnection],
        ignoring: Collection[Trouble] = (),
    ) -> AsyncIterator[AsyncConnection]:
        try:
            async with opening as connection:
                yield connection
            if self._trouble in BLOCKING:
                self._note(None)
        except self._backend.errors as error:
            raise self._failure(error, ignoring) from error

    def _failure(self, error: BaseException, ignoring: Collection[Trouble]) -> StoreError:
        """The error for callers; what it says about the ledger as a whole is noted.

        Troubles in ``ignoring`` say nothing about the whole.
        """
        place, trouble = self._backend.place_of(error), self._backend.trouble_of(error)
        outcome = "nothing was changed"
        if isinstance(error, UncertainError):
            outcome = "whether it was stored is not known"
        if isinstance(error, NotHeldError):
            # Nothing is wrong with the ledger; whoever writes has been told, or is about to be.
            return UnavailableError(f"{place}: {error}; {outcome}")
        if trouble is None or trouble in ignoring:
            return StoreError(f"{place}: {_cause(error)}; {outcome}")
        self._note(trouble)
        return UnavailableError(f"{place}: {trouble.reason}; {outcome}")

    def _taken_over(self) -> None:
        self._note(Trouble.TAKEN_OVER)

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
        if former in LASTING or former is trouble:
            return
        self._trouble = trouble
        if trouble is None:
            log.info("ledger_writable", path=self.name)
        else:
            log.error("ledger_unwritable", path=self.name, reason=trouble.reason)
        if trouble is Trouble.TAKEN_OVER:
            self.lost.set()
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
        async with self.reading() as connection:
            row = await connection.execute(
                select(schema.pages.c.value).where(schema.pages.c.name == name)
            )
            return row.scalar_one_or_none()

    @uninterrupted
    async def pages(self, prefix: str) -> list[tuple[str, bytes]]:
        """The name and value of every page whose name begins with ``prefix``."""
        async with self.reading() as connection:
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


def _cause(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error)
