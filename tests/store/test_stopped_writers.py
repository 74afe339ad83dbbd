"""A program that stops within a statement does not keep its leases locked.

PostgreSQL waits without an end for the rest of a statement's messages, and for whoever does not
read an answer. Negative control: a transaction in that state outlasts both of the limits that it
has set (:func:`test_no_limit_of_the_database_ends_it`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from agent.config.store import Store
from agent.replicas import coordinator
from agent.replicas.coordinator import Coordinator
from agent.store import InUseError
from agent.store.database import Database
from agent.store.leases import AGENT, TICKETS, Lease, acquire, end_stopped_writers, fence
from agent.store.postgresql import backend, lease_keeper
from agent.store.postgresql.engine import postgresql_engine

PAUSE = 0.3
"""Seconds after which a transaction is ended here."""


@pytest.fixture(params=["direct", "pgbouncer"])
def store(request: pytest.FixtureRequest, empty_store: Store) -> Store:
    if request.param == "direct":
        return empty_store
    through: Store = request.getfixturevalue("pooler").through(empty_store)
    return through


@pytest.fixture
async def engine(store: Store) -> AsyncIterator[AsyncEngine]:
    made = postgresql_engine(store, 4)
    yield made
    await made.dispose()


async def _within_its_messages(driver: Any) -> None:
    """Send the first message of a statement and not the next."""
    await driver.prepare("SELECT 1")


async def _with_its_answer(driver: Any) -> None:
    """Ask for more than is on the way at once, and read nothing of it."""
    driver._transport.pause_reading()
    asking = asyncio.create_task(
        driver.fetch("SELECT repeat('x', 100000) FROM generate_series(1, 500)")
    )
    asking.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.sleep(0.1)


Stop = Callable[[Any], Any]


@asynccontextmanager
async def stopped(engine: AsyncEngine, name: str, stop: Stop) -> AsyncIterator[Lease]:
    """A holder of the lease ``name``, which is over, who has stopped in a fenced transaction."""
    async with engine.begin() as connection:
        lease = await acquire(connection, name, "stopped", "its place", -1.0)
    assert lease is not None
    connection = await engine.connect()
    limits = [func.set_config("idle_in_transaction_session_timeout", "100", True)]
    limits += [func.set_config("statement_timeout", "100", True)]
    await connection.execute(fence(lease).add_columns(*limits))
    raw = await connection.get_raw_connection()
    await stop(raw.driver_connection)
    try:
        yield lease
    finally:
        assert raw.driver_connection is not None
        raw.driver_connection.terminate()
        with suppress(DBAPIError):
            await connection.invalidate()
            await connection.close()


@pytest.fixture(params=[_within_its_messages, _with_its_answer])
def stop(request: pytest.FixtureRequest) -> Stop:
    made: Stop = request.param
    return made


async def _is_free(engine: AsyncEngine) -> bool:
    async with engine.begin() as connection:
        return await acquire(connection, TICKETS, "other", "") is not None


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the database is asked
            await asyncio.sleep(0.05)


async def test_no_limit_of_the_database_ends_it(
    engine: AsyncEngine, store: Store, tmp_path: Path, stop: Stop
) -> None:
    await (await Database.open(tmp_path, store)).close()
    async with stopped(engine, TICKETS, stop):
        await asyncio.sleep(3 * PAUSE)
        assert not await _is_free(engine)


async def test_whoever_waits_ends_it_and_nobody_else(
    engine: AsyncEngine, store: Store, tmp_path: Path, stop: Stop
) -> None:
    await (await Database.open(tmp_path, store)).close()
    reader = await engine.connect()
    await stop((await reader.get_raw_connection()).driver_connection)
    async with stopped(engine, TICKETS, stop):
        async with engine.begin() as connection:
            assert await end_stopped_writers(connection, 60.0) == 0

        async def ends_it() -> bool:
            async with engine.begin() as connection:
                return await end_stopped_writers(connection, PAUSE) == 1

        await _until(ends_it)
        await _until(lambda: _is_free(engine))
    async with engine.begin() as connection:
        assert await end_stopped_writers(connection, 0.0) == 0, "who only reads locks nothing"
    (await reader.get_raw_connection()).driver_connection.terminate()
    await reader.invalidate()
    await reader.close()


async def test_the_next_agent_gets_the_ledger(
    engine: AsyncEngine, store: Store, tmp_path: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await Database.open(tmp_path, store)).close()
    async with stopped(engine, AGENT, stop):
        await asyncio.sleep(PAUSE)
        with pytest.raises(InUseError):
            await Database.open(tmp_path, store)
        monkeypatch.setattr(backend, "LONGEST_PAUSE", PAUSE)

        async def opens() -> bool:
            with suppress(InUseError):
                await (await Database.open(tmp_path, store)).close()
                return True
            return False

        await _until(opens)


class Holder:
    """What a replica begins and ends: nothing."""

    async def begin(self, taken: Sequence[Lease]) -> None:
        """Begin nothing."""

    async def end(self, names: Collection[str], *, in_time: bool) -> None:
        """End nothing."""


async def test_the_next_replica_gets_its_leases(
    engine: AsyncEngine, store: Store, tmp_path: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(tmp_path, store.model_copy(update={"replicas": True}))
    keeper = database.lease_keeper
    assert keeper is not None
    replica = Coordinator(keeper, lambda: [TICKETS], Holder(), lambda _: None)
    async with stopped(engine, TICKETS, stop):
        await replica.look()
        await asyncio.sleep(PAUSE)
        await replica.look()
        assert keeper.lease(TICKETS) is None
        monkeypatch.setattr(lease_keeper, "LONGEST_PAUSE", PAUSE)
        monkeypatch.setattr(coordinator, "_END_STOPPED_EVERY", 0.0)

        async def takes() -> bool:
            await replica.look()
            return keeper.lease(TICKETS) is not None

        await _until(takes)
    await database.close()
