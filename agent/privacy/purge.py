"""Purges what is older than it is kept for: a few rows a transaction, each step recorded.

A step that was begun is done or not done; the next one asks anew what is too old. So it may be
ended at any moment, repeated by any start, and done by several replicas at once: each counts what
it changed itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.complaints.repository import StoredComplaint
from agent.privacy.kinds import KINDS, Kind
from agent.privacy.personal import (
    complaint_without_people,
    entry_without_people,
    ticket_without_people,
)
from agent.store import schema
from agent.store.database import Database, uninterrupted
from agent.tickets.index import index_columns
from agent.tickets.ticket import Entry, Ticket

log = structlog.get_logger(__name__)

STEP: Final = 100
"""Rows of one transaction."""
_PAUSE: Final = 0.02
"""Seconds between two steps, in which others write."""
_UNREADABLE: Final = b"{}"
"""What a document becomes that cannot be read, and so cannot be shown to be about nobody."""

PurgeRow = Callable[[AsyncConnection, Kind, RowMapping, ColumnElement[bool], float], Awaitable[int]]
"""Connection, kind, row, what selects it, and now; to how many rows were changed: one or none."""


async def purge(
    database: Database, kind: Kind, before: float, now: float, *, step: int = STEP
) -> int:
    """Purge all of ``kind`` from before ``before`` (epoch seconds); returns how many rows.

    Raises:
        StoreError: when the ledger refuses; what was purged before stays purged and recorded.
    """
    total, more = 0, True
    while more:
        count, more = await _step(database, kind, before, now, step)
        total += count
        if more:
            await asyncio.sleep(_PAUSE)
    return total


@uninterrupted
async def _step(
    database: Database, kind: Kind, before: float, now: float, size: int
) -> tuple[int, bool]:
    key = list(kind.table.primary_key.columns)
    query = select(kind.table).where(kind.too_old(before)).order_by(*key).limit(size)
    async with database.transaction() as connection:
        rows = (await connection.execute(query)).mappings().all()
        purge_row = _PURGES.get(kind.name, _delete)
        count = 0
        for row in rows:
            same = and_(*(column == row[column.name] for column in key))
            count += await purge_row(connection, kind, row, same, now)
        if count:
            await record(connection, kind.name, count, before, now)
    return count, len(rows) == size and count > 0


async def record(
    connection: AsyncConnection,
    kind: str,
    rows: int,
    before: float,
    now: float,
    request: str = "",
) -> None:
    """Record in the same transaction that ``rows`` of ``kind`` were purged."""
    values = {"at": now, "kind": kind, "rows": rows, "before": before, "request": request}
    await connection.execute(insert(schema.purges).values(**values))


async def _delete(
    connection: AsyncConnection,
    kind: Kind,
    _row: RowMapping,
    same: ColumnElement[bool],
    _now: float,
) -> int:
    return int((await connection.execute(delete(kind.table).where(same))).rowcount)


async def _erase_caller(
    connection: AsyncConnection,
    _kind: Kind,
    _row: RowMapping,
    same: ColumnElement[bool],
    _now: float,
) -> int:
    named = and_(same, schema.complaints.c.caller != "")
    result = await connection.execute(update(schema.complaints).where(named).values(caller=""))
    return int(result.rowcount)


async def _erase_complaint(
    connection: AsyncConnection, _kind: Kind, row: RowMapping, same: ColumnElement[bool], now: float
) -> int:
    values = {**complaint_values(row["document"]), "erased_at": now}
    table = schema.complaints
    mine = and_(same, table.c.document == row["document"], table.c.erased_at.is_(None))
    return int((await connection.execute(update(table).where(mine).values(**values))).rowcount)


def complaint_values(document: bytes) -> dict[str, Any]:
    """The columns of a complaint without who complained; one that cannot be read is emptied."""
    try:
        stored = msgspec.json.decode(document, type=StoredComplaint)
        erased = msgspec.json.encode(complaint_without_people(stored))
    except msgspec.MsgspecError:
        log.error("complaint_emptied")  # noqa: TRY400 - its text could hold what it was
        erased = _UNREADABLE
    return {"document": erased, "caller": "", "who": ""}


async def _erase_ticket(
    connection: AsyncConnection, _kind: Kind, row: RowMapping, same: ColumnElement[bool], now: float
) -> int:
    try:
        document = ticket_without_people(bytes(row["document"]))
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError):
        log.error("ticket_not_erased", ticket=row["id"])  # noqa: TRY400 - its text could hold what it was
        return 0
    columns = schema.tickets.c
    mine = and_(same, columns.revision == row["revision"], columns.erased_at.is_(None))
    values = {"document": document, "erased_at": now}
    result = await connection.execute(update(schema.tickets).where(mine).values(**values))
    if result.rowcount:
        await _erase_beside(connection, msgspec.json.decode(document, type=Ticket), now)
    return int(result.rowcount)


async def _erase_beside(connection: AsyncConnection, erased: Ticket, now: float) -> None:
    """Erase people from what is stored beside a ticket, and delete what was sent about it."""
    ticket, index = erased.id, schema.ticket_index
    values = {"assignee": "", "words": index_columns(erased)["words"]}
    await connection.execute(update(index).where(index.c.ticket_id == ticket).values(**values))
    # What was delivered is gone already: these were given up, or their sink is gone.
    for kind, table in (("deliveries", schema.outbox), ("notifications", schema.notifications)):
        deleted = await connection.execute(delete(table).where(table.c.ticket_id == ticket))
        if deleted.rowcount:
            await record(connection, kind, deleted.rowcount, now, now)
    lines = schema.timeline
    rows = await connection.execute(select(lines).where(lines.c.ticket_id == ticket))
    for line in rows.all():
        before = Entry(line.at, line.actor, line.event, line.reason)
        after = entry_without_people(before)
        if after != before:
            changed = {"actor": after.actor, "reason": after.reason}
            await connection.execute(update(lines).where(lines.c.id == line.id).values(**changed))


_PURGES: Final[Mapping[str, PurgeRow]] = {
    "callers": _erase_caller,
    "complaints": _erase_complaint,
    "tickets": _erase_ticket,
}
"""How a row of a kind is purged; others are deleted."""


async def purge_all(
    database: Database, limits: Mapping[str, float], now: float, kinds: Sequence[Kind] = KINDS
) -> dict[str, int]:
    """Purge every kind; returns how many rows of each, where there were any.

    Args:
        database: The ledger.
        limits: By kind, the time before which rows are too old, in epoch seconds.
        now: Epoch seconds, for the record.
        kinds: What is purged.

    Raises:
        StoreError: when the ledger refuses.
    """
    counts: dict[str, int] = {}
    for kind in kinds:
        if count := await purge(database, kind, limits[kind.name], now):
            counts[kind.name] = count
    if counts:
        await database.forget_deleted()
    return counts
