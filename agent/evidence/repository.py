"""Where evidence is kept until its time is over."""

import zlib
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from agent.evidence.part import Part
from agent.store.database import Database
from agent.store.schema import evidence
from agent.store.uninterrupted import uninterrupted


class DamagedError(ValueError):
    """What is kept is not what was put there."""


class EvidenceRepository:
    """Evidence in the ledger: only ever added to, and deleted when it is old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def put(self, ticket_id: str, parts: Sequence[Part]) -> None:
        """Keep ``parts`` with a ticket that is in the ledger.

        Raises:
            StoreError: when the ledger refuses; nothing of them was kept.
        """
        rows = [
            {
                "ticket_id": ticket_id,
                "name": part.name,
                "taken_at": part.taken_at,
                "sha256": part.digest,
                "content": zlib.compress(part.content),
            }
            for part in parts
        ]
        if rows:
            async with self._database.transaction() as connection:
                await connection.execute(insert(evidence), rows)

    @uninterrupted
    async def of(self, ticket_id: str) -> list[Part]:
        """What is kept with a ticket, the oldest first.

        Raises:
            StoreError: when the ledger refuses.
            DamagedError: when a part is not what it was; it names the part.
        """
        asked = select(evidence).where(evidence.c.ticket_id == ticket_id).order_by(evidence.c.id)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(asked)).mappings().all()
        return [
            _checked(
                Part(row["name"], row["taken_at"], zlib.decompress(row["content"])), row["sha256"]
            )
            for row in rows
        ]

    @uninterrupted
    async def forget_before(self, at: float) -> int:
        """Delete what was taken before ``at`` (epoch seconds); gives how many parts.

        Raises:
            StoreError: when the ledger refuses.
        """
        async with self._database.transaction() as connection:
            gone = await connection.execute(delete(evidence).where(evidence.c.taken_at < at))
            return int(gone.rowcount)


def _checked(part: Part, digest: str) -> Part:
    if part.digest != digest:
        raise DamagedError(f"evidence {part.name} is not what was kept: its digest differs")
    return part
