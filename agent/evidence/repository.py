"""Stores evidence in the ledger until its retention is over."""

import zlib
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from agent.evidence.bundle import EvidenceFile
from agent.store.database import Database, uninterrupted
from agent.store.schema import evidence


class EvidenceDamagedError(ValueError):
    """Evidence is not what was stored: its digest differs."""


class EvidenceRepository:
    """Evidence in the ledger: files are only added, and deleted when they are old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, ticket_id: str, files: Sequence[EvidenceFile]) -> None:
        """Store ``files`` with a ticket that is in the ledger.

        Raises:
            StoreError: when the ledger refuses; none of them was stored then.
        """
        rows = [
            {
                "ticket_id": ticket_id,
                "name": file.name,
                "taken_at": file.taken_at,
                "sha256": file.digest,
                "content": zlib.compress(file.content),
            }
            for file in files
        ]
        if rows:
            async with self._database.transaction() as connection:
                await connection.execute(insert(evidence), rows)

    @uninterrupted
    async def files_of(self, ticket_id: str) -> list[EvidenceFile]:
        """The files stored with a ticket, the oldest first.

        Raises:
            StoreError: when the ledger cannot be read.
            EvidenceDamagedError: when a file is not what was stored; it names the file.
        """
        query = select(evidence).where(evidence.c.ticket_id == ticket_id).order_by(evidence.c.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        files = []
        for row in rows:
            content = zlib.decompress(row["content"])
            file = EvidenceFile(row["name"], row["taken_at"], content)
            if file.digest != row["sha256"]:
                raise EvidenceDamagedError(
                    f"evidence {file.name} is not what was kept: its digest differs"
                )
            files.append(file)
        return files

    @uninterrupted
    async def delete_before(self, at: float) -> int:
        """Delete the files taken before ``at`` (epoch seconds); returns how many.

        Raises:
            StoreError: when the ledger refuses.
        """
        async with self._database.transaction() as connection:
            result = await connection.execute(delete(evidence).where(evidence.c.taken_at < at))
            return int(result.rowcount)
