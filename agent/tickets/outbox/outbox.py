"""What the sinks are still to be told, in the same transaction as the change it tells of.

Rows of one ticket go to one sink strictly in order; rows of different tickets do not wait for
each other. Several updates that wait become the newest one; the steps that a receiver must
not miss (opened, escalated, resolved, closed, reopened) always stay.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import (
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database
from agent.store.schema import outbox
from agent.store.uninterrupted import uninterrupted
from agent.tickets.changes import ESCALATED, UPDATED, Change
from agent.tickets.document import payload
from agent.tickets.key import webhook_id
from agent.tickets.outbox.rows import (
    RANKS,
    SETTLED,
    TURN,
    UNDELIVERED,
    USUAL_RANK,
    Queue,
    Row,
    RowState,
    as_row,
    begin,
    begin_all,
    dead_rows,
    heads_of,
    urgent_tickets,
)

__all__ = [
    "RANKS",
    "Outbox",
    "Queue",
    "Row",
    "RowState",
    "encode_payload",
    "enqueue_all",
]


_IDS_A_STATEMENT = 500


def encode_payload(change: Change) -> bytes:
    """What the sinks are told of ``change``, as it is at this moment; slow for many members."""
    return payload(change.after, change.kind, change.after.changed_at) if change.kind else b""


async def enqueue_all(
    connection: AsyncConnection, sinks: Iterable[str], told: Sequence[tuple[Change, bytes]]
) -> None:
    """Add the rows that tell each of ``sinks`` of changes, inside the caller's transaction.

    Each change comes with its :func:`encode_payload`; the changes of one ticket are in order.
    """
    heard = [(change, body) for change, body in told if change.kind]
    newest = {change.after.id: change for change, _body in heard}
    changed = [change.after.id for change, _body in heard if change.before is not None]
    for sink in sinks:
        if changed:
            await _supersede_updates(connection, sink, changed, heard[0][0].after.changed_at)
        rows = [
            _new(sink, *effective_event(sink, change, body), newest[change.after.id])
            for change, body in heard
        ]
        if rows:
            await connection.execute(insert(outbox), rows)


def _new(sink: str, change: Change, body: bytes, newest: Change) -> dict[str, object]:
    ticket, now = change.after, change.after.changed_at
    superseded = change.kind == UPDATED and change.after is not newest.after
    return {
        "sink": sink,
        "ticket_id": ticket.id,
        "revision": ticket.revision,
        "type": change.kind,
        "webhook_id": webhook_id(ticket.key, ticket.episode, ticket.revision),
        "payload": body,
        "state": RowState.SUPERSEDED if superseded else RowState.WAITING,
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "settled_at": now if superseded else None,
        "failure": "",
        "rank": RANKS.get(change.kind, USUAL_RANK),
    }


async def _supersede_updates(
    connection: AsyncConnection, sink: str, ids: Sequence[str], now: float
) -> None:
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        some = ids[start : start + _IDS_A_STATEMENT]
        await connection.execute(
            update(outbox)
            .where(
                outbox.c.sink == sink,
                outbox.c.ticket_id.in_(some),
                outbox.c.state == RowState.WAITING,
                outbox.c.type == UPDATED,
            )
            .values(state=RowState.SUPERSEDED, settled_at=now)
        )


class Outbox:
    """The queue as the dispatcher and the operator see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def claim(
        self, sink: str, now: float, *, early: bool = False, besides: str = ""
    ) -> Row | None:
        """The first row due at ``sink``, its attempt already counted; ``None`` when none is.

        What is most important goes first (:data:`RANKS`), then what is oldest; ``early`` asks
        for the oldest of all.

        A row whose ticket has an earlier undelivered one is never given. With ``early`` it
        need not be due yet, ``besides`` asks for one of another ticket.
        """
        asked = heads_of(sink).where(outbox.c.ticket_id != besides)
        if early:
            asked = asked.order_by(outbox.c.id)
        else:
            asked = asked.where(outbox.c.next_attempt_at <= now).order_by(*TURN)
        async with self._database.transaction() as connection:
            found = await connection.execute(asked.limit(1))
            row = found.mappings().one_or_none()
            if row is None:
                return None
            return await begin(connection, row, now)

    @uninterrupted
    async def claim_together(self, sink: str, now: float, least: int, most: int) -> list[Row]:
        """What a chat is told at once, the attempts already counted; empty when nothing is due.

        All waiting rows of one ticket, or where ``least`` tickets or more are due, of up to
        ``most`` of them: those with an escalation first, and where there are any, alone.
        """
        due = heads_of(sink).where(outbox.c.next_attempt_at <= now).order_by(*TURN)
        async with self._database.transaction() as connection:
            heads = (await connection.execute(due.limit(max(least, most)))).mappings().all()
            chosen = heads[:1] if len(heads) < least else heads[:most]
            urgent = list((await connection.execute(urgent_tickets(sink, most))).scalars())
            if urgent:
                asked = due.where(outbox.c.ticket_id.in_(urgent))
                first = (await connection.execute(asked)).mappings().all()
                chosen = (first[:1] if len(heads) < least else first) or chosen
            ids = [head["ticket_id"] for head in chosen]
            waiting = select(outbox.c.id).where(
                outbox.c.sink == sink,
                outbox.c.ticket_id.in_(ids),
                outbox.c.state == RowState.WAITING,
            )
            rows = (await connection.execute(waiting)).scalars().all()
            return await begin_all(connection, rows, now)

    @uninterrupted
    async def attempts_since(self, sink: str, since: float) -> list[float]:
        """When deliveries to ``sink`` were attempted after ``since``, the newest of each row."""
        asked = select(outbox.c.last_attempt_at).where(
            outbox.c.sink == sink, outbox.c.last_attempt_at > since
        )
        async with self._database.transaction() as connection:
            return [float(at) for at in (await connection.execute(asked)).scalars()]

    @uninterrupted
    async def next_due(self, sink: str) -> float | None:
        """When the next row is due at ``sink``; ``None`` when nothing waits."""
        heads = heads_of(sink).subquery()
        async with self._database.transaction() as connection:
            found = await connection.execute(select(func.min(heads.c.next_attempt_at)))
            due = found.scalar_one()
            return None if due is None else float(due)

    async def delivered(self, rows: Sequence[Row], now: float) -> None:
        """The sink has taken ``rows``."""
        await self._settle(rows, now, state=RowState.DELIVERED, failure="")

    async def retry(self, row: Row, failure: str, at: float, now: float) -> None:
        """The attempt failed; the next one is at ``at``."""
        await self._settle([row], now, state=RowState.WAITING, failure=failure, next_attempt_at=at)

    async def bury(self, row: Row, failure: str, now: float) -> None:
        """The row goes to the dead letters; later rows of its ticket go on."""
        await self._settle([row], now, state=RowState.DEAD, failure=failure)

    @uninterrupted
    async def _settle(self, rows: Sequence[Row], now: float, **values: object) -> None:
        ids = [row.id for row in rows]
        async with self._database.transaction() as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id.in_(ids)).values(settled_at=now, **values)
            )

    @uninterrupted
    async def recover(self) -> int:
        """Put back rows that were being sent when the agent died; gives how many.

        Whether they arrived is not known, so they go again under the same id.
        """
        async with self._database.transaction() as connection:
            found = await connection.execute(
                update(outbox)
                .where(outbox.c.state == RowState.SENDING)
                .values(state=RowState.WAITING)
            )
            return int(found.rowcount)

    @uninterrupted
    async def wake(self, sink: str, now: float) -> None:
        """Make everything that waits at ``sink`` due: it answers again."""
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
        """How the queue of every sink that has rows stands, by sink."""
        waiting = outbox.c.state.in_(UNDELIVERED)
        dead = outbox.c.state == RowState.DEAD
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(
                    outbox.c.sink,
                    func.count(outbox.c.id).filter(waiting),
                    func.min(outbox.c.created_at).filter(waiting),
                    func.count(outbox.c.id).filter(dead),
                )
                .where(or_(waiting, dead))
                .group_by(outbox.c.sink)
            )
            return {sink: Queue(pending, oldest, lost) for sink, pending, oldest, lost in found}

    @uninterrupted
    async def waiting_tickets(self, sink: str) -> frozenset[str]:
        """The tickets of which ``sink`` is still to be told something, dead letters included."""
        undelivered = outbox.c.state.in_((*UNDELIVERED, RowState.DEAD))
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(outbox.c.ticket_id).where(outbox.c.sink == sink, undelivered).distinct()
            )
            return frozenset(str(row.ticket_id) for row in found)

    @uninterrupted
    async def dead_letters(self, ticket: str | None = None) -> list[Row]:
        """Rows that were given up, oldest first; of one ticket when ``ticket`` names it."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(outbox).where(dead_rows(ticket)).order_by(outbox.c.id)
            )
            return [as_row(row) for row in found.mappings()]

    @uninterrupted
    async def replay(self, ticket: str | None, now: float) -> int:
        """Queue dead letters again, in their order and under their ids; gives how many.

        An update that a later delivery has made obsolete is dropped instead: replayed, it
        would put the receiver back to an older state.
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
                .where(dead_rows(ticket), outbox.c.type == UPDATED, obsolete)
                .values(state=RowState.SUPERSEDED, settled_at=now)
            )
            found = await connection.execute(
                update(outbox)
                .where(dead_rows(ticket))
                .values(
                    state=RowState.WAITING,
                    next_attempt_at=now,
                    attempts=0,
                    first_attempt_at=None,
                )
            )
            return int(found.rowcount)

    @uninterrupted
    async def prune(self, before: float) -> int:
        """Drop rows delivered or superseded before ``before``; gives how many."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                outbox.delete().where(outbox.c.state.in_(SETTLED), outbox.c.settled_at < before)
            )
            return int(found.rowcount)


def effective_event(sink: str, change: Change, body: bytes) -> tuple[Change, bytes]:
    """The change and its payload as ``sink`` hears it."""
    to = change.escalated_to
    if change.kind != ESCALATED or to is None or sink in to:
        return change, body
    as_update = msgspec.structs.replace(change, kind=UPDATED)
    return as_update, body.replace(_type(ESCALATED), _type(UPDATED), 1)


def _type(kind: str) -> bytes:
    """How a payload begins (:func:`agent.tickets.document.payload`)."""
    return b'"type":' + msgspec.json.encode(kind)
