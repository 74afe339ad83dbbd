"""Stores the budgets of :mod:`agent.providers.paid_queries` in the agent's ledger."""

from typing import Protocol

from agent.store import StoreError


class _Database(Protocol):
    async def get(self, name: str) -> bytes | None: ...

    async def put(self, name: str, value: bytes) -> None: ...


class LedgerPages:
    """The pages of the ledger.

    Args:
        database: The open ledger.
    """

    def __init__(self, database: _Database) -> None:
        self._database = database

    async def load(self, name: str) -> bytes | None:
        """The page ``name``; raises ``OSError`` when the ledger cannot be read now."""
        try:
            return await self._database.get(name)
        except StoreError as error:
            raise OSError(str(error)) from error

    async def save(self, name: str, content: bytes) -> bool:
        """Store a page; returns False when the ledger cannot be written now."""
        try:
            await self._database.put(name, content)
        except StoreError:
            # The database logs what is wrong with it.
            return False
        return True
