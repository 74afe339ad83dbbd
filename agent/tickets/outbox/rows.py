"""The outbox's rows: their states, their order of importance, which of them may go now."""

from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.schema import outbox
from agent.tickets.changes import CLOSED, ESCALATED, OPENED, REOPENED, RESOLVED, UPDATED


@unique
class RowState(StrEnum):
    """Where a row stands."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SUPERSEDED = "superseded"


RANKS: Mapping[str, int] = {
    ESCALATED: 0,
    OPENED: 1,
    REOPENED: 1,
    RESOLVED: 2,
    CLOSED: 2,
    UPDATED: 3,
}
"""What goes first where not all can go at once: escalations, then new tickets, updates last."""
USUAL_RANK = 2
"""The rank of a kind that is not listed."""

UNDELIVERED = (RowState.WAITING, RowState.SENDING)
"""States of rows that have still to go."""
SETTLED = (RowState.DELIVERED, RowState.SUPERSEDED)
"""States of rows that need nothing more."""


class Row(msgspec.Struct, frozen=True):
    """One delivery to make, frozen as it was when the ticket changed."""

    id: int
    sink: str
    ticket_id: str
    revision: int
    type: str
    webhook_id: str
    payload: bytes
    attempts: int
    """Attempts made, the present one included once the row is claimed."""
    created_at: float
    first_attempt_at: float | None
    failure: str
    """Why the newest attempt failed."""


class Queue(msgspec.Struct, frozen=True):
    """How one sink's queue stands."""

    pending: int = 0
    oldest: float | None = None
    """When the oldest waiting row was written."""
    dead: int = 0


TURN = (outbox.c.rank, outbox.c.id)
"""The order in which rows go."""
_URGENT = RANKS[ESCALATED]


def urgent_tickets(sink: str, most: int) -> Select[str]:
    """Up to ``most`` tickets of which an escalation waits."""
    asked = select(outbox.c.ticket_id).where(
        outbox.c.sink == sink, outbox.c.state == RowState.WAITING, outbox.c.rank == _URGENT
    )
    return asked.distinct().limit(most)


async def begin(connection: AsyncConnection, row: Mapping[Any, Any], now: float) -> Row:
    """Count an attempt to deliver the stored ``row``; gives it as it is then."""
    first = now if row["first_attempt_at"] is None else row["first_attempt_at"]
    changed = {
        "attempts": row["attempts"] + 1,
        "first_attempt_at": first,
        "last_attempt_at": now,
    }
    await connection.execute(
        update(outbox).where(outbox.c.id == row["id"]).values(state=RowState.SENDING, **changed)
    )
    return as_row({**row, **changed})


async def begin_all(connection: AsyncConnection, ids: Sequence[int], now: float) -> list[Row]:
    """Count an attempt to deliver each of the rows; gives them in their order."""
    first = func.coalesce(outbox.c.first_attempt_at, now)
    await connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            state=RowState.SENDING,
            attempts=outbox.c.attempts + 1,
            first_attempt_at=first,
            last_attempt_at=now,
        )
    )
    asked = select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.id)
    return [as_row(row) for row in (await connection.execute(asked)).mappings()]


def as_row(stored: Mapping[Any, Any]) -> Row:
    """A row as it is stored."""
    return Row(*(stored[name] for name in Row.__struct_fields__))


def dead_rows(ticket: str | None) -> ColumnElement[bool]:
    """Rows that were given up, of one ticket or of all."""
    dead = outbox.c.state == RowState.DEAD
    return dead if ticket is None else and_(dead, outbox.c.ticket_id == ticket)


def heads_of(sink: str) -> Select[*tuple[Any, ...]]:
    """Waiting rows that no earlier undelivered row of their ticket holds back."""
    earlier = outbox.alias()
    held_back = exists().where(
        earlier.c.sink == outbox.c.sink,
        earlier.c.ticket_id == outbox.c.ticket_id,
        earlier.c.id < outbox.c.id,
        earlier.c.state.in_(UNDELIVERED),
    )
    return select(outbox).where(
        outbox.c.sink == sink, outbox.c.state == RowState.WAITING, ~held_back
    )
