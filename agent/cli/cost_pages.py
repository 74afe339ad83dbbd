"""Budgets of paid queries for commands: read beside a running agent, written without one.

A running agent alone writes its ledger. Beside it a command sends no paid query and shows what the
agent has paid for.
"""

import asyncio
from pathlib import Path

from agent.config.store import Store
from agent.polling.cost_pages import LedgerPages
from agent.store import StoreError
from agent.store.reader import read_rows

_PAGE = "SELECT value FROM keep WHERE name = :name"


class CommandPages:
    """The pages of the ledger, opened for as short as possible.

    Args:
        data_dir: The agent's data directory.
        store: Says where the ledger is; by default it is in the directory.
    """

    def __init__(self, data_dir: Path, store: Store | None = None) -> None:
        self._data_dir = data_dir
        self._store = store or Store()
        self._writing = asyncio.Lock()

    async def load(self, name: str) -> bytes | None:
        """The page ``name``; raises ``OSError`` when the ledger cannot be read."""
        try:
            rows = await read_rows(self._data_dir, self._store, _PAGE, {"name": name})
        except StoreError as error:
            raise OSError(str(error)) from error
        return bytes(rows[0][0]) if rows else None

    async def save(self, name: str, content: bytes) -> bool:
        """Store a page; returns False while an agent runs."""
        # Only a run with paid queries pays for loading what can write.
        from agent.store.database import Database  # noqa: PLC0415 - see above

        async with self._writing:
            try:
                database = await Database.open(self._data_dir, self._store)
            except StoreError:
                return False
            try:
                return await LedgerPages(database).save(name, content)
            finally:
                await database.close()
