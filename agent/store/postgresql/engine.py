"""The engine of a PostgreSQL database, also behind a pooler in transaction mode.

There a statement that was prepared in one transaction is unknown in the next one, or somebody
else's. So nothing is prepared under a name, nothing is cached, and nothing is set for a session:
limits are set in each transaction.
"""

from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from agent.config.store import Store

APPLICATION = "numwatch"
LONGEST_PAUSE = 10.0
"""Seconds after which the database ends a transaction whose program does nothing. It is less than
a lease lasts: a process that was stopped in a transaction holds nobody up."""
LONGEST_READING = 300.0
"""The same for one that only reads: it holds nobody up, and what it read may take long to use."""
_LONGEST_LIFE = 300
"""Seconds after which a connection is replaced: what is idle for long may have been forgotten by
something on the way, and its first statement would wait for an answer in vain."""
_GRACE = 2.0
"""Seconds after the database's own limit within which an answer must have come."""


def postgresql_engine(store: Store, connections: int) -> AsyncEngine:
    """An engine with at most ``connections`` connections to the database of ``store``."""
    assert store.url is not None
    address = store.url.reveal()

    async def connect(*_args: Any, **_options: Any) -> Any:
        return await asyncpg.connect(
            address,
            timeout=store.connect_timeout,
            command_timeout=store.statement_timeout + _GRACE,
            statement_cache_size=0,
            server_settings={"application_name": APPLICATION},
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=store.statement_timeout,
        pool_recycle=_LONGEST_LIFE,
        # The last one that was given back is used next: few connections while little happens.
        pool_use_lifo=True,
        connect_args={
            "async_creator_fn": connect,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,
        },
    )


async def begin_reading(connection: AsyncConnection, reading: list[ColumnElement[str]]) -> None:
    """Begin a transaction in which nothing can be written and all is of one moment.

    ``reading`` are the :func:`limits` of those that read.
    """
    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    await connection.execute(select(*reading))


def limits(store: Store, pause: float = LONGEST_PAUSE) -> list[ColumnElement[str]]:
    """Columns of a statement that set what the transaction it is in may take.

    After ``pause`` seconds in which its program does nothing it is ended.
    """
    values = {
        "statement_timeout": store.statement_timeout,
        "idle_in_transaction_session_timeout": pause,
    }
    return [
        func.set_config(name, f"{seconds * 1000:.0f}", True)  # noqa: FBT003 - PostgreSQL's order
        for name, seconds in values.items()
    ]
