"""The queue of deliveries as the dispatcher and the operator use it.

Rows of one ticket go to one sink strictly in order; rows of different tickets do not wait for
each other, and a row that belongs to no ticket waits for none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox
from agent.tickets.changes import ESCALATED, UPDATED
from agent.tickets.outbox.epochs import UNOWNED, next_epoch
from agent.tickets.outbox.rows import AT_ONCE, RANKS, SETTLED, UNDELIVERED, Queue, Row, RowState

_BY_RANK = (outbox.c.rank, outbox.c.id)
"""The order in which rows go."""


class Outbox:
    """The queue of all sinks. Every method is one transaction.

    Times of attempts are those of the caller's steady clock (:mod:`agent.clock`), so that rows
    wait as long as they should when the machine's clock is set. After a restart that clock is
    another one: see :meth:`recover`.

    A sink has one owner at a time. Its epoch (:mod:`agent.tickets.outbox.epochs`) is written into
    the rows it sends, and it records the outcome of no others.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._epochs: dict[str, int] = {}

    @uninterrupted
    async def claim(
        self, sink: str, now: float, *, early: bool = False, besides: str | None = None
    ) -> Row | None:
        """The next row due at ``sink``, its attempt already counted; ``None`` when none is.

        Rows go by rank (:data:`RANKS`), then by age, and never before an undelivered row of the
        same ticket.

        Args:
            sink: The sink that asks.
            now: Rows whose next attempt is later are not due.
            early: Take the oldest row instead, whether it is due or not.
            besides: The id of a ticket whose rows are left out; empty for those without one.
        """
        query = _heads_of(sink)
        if besides is not None:
            query = query.where(outbox.c.ticket_id.is_distinct_from(besides or None))
        if early:
            query = query.order_by(outbox.c.id)
        else:
            query = query.where(outbox.c.next_attempt_at <= now).order_by(*_BY_RANK)
        async with self._database.transaction() as connection:
            result = await connection.execute(query.limit(1))
            row = result.mappings().one_or_none()
            if row is None:
                return None
            # The attempt is counted before it is made: should the agent die while it is being
            # made, recover() finds the row in state "sending" and queues it again. release() does
            # so while the agent runs.
            return await _claim(connection, row, now, self._epoch(sink))

    @uninterrupted
    async def claim_together(self, sink: str, now: float, least: int, most: int) -> list[Row]:
        """The rows for one message of a chat, their attempts already counted.

        All waiting rows of one ticket, or where ``least`` tickets or more are due, of up to
        ``most`` of them. Tickets with an escalation go first and are not mixed with others; a row
        that belongs to no ticket goes alone. Empty when nothing is due.
        """
        due = _heads_of(sink).where(outbox.c.next_attempt_at <= now).order_by(*_BY_RANK)
        async with self._database.transaction() as connection:
            heads = (await connection.execute(due.limit(max(least, most)))).mappings().all()
            chosen = heads[:1] if len(heads) < least else heads[:most]
            urgent = list((await connection.execute(_urgent_tickets(sink, most))).scalars())
            if urgent:
                query = due.where(outbox.c.ticket_id.in_(urgent))
                first = (await connection.execute(query)).mappings().all()
                chosen = (first[:1] if len(heads) < least else first) or chosen
            waiting = select(outbox.c.id).where(
                outbox.c.sink == sink, _of_heads(chosen), outbox.c.state == RowState.WAITING
            )
            rows = (await connection.execute(waiting)).scalars().all()
            return await _claim_all(connection, rows, now, self._epoch(sink))

    @uninterrupted
    async def attempts_since(self, sink: str, since: float) -> list[float]:
        """The times of attempts at ``sink`` after ``since``, the newest of each row."""
        query = select(outbox.c.last_attempt_at).where(
            outbox.c.sink == sink, outbox.c.last_attempt_at > since
        )
        async with self._database.reading() as connection:
            return [float(at) for at in (await connection.execute(query)).scalars()]

    @uninterrupted
    async def next_due(self, sink: str) -> float | None:
        """When the next row is due at ``sink``; ``None`` when nothing waits."""
        heads = _heads_of(sink).subquery()
        async with self._database.reading() as connection:
            result = await connection.execute(select(func.min(heads.c.next_attempt_at)))
            due = result.scalar_one()
            return None if due is None else float(due)

    async def delivered(self, rows: Sequence[Row], now: float) -> None:
        """Records that the sink has accepted ``rows``."""
        await self._settle(rows, now, state=RowState.DELIVERED, failure="")

    async def retry(self, row: Row, failure: str, at: float, now: float) -> None:
        """Records a failed attempt; the next one is at ``at``."""
        await self._settle([row], now, state=RowState.WAITING, failure=failure, next_attempt_at=at)

    async def bury(self, row: Row, failure: str, now: float) -> None:
        """Moves the row to the dead letters; later rows of its ticket are delivered."""
        await self._settle([row], now, state=RowState.DEAD, failure=failure)

    @uninterrupted
    async def _settle(self, rows: Sequence[Row], now: float, **values: object) -> None:
        claimed = [(row.id, row.epoch) for row in rows]
        # Whoever has taken the sink over since has queued the row again under its own epoch.
        is_ours = tuple_(outbox.c.id, outbox.c.epoch).in_(claimed)
        async with self._database.transaction() as connection:
            await connection.execute(
                update(outbox)
                .where(is_ours, outbox.c.state == RowState.SENDING)
                .values(settled_at=now, **values)
            )

    @uninterrupted
    async def recover(self, sink: str, now: float, epoch: int | None = None) -> int:
        """Takes up the queue of ``sink`` as its next owner; returns how many rows were being sent.

        Time without an owner counts for nothing: nobody knows how much of it the clock was only
        set. A row waits for what was left of its wait when it was written, at most, and is given
        up by the time in which it was tried.

        ``epoch`` is that of the lease under which the sink is owned; without one the next is taken.
        """
        async with self._database.transaction() as connection:
            own = await next_epoch(connection, sink) if epoch is None else epoch
            # All but our own: after a copy from another database theirs may be higher.
            sending = and_(_is_sending(sink), outbox.c.epoch != own)
            released = await _release(connection, sending)
            await _resume_waits(connection, sink, now)
        self._epochs[sink] = own
        return released

    @uninterrupted
    async def release(self, sink: str) -> int:
        """Queues again the rows of ``sink`` that are marked as being sent; returns how many.

        To be called by its owner when nothing is being sent there. Whether such rows arrived is
        not known, so they are sent again under the same webhook id, by which the receiver
        recognizes a repetition (docs/reference/ticketing.md §6). Rows of a later owner stay.
        """
        async with self._database.transaction() as connection:
            # A sink that was added while the agent runs has no owner yet.
            own = self._epochs.get(sink) or await next_epoch(connection, sink)
            sending = and_(_is_sending(sink), outbox.c.epoch <= own)
            released = await _release(connection, sending)
        self._epochs[sink] = own
        return released

    def _epoch(self, sink: str) -> int:
        return self._epochs.get(sink, UNOWNED)

    @uninterrupted
    async def wake(self, sink: str, now: float) -> None:
        """Makes every waiting row of ``sink`` due at once, because the sink answers again."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(outbox)
                .where(
                    outbox.c.sink == sink,
                    outbox.c.state == RowState.WAITING,
                    outbox.c.next_attempt_at > now,
                )
                .values(next_attempt_at=now)
            )

    @uninterrupted
    async def queues(self) -> dict[str, Queue]:
        """The queue of every sink that has undelivered or dead rows, by sink."""
        waiting = outbox.c.state.in_(UNDELIVERED)
        dead = outbox.c.state == RowState.DEAD
        async with self._database.reading() as connection:
            result = await connection.execute(
                select(
                    outbox.c.sink,
                    func.count(outbox.c.id).filter(waiting),
                    func.min(outbox.c.created_at).filter(waiting),
                    func.count(outbox.c.id).filter(dead),
                )
                .where(or_(waiting, dead))
                .group_by(outbox.c.sink)
            )
            return {sink: Queue(pending, oldest, lost) for sink, pending, oldest, lost in result}

    @uninterrupted
    async def waiting_tickets(self, sink: str) -> frozenset[str]:
        """The ids of tickets with an undelivered or dead row at ``sink``."""
        undelivered = outbox.c.state.in_((*UNDELIVERED, RowState.DEAD))
        async with self._database.reading() as connection:
            result = await connection.execute(
                select(outbox.c.ticket_id)
                .where(outbox.c.sink == sink, undelivered, outbox.c.ticket_id.is_not(None))
                .distinct()
            )
            return frozenset(str(row.ticket_id) for row in result)

    @uninterrupted
    async def dead_letters(self, ticket: str | None = None) -> list[Row]:
        """The dead rows, oldest first; of one ticket when ``ticket`` is its id."""
        async with self._database.reading() as connection:
            result = await connection.execute(
                select(outbox).where(_dead_rows(ticket)).order_by(outbox.c.id)
            )
            return [Row.of(row) for row in result.mappings()]

    @uninterrupted
    async def replay(self, ticket: str | None, now: float) -> int:
        """Queues dead rows again, in their order and under their webhook ids; returns how many.

        An update older than a delivered row of its ticket is dropped instead: replayed, it would
        set the receiver back to an older state.
        """
        later = outbox.alias()
        obsolete = exists().where(
            later.c.sink == outbox.c.sink,
            later.c.ticket_id == outbox.c.ticket_id,
            later.c.id > outbox.c.id,
            later.c.state == RowState.DELIVERED,
        )
        async with self._database.transaction() as connection:
            await connection.execute(
                update(outbox)
                .where(_dead_rows(ticket), outbox.c.type == UPDATED, obsolete)
                .values(state=RowState.SUPERSEDED, settled_at=now)
            )
            result = await connection.execute(
                update(outbox)
                .where(_dead_rows(ticket))
                .values(
                    state=RowState.WAITING,
                    next_attempt_at=AT_ONCE,
                    attempts=0,
                    first_attempt_at=None,
                )
            )
            return int(result.rowcount)

    @uninterrupted
    async def prune(self, before: float) -> int:
        """Deletes rows delivered or superseded before ``before``; returns how many."""
        async with self._database.transaction() as connection:
            result = await connection.execute(
                outbox.delete().where(outbox.c.state.in_(SETTLED), outbox.c.settled_at < before)
            )
            return int(result.rowcount)


def _heads_of(sink: str) -> Select[*tuple[Any, ...]]:
    """Waiting rows without an earlier undelivered row of the same ticket."""
    earlier = outbox.alias()
    is_blocked = exists().where(
        earlier.c.sink == outbox.c.sink,
        earlier.c.ticket_id == outbox.c.ticket_id,
        earlier.c.id < outbox.c.id,
        earlier.c.state.in_(UNDELIVERED),
    )
    return select(outbox).where(
        outbox.c.sink == sink, outbox.c.state == RowState.WAITING, ~is_blocked
    )


def _of_heads(heads: Sequence[Mapping[Any, Any]]) -> ColumnElement[bool]:
    """The rows of the tickets of ``heads``, or the first alone where it belongs to none."""
    if heads and heads[0]["ticket_id"] is None:
        return outbox.c.id.in_([heads[0]["id"]])
    return outbox.c.ticket_id.in_([head["ticket_id"] for head in heads if head["ticket_id"]])


def _urgent_tickets(sink: str, most: int) -> Select[str]:
    """The ids of up to ``most`` tickets with a waiting escalation."""
    query = select(outbox.c.ticket_id).where(
        outbox.c.sink == sink,
        outbox.c.state == RowState.WAITING,
        outbox.c.rank == RANKS[ESCALATED],
    )
    return query.distinct().limit(most)


def _dead_rows(ticket: str | None) -> ColumnElement[bool]:
    dead = outbox.c.state == RowState.DEAD
    return dead if ticket is None else and_(dead, outbox.c.ticket_id == ticket)


def _is_sending(sink: str) -> ColumnElement[bool]:
    return and_(outbox.c.sink == sink, outbox.c.state == RowState.SENDING)


async def _resume_waits(connection: AsyncConnection, sink: str, now: float) -> None:
    """State the waits of ``sink`` by the clock of its next owner, which is at ``now``."""
    waiting = and_(outbox.c.sink == sink, outbox.c.state == RowState.WAITING)
    until, asked_at = outbox.c.next_attempt_at, outbox.c.settled_at
    ahead = update(outbox).where(waiting, until > now)
    await connection.execute(
        ahead.where(asked_at.is_not(None), until - asked_at < until - now).values(
            next_attempt_at=now + until - asked_at
        )
    )
    await connection.execute(ahead.where(asked_at.is_(None)).values(next_attempt_at=now))
    first, last = outbox.c.first_attempt_at, outbox.c.last_attempt_at
    tried = update(outbox).where(waiting, first.is_not(None))
    await connection.execute(
        tried.values(first_attempt_at=now - (last - first), last_attempt_at=now)
    )


async def _release(connection: AsyncConnection, rows: ColumnElement[bool]) -> int:
    result = await connection.execute(update(outbox).where(rows).values(state=RowState.WAITING))
    return int(result.rowcount)


async def _claim(
    connection: AsyncConnection, row: Mapping[Any, Any], now: float, epoch: int
) -> Row:
    first = now if row["first_attempt_at"] is None else row["first_attempt_at"]
    claimed = {
        "attempts": row["attempts"] + 1,
        "first_attempt_at": first,
        "last_attempt_at": now,
        "epoch": epoch,
    }
    await connection.execute(
        update(outbox).where(outbox.c.id == row["id"]).values(state=RowState.SENDING, **claimed)
    )
    return Row.of({**row, **claimed})


async def _claim_all(
    connection: AsyncConnection, ids: Sequence[int], now: float, epoch: int
) -> list[Row]:
    """Counts an attempt for each of the rows; returns them in their order."""
    first = func.coalesce(outbox.c.first_attempt_at, now)
    await connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            state=RowState.SENDING,
            attempts=outbox.c.attempts + 1,
            first_attempt_at=first,
            last_attempt_at=now,
            epoch=epoch,
        )
    )
    query = select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.id)
    return [Row.of(row) for row in (await connection.execute(query)).mappings()]
