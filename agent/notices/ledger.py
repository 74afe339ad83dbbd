"""The ledger of notices: who was told what of a ticket, and when, with how far each has come."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.notices.notice import Letter, Notice
from agent.store.database import Database, uninterrupted
from agent.store.schema import notifications, outbox, ticket_notices
from agent.tickets.outbox.notice_kinds import AFFECTED, RESTORED
from agent.tickets.outbox.rows import RowState, notice_columns
from agent.tickets.ticket import Ticket

MOST_OF_A_TICKET = 5000
"""Notices of one ticket that are read; there are a few for each contact."""
_IDS_A_STATEMENT = 500
_DELIVERED = "delivered"


class NoticeStatus(msgspec.Struct, frozen=True):
    """A notice, and what became of it."""

    notice: Notice
    state: str
    """A state of :class:`agent.sinks.phone_api.NotificationState` where it is one person's message,
    else that of its delivery."""
    detail: str = ""
    """Why it was not delivered."""


class NoticeLedger:
    """Reads and writes notices. Every method raises StoreError when the ledger cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, ticket: Ticket, letters: Sequence[Letter], now: float) -> int:
        """Queues ``letters`` about ``ticket``, but for what was written before; returns how many.

        The notices and their deliveries are one transaction.
        """
        wanted = {it.id for letter in letters for it in letter.notices}
        return await self._write(ticket, letters, wanted, now)

    @uninterrupted
    async def _write(
        self, ticket: Ticket, letters: Sequence[Letter], wanted: Collection[str], now: float
    ) -> int:
        count = 0
        async with self._database.transaction() as connection:
            known = await _known(connection, wanted)
            for letter in letters:
                fresh = letter.without(known)
                if fresh.notices:
                    await _insert(connection, ticket, fresh, now)
                    count += len(fresh.notices)
        return count

    @uninterrupted
    async def known(self, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that were written before."""
        async with self._database.reading() as connection:
            return await _known(connection, ids)

    @uninterrupted
    async def of_ticket(self, ticket_id: str) -> list[NoticeStatus]:
        """Everything that was told of a ticket, oldest first."""
        query = (
            select(ticket_notices)
            .where(ticket_notices.c.ticket_id == ticket_id)
            .order_by(ticket_notices.c.at, ticket_notices.c.id)
            .limit(MOST_OF_A_TICKET)
        )
        sent = select(notifications).where(notifications.c.ticket_id == ticket_id)
        queued = select(outbox.c.sink, outbox.c.webhook_id, outbox.c.state, outbox.c.failure).where(
            outbox.c.ticket_id == ticket_id
        )
        async with self._database.reading() as connection:
            notices = [_notice(row) for row in (await connection.execute(query)).mappings()]
            messages = {
                (row["sink"], row["delivery"], row["receiver"]): (row["state"], row["detail"])
                for row in (await connection.execute(sent)).mappings()
            }
            rows = {
                (row.sink, row.webhook_id): (row.state, row.failure)
                for row in await connection.execute(queued)
            }
        return [_told(it, messages, rows) for it in notices]

    @uninterrupted
    async def tickets_to_follow(self, since: float, most: int) -> list[str]:
        """Tickets of whose fault customers were told since then, and of its end not yet."""
        later = ticket_notices.alias()
        ended = exists().where(
            and_(
                later.c.ticket_id == ticket_notices.c.ticket_id,
                later.c.sink == ticket_notices.c.sink,
                later.c.receiver == ticket_notices.c.receiver,
                later.c.turn == ticket_notices.c.turn,
                later.c.event == RESTORED,
            )
        )
        query = (
            select(ticket_notices.c.ticket_id)
            .where(ticket_notices.c.event == AFFECTED, ticket_notices.c.at > since, ~ended)
            .group_by(ticket_notices.c.ticket_id)
            .order_by(func.max(ticket_notices.c.at).desc())
            .limit(most)
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    @uninterrupted
    async def prune(self, before: float) -> None:
        """Deletes notices that were written before ``before``."""
        async with self._database.transaction() as connection:
            await connection.execute(ticket_notices.delete().where(ticket_notices.c.at < before))


async def _known(connection: AsyncConnection, ids: Iterable[str]) -> set[str]:
    known: set[str] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_A_STATEMENT):
        batch = wanted[start : start + _IDS_A_STATEMENT]
        query = select(ticket_notices.c.id).where(ticket_notices.c.id.in_(batch))
        known |= set((await connection.execute(query)).scalars())
    return known


async def _insert(connection: AsyncConnection, ticket: Ticket, letter: Letter, now: float) -> None:
    row = notice_columns(letter.sink, letter.id, ticket, letter.payload(now), now, letter.kind)
    await connection.execute(insert(outbox), [row])
    columns = [msgspec.structs.asdict(it) for it in letter.notices]
    await connection.execute(insert(ticket_notices), columns)


def _notice(row: Mapping[Any, Any]) -> Notice:
    return Notice(**{name: row[name] for name in Notice.__struct_fields__})


def _told(
    notice: Notice,
    messages: Mapping[tuple[str, str, str], tuple[str, str]],
    rows: Mapping[tuple[str, str], tuple[str, str]],
) -> NoticeStatus:
    message = messages.get((notice.sink, notice.delivery, notice.receiver))
    # What was delivered leaves the outbox after a while; what was not stays.
    state, failure = rows.get((notice.sink, notice.delivery), (_DELIVERED, ""))
    if message is None or (state == RowState.DEAD and message[0] in ("waiting", "sending")):
        return NoticeStatus(notice, state, "" if state == _DELIVERED else failure)
    return NoticeStatus(notice, *message)
