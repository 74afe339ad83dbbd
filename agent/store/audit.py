"""The audit log: an entry for everything that only some may see or do, for a limited time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, func, insert, select

from agent.config.settings import Settings
from agent.store.database import Database, uninterrupted
from agent.store.schema import audit


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit log."""

    at: float
    """When, epoch seconds."""
    actor: str
    """Who: the login's name, or the one that was given beside the agent's token."""
    role: str
    what: str
    """What was done, such as ``phone_revealed``."""
    subject: str
    """What it was done with; never a whole phone."""
    reason: str
    address: str
    """The client's address."""


@dataclass(frozen=True)
class AuditPage:
    """A page of entries, the newest first, and how many there are in all."""

    total: int
    entries: tuple[AuditEntry, ...]


class AuditLog:
    """Writes and reads the audit log.

    Args:
        database: The ledger.
        retention: The time by which entries grow old (:mod:`agent.store.retention`).
        settings: Returns the configuration in force, which says how long entries are kept.
    """

    def __init__(
        self,
        database: Database,
        retention: Callable[[], Awaitable[float]],
        settings: Callable[[], Settings],
    ) -> None:
        self._database = database
        self._retention = retention
        self._settings = settings

    async def record(self, entry: AuditEntry) -> None:
        """Store ``entry`` durably, and delete the entries that are too old.

        Raises:
            StoreError: when it cannot be stored.
        """
        oldest = await self._retention() - self._settings().web.audit_keep
        await self._store(entry, oldest)

    @uninterrupted
    async def _store(self, entry: AuditEntry, oldest: float) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(insert(audit).values(**msgspec.structs.asdict(entry)))
            await connection.execute(delete(audit).where(audit.c.at < oldest))

    @uninterrupted
    async def page(self, limit: int, offset: int) -> AuditPage:
        """The entries from ``offset`` on, ``limit`` at most, the newest first.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        columns = [audit.c[name] for name in AuditEntry.__struct_fields__]
        query = select(*columns).order_by(audit.c.id.desc()).limit(limit).offset(offset)
        async with self._database.reading() as connection:
            count = await connection.execute(select(func.count()).select_from(audit))
            rows = (await connection.execute(query)).mappings().all()
        return AuditPage(count.scalar_one(), tuple(AuditEntry(**row) for row in rows))
