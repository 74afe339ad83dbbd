"""The outbox as people look at it: how much waits at each sink, and what was given up and why."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import CompoundSelect, Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox
from agent.tickets.outbox.rows import RowState

_STILL_THERE = (RowState.WAITING, RowState.SENDING, RowState.DEAD)
_FAILED_AT = itemgetter(1)


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
    """Empty for a delivery that belongs to no ticket."""
    type: str
    failure: str
    attempts: int
    created_at: float
    last_attempt_at: float | None


class OutboxOverview:
    """Reads the outbox for pages; changes nothing.

    There may be very many rows, each with a payload of kilobytes: every statement is answered from
    an index, or reads the few rows that are shown.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def queues(self) -> dict[str, SinkQueue]:
        """The queue of every sink that has rows, by the sink's name."""
        async with self._database.reading() as connection:
            names = (await connection.execute(sinks_with_rows())).scalars().all()
            return {sink: await _queue(connection, sink) for sink in names}

    @uninterrupted
    async def dead_letters(self, limit: int, offset: int) -> tuple[int, list[DeadLetter]]:
        """How many dead letters there are, and some of them, the newest first."""
        async with self._database.reading() as connection:
            total = await connection.execute(counting_dead_letters())
            rows = await connection.execute(newest_dead_letters(limit, offset))
            return int(total.scalar_one()), [_dead_letter(row) for row in rows.mappings()]


def _dead_letter(row: Mapping[Any, Any]) -> DeadLetter:
    return DeadLetter(**{**row, "ticket_id": row["ticket_id"] or ""})


async def _queue(connection: AsyncConnection, sink: str) -> SinkQueue:
    counted = (await connection.execute(counting(sink))).all()
    counts = {RowState(state): count for state, count, _ in counted}
    written = [oldest for state, _, oldest in counted if state != RowState.DEAD]
    success = (await connection.execute(newest_success(sink))).scalar_one_or_none()
    failures = (await connection.execute(newest_failures(sink))).all()
    failure, failed_at = max(failures, key=_FAILED_AT, default=("", None))
    return SinkQueue(
        waiting=counts.get(RowState.WAITING, 0),
        sending=counts.get(RowState.SENDING, 0),
        dead=counts.get(RowState.DEAD, 0),
        oldest=min(written, default=None),
        delivered_at=success,
        failure=failure,
        failed_at=failed_at,
    )


def sinks_with_rows() -> Select[str]:
    """The names of sinks that have rows, each found from the one before it."""
    later = outbox.alias()
    first = select(func.min(outbox.c.sink).label("sink")).cte("sinks", recursive=True)
    following = select(func.min(later.c.sink)).where(later.c.sink > first.c.sink)
    names = first.union_all(select(following.scalar_subquery()).where(first.c.sink.is_not(None)))
    return select(names.c.sink).where(names.c.sink.is_not(None))


def counting(sink: str) -> Select[str, int, float]:
    """By state that is not settled, how many rows ``sink`` has and when the oldest was written."""
    of_sink = select(outbox.c.state, func.count(), func.min(outbox.c.created_at))
    still_there = outbox.c.state.in_(_STILL_THERE)
    return of_sink.where(outbox.c.sink == sink, still_there).group_by(outbox.c.state)


def newest_success(sink: str) -> Select[float]:
    """When ``sink`` accepted the newest of the delivered rows."""
    accepted = outbox.c.sink == sink, outbox.c.state == RowState.DELIVERED
    return select(outbox.c.settled_at).where(*accepted).order_by(outbox.c.id.desc()).limit(1)


def newest_failures(sink: str) -> CompoundSelect[str, float]:
    """The newest failure at ``sink`` among the rows of each state that is not settled."""
    attempts = [
        select(outbox.c.failure, outbox.c.last_attempt_at)
        .where(outbox.c.sink == sink, outbox.c.state == state)
        .where(outbox.c.failure != "", outbox.c.last_attempt_at.is_not(None))
        .order_by(outbox.c.last_attempt_at.desc())
        .limit(1)
        .subquery()
        for state in _STILL_THERE
    ]
    return union_all(*(select(it.c.failure, it.c.last_attempt_at) for it in attempts))


def counting_dead_letters() -> Select[int]:
    """How many dead letters there are."""
    return select(func.count()).select_from(outbox).where(outbox.c.state == RowState.DEAD)


def newest_dead_letters(limit: int, offset: int) -> Select[*tuple[Any, ...]]:
    """``limit`` dead letters, the newest first, from ``offset`` on."""
    dead = select(outbox.c.id).where(outbox.c.state == RowState.DEAD)
    shown = dead.order_by(outbox.c.id.desc()).limit(limit).offset(offset).subquery()
    columns = [outbox.c[name] for name in DeadLetter.__struct_fields__]
    joined = select(*columns).join(shown, shown.c.id == outbox.c.id)
    return joined.order_by(outbox.c.id.desc())
