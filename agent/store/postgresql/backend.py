"""A ledger in PostgreSQL: its migrations, its lease, and the fence of whoever writes."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.config.store import Store, shown_url
from agent.store import InUseError, StoreError, UnavailableError
from agent.store.acting import leases_in_force
from agent.store.backend import FencedError, NotHeldError, UncertainError
from agent.store.leases import (
    AGENT,
    MEMBER,
    RENEWAL_INTERVAL,
    Lease,
    acquire,
    end_stopped_writers,
    fence_all,
    holders,
    holding_of,
    members,
    renew,
    this_place,
)
from agent.store.migrate import migrate
from agent.store.postgresql.engine import (
    LONGEST_PAUSE,
    LONGEST_READING,
    begin_reading,
    limits,
    postgresql_engine,
)
from agent.store.postgresql.lease_keeper import LeaseKeeper
from agent.store.postgresql.trouble import ERRORS, failure_text, postgresql_trouble_of
from agent.store.trouble import Trouble

log = structlog.get_logger(__name__)

_MIGRATION_LOCK = 5_823_406_117
"""The key of the advisory lock, held for one transaction, under which a schema is changed."""
LONGEST_MIGRATION = 600.0
"""Seconds that one step of a migration may take, and the wait for another agent's."""
LONGEST_LOCK = 5.0
"""Seconds that a migration waits for a table in which replicas of the former version read. They
wait behind it meanwhile, so it gives up soon, and the start tries again."""


class PostgresqlBackend:
    """One agent's way into a PostgreSQL database.

    Writing transactions come one at a time, as the caller sees to; those that read go beside them,
    each from a moment of its own.

    Args:
        store: The configuration; its address is set.
        on_lost: Called once when another agent has taken the lease.
    """

    errors: tuple[type[BaseException], ...] = (*ERRORS, FencedError, NotHeldError, UncertainError)
    reads_beside_writes = True

    def __init__(self, store: Store, on_lost: Callable[[], None]) -> None:
        assert store.url is not None
        self.name = shown_url(store.url)
        self._holder = str(uuid.uuid4())
        self._store = store
        self._limits, self._reading_limits = limits(store), limits(store, LONGEST_READING)
        # Writers come one at a time; however many read, one connection is left for them.
        self._writer = postgresql_engine(store, 1)
        self._readers = postgresql_engine(store, store.connections - 1)
        self._on_lost = on_lost
        quick = {
            "statement_timeout": min(store.statement_timeout, RENEWAL_INTERVAL),
            "connect_timeout": min(store.connect_timeout, RENEWAL_INTERVAL),
        }
        renewing = store.model_copy(update=quick)
        # One renews, the other looks and takes, which may take long: an agent alone opens one.
        self._keeper = LeaseKeeper(postgresql_engine(renewing, 2), limits(renewing))
        self._base: Lease | None = None

    @property
    def shared_leases(self) -> LeaseKeeper | None:
        """What keeps the leases of a replica; ``None`` where one agent has the database."""
        return self._keeper if self._store.replicas else None

    async def open(self) -> None:
        """Migrate the database as needed and take its lease, in one transaction.

        Raises:
            StoreError: when it cannot be used, another agent holds it, or it is another program's
                or a newer numwatch's.
        """
        try:
            version = await self._open()
        except self.errors as error:
            trouble = self.trouble_of(error)
            passes = trouble is not None and trouble.passes
            reason = failure_text(error)
            raise UnavailableError(f"{self.name}: {reason}", passes=passes) from error
        log.info("ledger_opened", database=self.name, postgresql_version=version)

    async def _open(self) -> str:
        """Take the ledger and begin to renew the lease; returns the server's version."""
        patient = self._store.model_copy(update={"statement_timeout": LONGEST_MIGRATION})
        engine = postgresql_engine(patient, 1)
        try:
            async with engine.begin() as connection:
                lease = await self._take_over(connection)
                found = await connection.execute(text("SHOW server_version"))
                version = str(found.scalar_one())
                # Making an index of a large table may have taken longer than a lease lasts.
                renewed_at = time.monotonic()
                await renew(connection, [lease])
        finally:
            await engine.dispose()
        self._base = lease
        await self._keeper.start(lease, renewed_at, self._on_lost)
        return version

    async def _take_over(self, connection: AsyncConnection) -> Lease:
        """The lease, and the present schema.

        Before the schema is changed nobody else may work on it; before it is first made there is
        no table of leases.
        """
        await lock_schema(connection)
        there = await connection.execute(text("SELECT to_regclass('leases') IS NOT NULL"))
        if not there.scalar_one():
            await connection.run_sync(migrate, self.name)
            return await self._acquire(connection)
        lease = await self._acquire(connection)
        milliseconds = f"{LONGEST_LOCK * 1000:.0f}"
        await connection.execute(select(func.set_config("lock_timeout", milliseconds, True)))  # noqa: FBT003 - PostgreSQL's order
        await connection.run_sync(migrate, self.name)
        return lease

    async def _acquire(self, connection: AsyncConnection) -> Lease:
        """The lease that this agent has as a whole: of the database, or of a replica among others.

        An agent that shares the database and one that does not exclude each other.
        """
        name = f"{MEMBER}{self._holder}" if self._store.replicas else AGENT
        lease = await acquire(connection, name, self._holder, this_place())
        if self._store.replicas:
            others = await holders(connection, [AGENT])
        else:
            others = {} if lease is None else await members(connection)
        if lease is None:
            # It may be over and locked yet; the next attempt finds it free then.
            await end_stopped_writers(connection, LONGEST_PAUSE)
        if lease is None or others:
            raise await self._in_use(connection, others)
        return lease

    async def _in_use(self, connection: AsyncConnection, others: Mapping[str, str]) -> InUseError:
        holding = await holding_of(connection, AGENT)
        places = others.values() or ([] if holding is None else [holding.place])
        by = f" ({', '.join(sorted(places))})" if places else ""
        share = " store.replicas is not the same for both;" if others else ""
        return InUseError(
            f"{self.name}: in use by another numwatch agent{by};{share} stop it, or give this one a"
            " database of its own; of one that was killed, it is free after 15 seconds"
        )

    async def close(self) -> None:
        """Give the lease back and close every connection."""
        await self._keeper.stop()
        await self._writer.dispose()
        await self._readers.dispose()

    def trouble_of(self, error: BaseException) -> Trouble | None:
        """What ``error`` says about the database; ``None`` where a statement was wrong."""
        if isinstance(error, FencedError):
            return Trouble.TAKEN_OVER
        if isinstance(error, NotHeldError):
            return None
        if isinstance(error, UncertainError):
            return postgresql_trouble_of(error.__cause__ or error) or Trouble.UNREACHABLE
        return postgresql_trouble_of(error)

    def place_of(self, _error: BaseException) -> str:
        """The database."""
        return self.name

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction, under this agent's lease.

        Raises:
            FencedError: when another agent has taken the lease; nothing was written.
            UncertainError: when the connection was lost while the transaction was being committed.
        """
        connection = await _begun(self._writer, self._fence)
        try:
            yield connection
            await _commit(connection)
        except BaseException as error:
            await _give_back(connection, error)
            raise
        # What was committed was stored, whatever becomes of the connection.
        await _give_back(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside one transaction in which nothing can be written.

        All its statements see the database as it was at the first.
        """
        try:
            connection = await _begun(self._readers, self._look)
        except PoolTimeoutError as error:
            raise StoreError(
                f"{self.name}: every connection was in use by other reads; if that lasts, raise"
                " store.connections"
            ) from error
        try:
            yield connection
        except BaseException as error:
            await _give_back(connection, error)
            raise
        # What was read was read, whatever becomes of the connection.
        await _give_back(connection)

    async def forget_deleted(self, *, rewrite: bool) -> None:
        """Nothing: the server frees deleted rows by itself, and its files are its own."""

    async def _fence(self, connection: AsyncConnection) -> None:
        held = self._in_force()
        statement = fence_all(held).add_columns(*self._limits)
        found = {row[0] for row in await connection.execute(statement)}
        for lease in held:
            if lease.name not in found:
                raise FencedError(f"the lease {lease.name} is no longer this agent's")

    def _in_force(self) -> list[Lease]:
        """The leases under which the present task writes.

        Raises:
            NotHeldError: when one of them is not this agent's for sure any more.
        """
        assert self._base is not None
        names = leases_in_force() if self._store.replicas else ()
        held = [self._keeper.lease(name) for name in names] or [self._base]
        if None in held:
            raise NotHeldError(f"the lease {names[held.index(None)]} is not this agent's now")
        return [lease for lease in held if lease is not None]

    async def _look(self, connection: AsyncConnection) -> None:
        await begin_reading(connection, self._reading_limits)


