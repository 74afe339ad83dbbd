"""Reads a PostgreSQL ledger without its lease, beside the agent that has it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.config.store import Store, shown_url
from agent.store import StoreError
from agent.store.postgresql.engine import LONGEST_READING, begin_reading, limits, postgresql_engine
from agent.store.postgresql.trouble import ERRORS, failure_text


@asynccontextmanager
async def read_only(store: Store) -> AsyncIterator[AsyncConnection]:
    """A connection inside one transaction in which nothing can be written.

    Raises:
        StoreError: when the database cannot be reached or read.
    """
    assert store.url is not None
    engine = postgresql_engine(store, 1)
    try:
        async with engine.connect() as connection:
            await begin_reading(connection, limits(store, LONGEST_READING))
            yield connection
    except ERRORS as error:
        raise StoreError(f"{shown_url(store.url)}: {failure_text(error)}") from error
    finally:
        await engine.dispose()


async def read_rows(
    store: Store, statement: str, values: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """The rows of ``statement``, whose ``:names`` stand for ``values``; none without a ledger.

    Raises:
        StoreError: when the database cannot be reached or read.
    """
    async with read_only(store) as connection:
        if not await has_ledger(connection):
            return []
        return [tuple(row) for row in await connection.execute(text(statement), dict(values))]


async def has_ledger(connection: AsyncConnection) -> bool:
    """Whether a numwatch has made its tables in the database."""
    found = await connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    return bool(found.scalar_one())
