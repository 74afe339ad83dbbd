"""The page of the book of test calls in the ledger, locked from its reading to its writing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.probing.book import OpenPages
from agent.providers.paid_queries import Pages
from agent.store import StoreError, schema
from agent.store.database import Database


class _Pages:
    """The ledger's pages within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_there: dict[str, bool] = {}

    async def load(self, name: str) -> bytes | None:
        # Replicas share the ledger: whoever reads the page holds it until the transaction ends.
        query = select(schema.pages.c.value).where(schema.pages.c.name == name).with_for_update()
        found: bytes | None = (await self._connection.execute(query)).scalar_one_or_none()
        self._is_there[name] = found is not None
        return found

    async def save(self, name: str, content: bytes) -> bool:
        # A page that was not there cannot be locked. What another has made of it since is refused
        # by the ledger, and not written over.
        if not self._is_there[name]:
            await self._connection.execute(insert(schema.pages).values(name=name, value=content))
            return True
        page = schema.pages.c.name == name
        await self._connection.execute(update(schema.pages).where(page).values(value=content))
        return True


def book_pages(database: Database) -> OpenPages:
    """Opens the ledger of a running agent for one change; what it saves is durable at its end."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Pages]:
        try:
            async with database.transaction() as connection:
                yield _Pages(connection)
        except StoreError as error:
            raise OSError(str(error)) from error

    return opened
