"""Budgets of paid queries for commands: read beside a running agent, written without one.

A running agent alone writes its ledger. Beside it a command sends no paid query and shows what the
agent has paid for.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from agent.polling.cost_pages import LedgerPages
from agent.store import StoreError
from agent.store.directory import LEDGER_NAME
from agent.store.inspection import open_read_only

_PAGE = "SELECT value FROM keep WHERE name = ?"


class CommandPages:
    """The pages of the ledger in ``data_dir``, opened for as short as possible."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._writing = asyncio.Lock()

    async def load(self, name: str) -> bytes | None:
        """The page ``name``; raises ``OSError`` when the ledger cannot be read."""
        return await asyncio.to_thread(self._read, name)

    async def save(self, name: str, content: bytes) -> bool:
        """Store a page; returns False while an agent runs."""
        # Only a run with paid queries pays for loading what can write.
        from agent.store.database import Database  # noqa: PLC0415 - see above

        async with self._writing:
            try:
                database = await Database.open(self._data_dir)
            except StoreError:
                return False
            try:
                return await LedgerPages(database).save(name, content)
            finally:
                await database.close()

    def _read(self, name: str) -> bytes | None:
        ledger = self._data_dir / LEDGER_NAME
        if not ledger.exists():
            return None
        try:
            with closing(open_read_only(ledger)) as reader:
                row = reader.execute(_PAGE, (name,)).fetchone()
        except sqlite3.Error as error:
            raise OSError(f"{ledger}: {error}") from error
        return None if row is None else bytes(row[0])
