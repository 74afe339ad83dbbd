"""The pages of one kind, of which those alone are read that have changed.

The configuration of a million numbers is hundreds of megabytes: a replica that follows another one
cannot read all of it every few seconds.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store import schema
from agent.store.database import Database, uninterrupted
from agent.store.postgresql.moment import Moment, moment_of, not_seen


class ChangedPages:
    """Reads pages again and again.

    Args:
        database: The open ledger. Where it is SQLite's, nobody else writes to it, and every page is
            read each time.
        prefix: What their names begin with.
    """

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._prefix = prefix
        self._seen: Moment | None = None

    @uninterrupted
    async def read(self) -> Sequence[tuple[str, bytes]]:
        """The name and value of every page that was written since the last call; first, of all.

        One that was read may come again; of one that was deleted nothing is said.

        Raises:
            StoreError: when the ledger cannot be read; the next call has as much.
        """
        async with self._database.reading() as connection:
            pages, seen = await self._read(connection)
        self._seen = seen
        return pages

    async def _read(
        self, connection: AsyncConnection
    ) -> tuple[Sequence[tuple[str, bytes]], Moment | None]:
        table = schema.pages
        query = select(table.c.name, table.c.value)
        query = query.where(table.c.name.startswith(self._prefix, autoescape=True))
        now = None
        if connection.dialect.name == "postgresql":
            now = await moment_of(connection)
            if self._seen is not None and now.includes(self._seen):
                query = query.where(not_seen(table, self._seen))
        rows = await connection.execute(query)
        return [(str(name), bytes(value)) for name, value in rows], now
