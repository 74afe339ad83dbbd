"""The outbox as people look at it: how much waits at each sink, and what was given up and why."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox
from agent.tickets.outbox.rows import RowState

_STILL_THERE = (RowState.WAITING, RowState.SENDING, RowState.DEAD)


class SinkQueue(msgspec.Struct, frozen=True):
    """The queue of one sink. Times are epoch seconds."""

    waiting: int = 0
    sending: int = 0
    dead: int = 0
    oldest: float | None = None
    """When the oldest row that still has to be delivered was written."""
    delivered_at: float | None = None
    """When the newest of the delivered rows was accepted; ``None`` where none is stored."""
    failure: str = ""
    """Why the newest failed attempt at a row that still waits or is dead failed."""
    failed_at: float | None = None


class DeadLetter(msgspec.Struct, frozen=True):
    """A delivery that was given up. Times are epoch seconds."""

    id: int
    sink: str
    ticket_id: str
    type: str
    failure: str
    attempts: int
    created_at: float
    last_attempt_at: float | None


class OutboxOverview:
    """Reads the outbox for pages; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def queues(self) -> dict[str, SinkQueue]:
        """The queue of every sink that has rows, by the sink's name."""
        async with self._database.reading() as connection:
            counted = await connection.execute(
                select(
                    outbox.c.sink,
                    func.count().filter(outbox.c.state == RowState.WAITING),
                    func.count().filter(outbox.c.state == RowState.SENDING),
                    func.count().filter(outbox.c.state == RowState.DEAD),
                    func.min(outbox.c.created_at).filter(outbox.c.state != RowState.DEAD),
                )
                .where(outbox.c.state.in_(_STILL_THERE))
                .group_by(outbox.c.sink)
            )
            queues = {sink: SinkQueue(*counts) for sink, *counts in counted}
            names = (await connection.execute(select(outbox.c.sink).distinct())).scalars().all()
            return {
                sink: await _with_newest(connection, sink, queues.get(sink, SinkQueue()))
                for sink in names
            }

    @uninterrupted
    async def dead_letters(self, limit: int, offset: int) -> tuple[int, list[DeadLetter]]:
        """How many dead letters there are, and some of them, the newest first."""
        dead = outbox.c.state == RowState.DEAD
        columns = [outbox.c[name] for name in DeadLetter.__struct_fields__]
        async with self._database.reading() as connection:
            total = await connection.execute(select(func.count()).where(dead))
            rows = await connection.execute(
                select(*columns)
                .where(dead)
                .order_by(outbox.c.id.desc())
                .limit(limit)
                .offset(offset)
            )
            return int(total.scalar_one()), [DeadLetter(*row) for row in rows]


async def _with_newest(connection: AsyncConnection, sink: str, queue: SinkQueue) -> SinkQueue:
    """``queue`` with the newest success and the newest failure of ``sink``."""
    rows = select(outbox.c.settled_at).where(outbox.c.sink == sink)
    accepted = rows.where(outbox.c.state == RowState.DELIVERED).order_by(outbox.c.id.desc())
    attempts = select(outbox.c.failure, outbox.c.last_attempt_at).where(outbox.c.sink == sink)
    failed = attempts.where(outbox.c.state.in_(_STILL_THERE), outbox.c.failure != "")
    success = (await connection.execute(accepted.limit(1))).scalar_one_or_none()
    newest = failed.order_by(outbox.c.last_attempt_at.desc()).limit(1)
    failure, failed_at = (await connection.execute(newest)).one_or_none() or ("", None)
    return msgspec.structs.replace(
        queue, delivered_at=success, failure=failure, failed_at=failed_at
    )
