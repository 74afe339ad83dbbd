"""Leases: one holder at a time by the database's clock, and a fence for whoever was overtaken.

Negative control: the same transaction without the fence writes what a former holder wanted
(:func:`test_without_the_fence_a_former_holder_overwrites`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.config.store import Store
from agent.store import UnavailableError
from agent.store.database import Database
from agent.store.leases import Lease, acquire, fence, holding_of, release, renew
from agent.store.postgresql.backend import PostgresqlBackend
from agent.store.postgresql.engine import postgresql_engine
from agent.store.schema import pages
from tests.postgresql_server import PostgresqlServer

NAME = "role:tickets"
SHORT = 0.05
_OVERTAKER = "SELECT holder, expires_at FROM leases WHERE name = 'role:agent'"


@pytest.fixture
async def engine(shared_database: Store, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    database = await Database.open(tmp_path, shared_database)
    await database.put("page", b"first")
    await database.close()
    engine = postgresql_engine(shared_database, 4)
    yield engine
    async with engine.begin() as connection:
        await connection.execute(pages.delete())
    await engine.dispose()


async def _acquired(engine: AsyncEngine, holder: str, ttl: float = 60.0) -> Lease | None:
    async with engine.begin() as connection:
        return await acquire(connection, NAME, holder, f"{holder}'s place", ttl)


async def _taken(engine: AsyncEngine, holder: str, ttl: float = 60.0) -> Lease:
    async with asyncio.timeout(20):
        while (lease := await _acquired(engine, holder, ttl)) is None:  # noqa: ASYNC110 - the database is asked
            await asyncio.sleep(0.02)
        return lease


async def _freed(engine: AsyncEngine, lease: Lease) -> None:
    async with engine.begin() as connection:
        await release(connection, [lease])


async def test_it_has_one_holder_and_another_epoch_for_the_next(engine: AsyncEngine) -> None:
    first = await _taken(engine, "one")
    assert await _acquired(engine, "two") is None
    async with engine.begin() as connection:
        holding = await holding_of(connection, NAME)
        assert holding is not None
        assert holding.place == "one's place"
        assert 0 < holding.seconds <= 60
    await _freed(engine, first)
    second = await _taken(engine, "two", SHORT)
    assert second.epoch == first.epoch + 1
    third = await _taken(engine, "two")
    assert third.epoch == second.epoch + 1
    async with engine.begin() as connection:
        assert await renew(connection, [first, second]) == frozenset()
        assert await renew(connection, [third]) == {NAME}
    await _freed(engine, third)


async def test_one_that_has_expired_unnoticed_is_renewed_while_nobody_took_it(
    engine: AsyncEngine,
) -> None:
    lease = await _taken(engine, "one", -1.0)
    async with engine.begin() as connection:
        assert await renew(connection, [lease]) == {NAME}
    assert await _acquired(engine, "two") is None
    await _freed(engine, lease)


async def test_whoever_writes_is_not_overtaken_before_the_end_and_may_be_renewed(
    engine: AsyncEngine,
) -> None:
    lease = await _taken(engine, "one", -1.0)
    async with engine.begin() as writing:
        assert (await writing.execute(fence(lease))).one_or_none() is not None
        assert await _acquired(engine, "two") is None
        async with asyncio.timeout(10), engine.begin() as connection:
            assert await renew(connection, [lease], -1.0) == {NAME}
    other = await _taken(engine, "two")
    assert other.epoch == lease.epoch + 1
    async with engine.begin() as late:
        assert (await late.execute(fence(lease))).one_or_none() is None
    await _freed(engine, other)


async def _overtaken(database: Database, postgresql: PostgresqlServer, store: Store) -> None:
    """Another agent has taken the lease while this one slept, and written."""
    postgresql.end_lease(store)
    postgresql.execute_in(
        store,
        "UPDATE leases SET holder = 'other', epoch = epoch + 1, expires_at = 1e12"
        " WHERE name = 'role:agent';"
        " UPDATE keep SET value = 'second' WHERE name = 'page'",
    )


async def test_what_a_former_holder_writes_is_refused(
    engine: AsyncEngine, tmp_path: Path, postgresql: PostgresqlServer, shared_database: Store
) -> None:
    database = await Database.open(tmp_path, shared_database)
    await _overtaken(database, postgresql, shared_database)
    with pytest.raises(UnavailableError, match="another agent has taken the ledger over"):
        await database.put("page", b"stale")
    assert database.lost.is_set()
    assert await _page(engine) == b"second"
    # It stays lost, and closing it takes nothing from the other.
    await database.probe()
    with pytest.raises(UnavailableError):
        await database.put("page", b"stale")
    await database.close()
    assert await _page(engine) == b"second"
    assert postgresql.execute_in(shared_database, _OVERTAKER) == ["other|1000000000000"]
    postgresql.end_lease(shared_database)


async def test_without_the_fence_a_former_holder_overwrites(
    engine: AsyncEngine,
    tmp_path: Path,
    postgresql: PostgresqlServer,
    shared_database: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_fence(_backend: PostgresqlBackend, _connection: AsyncConnection) -> None:
        return

    monkeypatch.setattr(PostgresqlBackend, "_fence", no_fence)
    database = await Database.open(tmp_path, shared_database)
    await _overtaken(database, postgresql, shared_database)
    await database.put("page", b"stale")
    assert await _page(engine) == b"stale"
    await database.close()
    postgresql.end_lease(shared_database)


async def test_a_holder_that_stops_within_a_transaction_does_not_hold_the_next_one_up(
    engine: AsyncEngine,
) -> None:
    lease = await _taken(engine, "one", -1.0)
    stopped = await engine.connect()
    pause = func.set_config("idle_in_transaction_session_timeout", "100", True)
    await stopped.execute(fence(lease).add_columns(pause))
    other = await _taken(engine, "two")
    stale = update(pages).values(value=b"stale")
    with pytest.raises(DBAPIError):
        await stopped.execute(stale)
    with suppress(DBAPIError):
        await stopped.close()
    assert await _page(engine) == b"first"
    await _freed(engine, other)


async def _page(engine: AsyncEngine) -> bytes:
    async with engine.begin() as connection:
        found = await connection.execute(select(pages.c.value).where(pages.c.name == "page"))
        return bytes(found.scalar_one())
