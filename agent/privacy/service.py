"""Purges data about people in the background, and says how it stands with each kind."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from sqlalchemy import delete, func, select

from agent.config.settings import Settings
from agent.privacy.kinds import KINDS
from agent.privacy.purge import purge_all
from agent.privacy.remains import left_over
from agent.privacy.requests import PersonFacts, PersonRequests
from agent.store import StoreError, UnavailableError, schema
from agent.store.database import Database, finish, uninterrupted
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

INTERVAL: Final = 3600.0
"""Seconds between two purges."""
_FIRST_AFTER: Final = 60.0
"""Seconds after the start: the first polls come first."""


class PurgeRecord(msgspec.Struct, frozen=True):
    """What was purged of one kind, at one time."""

    at: float
    kind: str
    rows: int
    before: float
    request: str


class KindState(msgspec.Struct, frozen=True):
    """How it stands with one kind of data."""

    kind: str
    text: str
    """In words, to be translated."""
    key: str
    """The key of the configuration that says how long it is kept."""
    keep: float
    """Seconds."""
    left: int
    """Rows that should be gone and are not."""
    purged: int
    """Rows that were purged since the record begins."""
    last_at: float | None
    """When some were purged last."""


class PrivacyService:
    """Purges what is too old.

    Args:
        database: The ledger.
        settings: The configuration in force.
        retention: The time by which data grows old (:mod:`agent.store.retention`).
        clock: Epoch seconds, for records.
        telemetry: Counts what was purged and what is left; ``None`` where nothing runs.
        facts: What is known about a person beside the store.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        retention: Callable[[], Awaitable[float]],
        clock: Callable[[], float],
        telemetry: Telemetry | None = None,
        facts: PersonFacts | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._retention = retention
        self._clock = clock
        self._telemetry = telemetry
        self.people = PersonRequests(database, clock, facts)
        """Requests about one person."""

    async def run(self) -> None:
        """Purge every hour, until cancelled."""
        await asyncio.sleep(_FIRST_AFTER)
        while True:
            try:
                await self.purge()
            except UnavailableError:
                pass
            except StoreError as error:
                log.error("not_purged", error=str(error))  # noqa: TRY400 - the text says it
            except Exception:
                # What is too old is counted as left; a task that has ended would purge nothing.
                log.exception("not_purged")
            await asyncio.sleep(INTERVAL)

    async def purge(self) -> dict[str, int]:
        """Purge what is too old; returns how many rows of each kind, where there were any.

        Raises:
            StoreError: when the ledger refuses.
        """
        limits, now = await self.limits(), self._clock()
        counts = await purge_all(self._database, limits, now)
        await finish(_delete_records(self._database, limits["audit"]))
        if counts:
            log.info("purged", **counts)
        left = await left_over(self._database, limits)
        if self._telemetry is not None:
            for kind, count in counts.items():
                self._telemetry.purged.labels(kind).inc(count)
            for kind, count in left.items():
                self._telemetry.purge_left.labels(kind).set(count)
            self._telemetry.purge_last.set(now)
        return counts

    async def limits(self) -> dict[str, float]:
        """By kind, the time before which rows are too old, in epoch seconds.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        now, settings = await self._retention(), self._settings()
        return {kind.name: now - kind.keep(settings) for kind in KINDS}

    async def states(self) -> list[KindState]:
        """How it stands with each kind.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        left = await left_over(self._database, await self.limits())
        purged, settings = await self._purged(), self._settings()
        return [
            KindState(
                kind.name,
                kind.text,
                kind.key,
                kind.keep(settings),
                left[kind.name],
                *purged.get(kind.name, (0, None)),
            )
            for kind in KINDS
        ]

    @uninterrupted
    async def records(self, limit: int) -> list[PurgeRecord]:
        """The newest records of what was purged.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        columns = schema.purges.c
        selected = [columns[name] for name in PurgeRecord.__struct_fields__]
        query = select(*selected).order_by(columns.id.desc()).limit(limit)
        async with self._database.reading() as connection:
            return [PurgeRecord(*row) for row in (await connection.execute(query)).all()]

    @uninterrupted
    async def _purged(self) -> dict[str, tuple[int, float | None]]:
        columns = schema.purges.c
        query = select(columns.kind, func.sum(columns.rows), func.max(columns.at))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.group_by(columns.kind))).all()
        return {str(kind): (int(count), at) for kind, count, at in rows}


async def _delete_records(database: Database, before: float) -> None:
    async with database.transaction() as connection:
        await connection.execute(delete(schema.purges).where(schema.purges.c.at < before))
