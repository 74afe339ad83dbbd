"""Rows of the outbox: the deliveries that a change of a ticket queues for the sinks.

Rows are written in the transaction of the change they deliver. Several updates of a ticket that
wait become the newest one; the changes that a receiver must not miss (opened, escalated, resolved,
closed, reopened) always stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum, unique
from typing import Any

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.schema import outbox
from agent.tickets.changes import (
    CLOSED,
    ESCALATED,
    OPENED,
    REOPENED,
    RESOLVED,
    UPDATED,
    Change,
)
from agent.tickets.document import payload
from agent.tickets.key import webhook_id
from agent.tickets.outbox.notice_kinds import REPORT
from agent.tickets.ticket import Ticket

_IDS_A_STATEMENT = 500
"""Databases limit the number of parameters in one statement."""


@unique
class RowState(StrEnum):
    """The state of a delivery."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; an operator may replay it."""
    SUPERSEDED = "superseded"
    """An update that a newer one has replaced."""


RANKS: Mapping[str, int] = {
    ESCALATED: 0,
    OPENED: 1,
    REOPENED: 1,
    RESOLVED: 2,
    CLOSED: 2,
    UPDATED: 3,
}
"""The order of delivery where not all can go at once: escalations first, updates last."""
AT_ONCE = 0.0
"""The next attempt of a row that is due at once, whatever the clock says then."""
USUAL_RANK = 2
"""The rank of a kind that is not listed."""

UNDELIVERED = (RowState.WAITING, RowState.SENDING)
"""States of rows that are still to be delivered."""
SETTLED = (RowState.DELIVERED, RowState.SUPERSEDED)
"""States of rows that need nothing more."""


class Row(msgspec.Struct, frozen=True):
    """One delivery, with the payload as it was when the ticket changed."""

    id: int
    sink: str
    ticket_id: str
    """Empty for a delivery that belongs to no ticket."""
    revision: int
    type: str
    webhook_id: str
    payload: bytes
    attempts: int
    """Attempts made, including the present one once the row is claimed."""
    created_at: float
    first_attempt_at: float | None
    failure: str
    """Why the newest attempt failed."""
    epoch: int = 0
    """That of the owner of the sink who made the newest attempt."""

    @classmethod
    def of(cls, stored: Mapping[Any, Any]) -> "Row":
        """The row as it is stored."""
        fields = {name: stored[name] for name in cls.__struct_fields__}
        return cls(**{**fields, "ticket_id": fields["ticket_id"] or ""})


class Queue(msgspec.Struct, frozen=True):
    """The size of one sink's queue."""

    pending: int = 0
    oldest: float | None = None
    """When the oldest undelivered row was written."""
    dead: int = 0


def encode_payload(change: Change) -> bytes:
    """The webhook body of ``change``, empty where nothing is delivered.

    Its timestamp is the change's own, so that every retry sends the same bytes.
    """
    return payload(change.after, change.kind, change.after.changed_at) if change.kind else b""


async def enqueue_all(
    connection: AsyncConnection, sinks: Iterable[str], changes: Sequence[tuple[Change, bytes]]
) -> None:
    """Adds a row for each sink and change, inside the caller's transaction.

    Each change comes with its :func:`encode_payload`; the changes of one ticket are in order.
    """
    delivered = [(change, body) for change, body in changes if change.kind]
    newest = {change.after.id: change for change, _body in delivered}
    changed = [change.after.id for change, _body in delivered if change.before is not None]
    for sink in sinks:
        if changed:
            now = delivered[0][0].after.changed_at
            await _supersede_updates(connection, sink, changed, now)
        rows = [
            _columns(sink, *effective_event(sink, change, body), newest[change.after.id])
            for change, body in delivered
        ]
        if rows:
            await connection.execute(insert(outbox), rows)


def effective_event(sink: str, change: Change, body: bytes) -> tuple[Change, bytes]:
    """The change and its payload as ``sink`` receives it.

    A sink that an escalation is not for receives it as an update.
    """
    to = change.escalated_to
    if change.kind != ESCALATED or to is None or sink in to:
        return change, body
    as_update = msgspec.structs.replace(change, kind=UPDATED)
    return as_update, body.replace(_type(ESCALATED), _type(UPDATED), 1)


def _type(kind: str) -> bytes:
    """The part of a payload that names its type; it comes first (``agent/tickets/document.py``)."""
    return b'"type":' + msgspec.json.encode(kind)


def _columns(sink: str, change: Change, body: bytes, newest: Change) -> dict[str, object]:
    ticket, now = change.after, change.after.changed_at
    superseded = change.kind == UPDATED and change.after is not newest.after
    return {
        "sink": sink,
        "ticket_id": ticket.id,
        "revision": ticket.revision,
        "type": change.kind,
        "webhook_id": webhook_id(ticket),
        "payload": body,
        "state": RowState.SUPERSEDED if superseded else RowState.WAITING,
        "created_at": now,
        "next_attempt_at": AT_ONCE,
        "attempts": 0,
        "settled_at": now if superseded else None,
        "failure": "",
        "rank": RANKS.get(change.kind, USUAL_RANK),
    }


def notice_columns(
    sink: str, id_: str, ticket: Ticket, body: bytes, now: float, kind: str = ESCALATED
) -> dict[str, object]:
    """The row of a notice to certain people, which no change of the ticket has caused.

    Its id is its own instead of the revision's.
    """
    after = msgspec.structs.replace(ticket, changed_at=now)
    change = Change(None, after, kind)
    return {**_columns(sink, change, body, change), "webhook_id": id_}


def report_columns(sink: str, id_: str, body: bytes, now: float) -> dict[str, object]:
    """The row of a report, which belongs to no ticket and waits for none.

    The id is unique at its sink: the database refuses a second row of the same report.
    """
    return {
        "sink": sink,
        "ticket_id": None,
        "revision": 0,
        "type": REPORT,
        "webhook_id": id_,
        "payload": body,
        "state": RowState.WAITING,
        "created_at": now,
        "next_attempt_at": AT_ONCE,
        "attempts": 0,
        "settled_at": None,
        "failure": "",
        "rank": USUAL_RANK,
    }


async def _supersede_updates(
    connection: AsyncConnection, sink: str, ids: Sequence[str], now: float
) -> None:
    # Rows that are being sent stay: whether the receiver has them already is not known.
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        batch = ids[start : start + _IDS_A_STATEMENT]
        await connection.execute(
            update(outbox)
            .where(
                outbox.c.sink == sink,
                outbox.c.ticket_id.in_(batch),
                outbox.c.state == RowState.WAITING,
                outbox.c.type == UPDATED,
            )
            .values(state=RowState.SUPERSEDED, settled_at=now)
        )
