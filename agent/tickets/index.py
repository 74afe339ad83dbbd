"""The index of tickets: what lists select, count and sort by, without reading whole tickets.

Each ticket has one narrow row, written in the transaction that writes the ticket. The statements
stay within what SQLite and PostgreSQL share.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.states import Stage
from agent.store.database import Database, uninterrupted
from agent.store.schema import ticket_index, tickets
from agent.tickets.changes import Change
from agent.tickets.index_filter import IndexFilter, conditions_of, order_of
from agent.tickets.members import LARGE, without_members
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import ENDED, Ticket

NEVER = 1e12
"""When a ticket is due of which no clock runs: later than any other."""
_LATER = 3600.0
_IDS_A_STATEMENT = 500
_LONGEST_WORDS = 600


class IndexPage(msgspec.Struct, frozen=True):
    """One page of the tickets that a filter selects, without their timelines.

    Those of very many members are without these, too: decoding them takes longer than a page may.
    """

    tickets: tuple[Ticket, ...]
    total: int
    """The number of tickets on all pages."""


def due_at(ticket: Ticket) -> float:
    """When the first running clock runs out; :data:`NEVER` while none does.

    A clock that is paused until somebody resumes it has no deadline yet: its reading moves.
    """
    if not ticket.open:
        return NEVER
    at = ticket.changed_at or ticket.detected_at
    later = {it.name: it.deadline for it in readings(ticket.clocks, at + _LATER)}
    running = [
        it.deadline
        for it in readings(ticket.clocks, at)
        if it.stopped_at is None and it.deadline is not None and it.deadline == later[it.name]
    ]
    return min(running, default=NEVER)


def index_columns(ticket: Ticket) -> dict[str, object]:
    """The row of ``ticket``."""
    subject, verdict = ticket.subject, ticket.diagnosis
    words = (ticket.id, ticket.text.title, ticket.company, subject.number, ticket.provider_ticket)
    return {
        "ticket_id": ticket.id,
        "open": ticket.open,
        "stage": ticket.stage.value,
        "severity": ticket.severity.value,
        "grade": ticket.grade.value,
        "scope": subject.scope.value,
        "cause": "" if verdict is None else str(verdict.cause),
        "party": "" if verdict is None else str(verdict.party),
        "provider": subject.provider,
        "account": subject.account,
        "number": subject.number,
        "company": ticket.company,
        "assignee": ticket.assignee,
        "severe": ticket.severe is not None and not ticket.severe.excluded,
        "detected_at": ticket.detected_at,
        "closed_at": ticket.closed_at or 0.0,
        "due_at": due_at(ticket),
        "words": " ".join(filter(None, words)).casefold()[:_LONGEST_WORDS],
    }


async def index_all(connection: AsyncConnection, changes: Sequence[Change]) -> None:
    """Writes the rows of the changed tickets, in the caller's transaction.

    Most changes alter nothing that lists sort or select by; those write nothing.
    """
    await _replace(connection, await asyncio.to_thread(_changed_rows, changes))


def _changed_rows(changes: Sequence[Change]) -> list[dict[str, object]]:
    newest: dict[str, dict[str, object]] = {}
    former: dict[str, dict[str, object]] = {}
    for change in changes:
        ticket_id = change.after.id
        if change.before is not None and ticket_id not in newest:
            former[ticket_id] = index_columns(change.before)
        newest[ticket_id] = index_columns(change.after)
    return [row for key, row in newest.items() if former.get(key) != row]


async def _replace(connection: AsyncConnection, rows: Sequence[Mapping[str, object]]) -> None:
    for start in range(0, len(rows), _IDS_A_STATEMENT):
        batch = rows[start : start + _IDS_A_STATEMENT]
        ids = [row["ticket_id"] for row in batch]
        await connection.execute(delete(ticket_index).where(ticket_index.c.ticket_id.in_(ids)))
        await connection.execute(insert(ticket_index), [dict(row) for row in batch])


class TicketIndex:
    """Lists and counts tickets by their rows.

    Every method raises StoreError when the ledger cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, selection: IndexFilter, now: float, limit: int, offset: int = 0
    ) -> IndexPage:
        """One page of the tickets that ``selection`` selects, in its order."""
        documents, total = await self._documents(selection, now, limit, offset)
        return IndexPage(await asyncio.to_thread(_decoded_short, documents), total)

    @uninterrupted
    async def _documents(
        self, selection: IndexFilter, now: float, limit: int, offset: int
    ) -> tuple[Sequence[bytes], int]:
        async with self._database.reading() as connection:
            total = (await connection.execute(counting(selection, now))).scalar_one()
            query = listing(selection, now, limit, offset)
            ids = (await connection.execute(query)).scalars().all()
            found = await connection.execute(
                select(tickets.c.id, tickets.c.document).where(tickets.c.id.in_(ids))
            )
            documents = {row.id: row.document for row in found}
        return [documents[it] for it in ids if it in documents], int(total)

    @uninterrupted
    async def stages(self, selection: IndexFilter, now: float) -> dict[Stage, int]:
        """How many of the selected tickets are in each stage; stages without any are left out."""
        async with self._database.reading() as connection:
            result = await connection.execute(counting_by_stage(selection, now))
            return {Stage(stage): int(count) for stage, count in result}

    @uninterrupted
    async def assignees(self, limit: int) -> list[str]:
        """The people to whom open tickets are assigned, in order."""
        column = ticket_index.c.assignee
        query = select(column).where(column > "", ticket_index.c.open).distinct()
        async with self._database.reading() as connection:
            result = await connection.execute(query.order_by(column).limit(limit))
            return list(result.scalars())

    async def complete(self) -> int:
        """Makes the rows of tickets that have none, as after an update; returns how many."""
        made = 0
        while documents := await self._unindexed():
            stored = await asyncio.to_thread(_decoded, documents)
            await self._insert(await asyncio.to_thread(_rows, stored))
            made += len(documents)
        return made

    @uninterrupted
    async def _unindexed(self) -> Sequence[bytes]:
        query = (
            select(tickets.c.document)
            .outerjoin(ticket_index, ticket_index.c.ticket_id == tickets.c.id)
            .where(ticket_index.c.ticket_id.is_(None))
            .limit(_IDS_A_STATEMENT)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalars().all()

    @uninterrupted
    async def _insert(self, rows: Sequence[Mapping[str, object]]) -> None:
        async with self._database.transaction() as connection:
            await _replace(connection, rows)


def listing(selection: IndexFilter, now: float, limit: int, offset: int) -> Select[str]:
    """The statement for the ids of one page."""
    query = select(ticket_index.c.ticket_id).where(*conditions_of(selection, now))
    return query.order_by(*order_of(selection)).limit(limit).offset(offset)


def counting(selection: IndexFilter, now: float) -> Select[int]:
    """The statement for the number of tickets on all pages."""
    return select(func.count()).select_from(ticket_index).where(*conditions_of(selection, now))


def counting_by_stage(selection: IndexFilter, now: float) -> Select[str, int]:
    """The statement for the number of tickets in each stage."""
    column: ColumnElement[str] = ticket_index.c.stage
    query = select(column, func.count()).where(*conditions_of(selection, now))
    return query.group_by(column)


def is_open(stage: Stage) -> bool:
    """Whether tickets in ``stage`` are open."""
    return stage not in ENDED


def _rows(stored: Collection[Ticket]) -> list[dict[str, object]]:
    return [index_columns(ticket) for ticket in stored]


def _decoded_short(documents: Collection[bytes]) -> tuple[Ticket, ...]:
    return _decoded([it if len(it) < LARGE else without_members(it) for it in documents])


def _decoded(documents: Collection[bytes]) -> tuple[Ticket, ...]:
    return tuple(msgspec.json.decode(it, type=Ticket) for it in documents)
