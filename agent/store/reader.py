"""Reads a ledger without taking it: beside the agent that holds it, for a command."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from agent.config.store import Store
from agent.store import StoreError
from agent.store.directory import LEDGER_NAME
from agent.store.inspection import open_read_only


async def read_rows(
    data_dir: Path, store: Store, statement: str, values: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """The rows of ``statement``, whose ``:names`` stand for ``values``; none without a ledger.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    if store.url is None:
        return await asyncio.to_thread(_read, data_dir / LEDGER_NAME, statement, values)
    # What no PostgreSQL needs is not loaded.
    from agent.store.postgresql.reading import read_rows as read  # noqa: PLC0415 - see above

    return await read(store, statement, values)


def _read(ledger: Path, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    if not ledger.exists():
        return []
    try:
        with closing(open_read_only(ledger)) as reader:
            return reader.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"{ledger}: {error}") from error
