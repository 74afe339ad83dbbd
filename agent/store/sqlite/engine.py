"""The engine of a SQLite file: one connection, and transactions that begin by taking the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool


def sqlite_engine(path: Path, pragmas: Sequence[str]) -> AsyncEngine:
    """An engine with one connection to ``path``, on which ``pragmas`` are run first."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", poolclass=StaticPool)

    def prepare_connection(connection: Any, _record: object) -> None:
        # The driver must not begin transactions of its own: it would leave DDL outside of them.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare_connection)
    event.listen(engine.sync_engine, "begin", _begin_immediately)
    return engine


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
