"""The notes of what was sent by a schedule, and the deliveries of it, in the ledger."""

from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.reports.schedule import PAGES
from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox, pages


class ScheduleLedger:
    """Reads and writes what was sent. Every method raises StoreError when the ledger cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def notes(self) -> dict[str, str]:
        """By series, the newest period of which nothing more is to be sent."""
        return {name: value.decode() for name, value in await self._database.pages(PAGES)}

    @uninterrupted
    async def begin(self, notes: Mapping[str, str]) -> None:
        """Notes where new series begin; one that was noted meanwhile stays."""
        async with self._database.transaction() as connection:
            for name, period in notes.items():
                if await _noted(connection, name) is None:
                    await _note(connection, name, period, is_new=True)

    @uninterrupted
    async def write(self, rows: Mapping[str, Mapping[str, object]], period: str) -> int:
        """Queues the deliveries of one report, by series; returns how many.

        The deliveries and their notes are one transaction. What was noted meanwhile, by this agent
        or another, is not queued again; the outbox refuses a second row with the same id besides.
        """
        count = 0
        async with self._database.transaction() as connection:
            for name, row in rows.items():
                noted = await _noted(connection, name)
                if noted is None or noted < period:
                    await _note(connection, name, period, is_new=noted is None)
                    await connection.execute(insert(outbox), [dict(row)])
                    count += 1
        return count


async def _noted(connection: AsyncConnection, name: str) -> str | None:
    query = select(pages.c.value).where(pages.c.name == name)
    value = (await connection.execute(query)).scalar_one_or_none()
    return None if value is None else bytes(value).decode()


async def _note(connection: AsyncConnection, name: str, period: str, *, is_new: bool) -> None:
    value = period.encode()
    if is_new:
        await connection.execute(insert(pages).values(name=name, value=value))
    else:
        changed = update(pages).where(pages.c.name == name).values(value=value)
        await connection.execute(changed)
