"""The ledger behind PgBouncer in transaction mode, with fewer connections than the agent has.

Negative control: a driver that prepares statements under names fails there
(:func:`test_named_statements_do_not_work_there`).
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from agent.config.store import Store
from agent.store import UnavailableError
from agent.store.database import Database
from tests.pgbouncer import Pooler, pgbouncer
from tests.postgresql_server import PostgresqlServer


@pytest.fixture
def narrow(postgresql: PostgresqlServer) -> Iterator[Pooler]:
    with pgbouncer(postgresql, connections=2) as pooler:
        yield pooler


async def test_writers_and_readers_share_its_connections(
    tmp_path: Path, shared_database: Store, narrow: Pooler, postgresql: PostgresqlServer
) -> None:
    database = await Database.open(tmp_path, narrow.through(shared_database))

    async def work(name: str) -> None:
        for count in range(8):
            value = f"{name} {count}".encode()
            await database.put(f"pooled/{name}", value)
            assert await database.get(f"pooled/{name}") == value
            await database.pages("pooled/")

    await asyncio.gather(*(work(f"worker-{index}") for index in range(6)))
    assert len(await database.pages("pooled/")) == 6
    postgresql.execute_in(shared_database, "UPDATE leases SET epoch = epoch + 1")
    with pytest.raises(UnavailableError, match="another agent has taken the ledger over"):
        await database.put("pooled/late", b"stale")
    await database.close()
    postgresql.end_lease(shared_database)


async def test_named_statements_do_not_work_there(shared_database: Store, narrow: Pooler) -> None:
    url = narrow.url(shared_database).replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, pool_size=2)
    question = text("SELECT 1")
    async with engine.connect() as one, engine.connect() as other:
        await one.execute(question)
        await one.commit()
        await other.execute(question)
        # The first server is the other's until its transaction ends; the next does not know it.
        with pytest.raises(DBAPIError, match=r"prepared statement .* does not exist"):
            await one.execute(question)
    await engine.dispose()
