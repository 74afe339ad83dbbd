"""Deletes what is older than the history is kept for, a part of it every hour."""

from typing import Final

from sqlalchemy import delete, func, select

from agent.history import schema
from agent.history.database import HistoryDatabase
from agent.history.hours import hour_of
from agent.store.database import uninterrupted

_PARTS: Final = 24
"""The numbers are gone through in this many parts, one every hour: once a day each."""
_SUBJECTS_A_TRANSACTION: Final = 2000
"""Readers wait for a transaction."""


class HistoryRetention:
    """Goes through the history part by part.

    Args:
        database: The history.
    """

    def __init__(self, database: HistoryDatabase) -> None:
        self._database = database
        self._next = 0

    @uninterrupted
    async def delete_expired(self, before: float) -> None:
        """Delete hours that began before ``before`` (epoch seconds), of the next part.

        Of a number's phones the newest row from before then stays: it holds until the next one.

        Raises:
            HistoryError: when the database refuses.
        """
        oldest = hour_of(before)
        async with self._database.transaction() as connection:
            for table in (schema.accounts, schema.tickets):
                await connection.execute(delete(table).where(table.c.hour < oldest))
            newest = await connection.execute(select(func.max(schema.subjects.c.id)))
            count = newest.scalar() or 0
        size = max(_SUBJECTS_A_TRANSACTION, count // _PARTS + 1)
        start = self._next if self._next <= count else 0
        for first in range(start, start + size, _SUBJECTS_A_TRANSACTION):
            await self._delete(oldest, first, first + _SUBJECTS_A_TRANSACTION - 1)
        self._next = start + size

    async def _delete(self, oldest: int, first: int, last: int) -> None:
        numbers, calls = schema.numbers, schema.calls
        other = numbers.alias()
        newest = (
            select(func.max(other.c.hour))
            .where(other.c.subject == numbers.c.subject, other.c.hour <= oldest)
            .scalar_subquery()
        )
        async with self._database.transaction() as connection:
            await connection.execute(
                delete(calls).where(calls.c.subject.between(first, last), calls.c.hour < oldest)
            )
            await connection.execute(
                delete(numbers).where(
                    numbers.c.subject.between(first, last),
                    numbers.c.hour < oldest,
                    numbers.c.hour < newest,
                )
            )