async def lock_schema(connection: AsyncConnection) -> None:
    """Let nobody else change the schema, or take a lease before it is made, until the commit."""
    locked = text("SELECT pg_advisory_xact_lock(:key)")
    await connection.execute(locked, {"key": _MIGRATION_LOCK})


async def _begun(
    engine: AsyncEngine, begin: Callable[[AsyncConnection], Awaitable[None]]
) -> AsyncConnection:
    """A connection on which ``begin`` has begun a transaction.

    One from before the server was started anew fails at its first statement, when nothing was
    done yet: then it is tried once more, on a new one.
    """
    try:
        return await _begun_once(engine, begin)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return await _begun_once(engine, begin)


async def _begun_once(
    engine: AsyncEngine, begin: Callable[[AsyncConnection], Awaitable[None]]
) -> AsyncConnection:
    connection = await engine.connect()
    try:
        await begin(connection)
    except BaseException as error:
        await _give_back(connection, error)
        raise
    return connection


async def _commit(connection: AsyncConnection) -> None:
    try:
        await connection.commit()
    except ERRORS as error:
        if postgresql_trouble_of(error) is None:
            raise  # it was refused, so it is known
        raise UncertainError(str(error)) from error


async def _give_back(connection: AsyncConnection, error: BaseException | None = None) -> None:
    """Give back a connection: rolled back, or closed where its state is unknown after ``error``."""
    try:
        if isinstance(error, OSError | UncertainError):
            await connection.invalidate()
        await connection.close()
    except ERRORS as further:
        log.debug("connection_not_given_back", error=str(further))
