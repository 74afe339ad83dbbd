"""Copies a ledger while an agent writes it, and says what it means that a copy was put back.

The ledger's file alone is no backup: what was written last is in the write-ahead log beside it.
"""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store import StoreError
from agent.store.copying import copy_whole
from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox, pages, sink_links, tickets

log = structlog.get_logger(__name__)

RESTORE_PAGE = "ledger/backup"
"""The page of a copy that has the time it was made at; a ledger in use has none."""
_MEANING = (
    "the ledger is a backup that was put back: tickets opened since are not in it, so a fault that"
    " lasts gets a new ticket; tickets closed since are open again until their recovery is"
    " verified; what was queued then is sent again under its former webhook-id (docs/backup.md)"
)


@dataclass(frozen=True)
class Backup:
    """A backup that was made."""

    file: str
    bytes: int
    tickets: int


def back_up(ledger: Path, file: Path) -> Backup:
    """Copy ``ledger`` to ``file``, which must not exist, while an agent may be writing it.

    The copy is one moment's: it is read in one transaction, which holds up no writer. It is
    checked whole before it gets its name.

    Raises:
        StoreError: when there is no ledger, it is damaged, or the file cannot be written.
    """
    if not ledger.is_file():
        raise StoreError(f"{ledger}: there is no ledger; set data_dir to where the agent keeps it")
    count = copy_whole(ledger, file, _mark)
    return Backup(str(file), file.stat().st_size, count)


def _mark(copy: sqlite3.Connection) -> int:
    """Note in a copy when it was made; returns the number of tickets."""
    copy.execute(
        "INSERT OR REPLACE INTO keep (name, value) VALUES (?, ?)",
        (RESTORE_PAGE, repr(time.time()).encode()),
    )
    (count,) = copy.execute("SELECT count(*) FROM tickets").fetchone()
    return int(count)


async def is_restored(database: Database) -> bool:
    """Whether the ledger is a backup that was put back and not noted yet.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    return await database.get(RESTORE_PAGE) is not None


async def _doubt_unsent(connection: AsyncConnection, made_at: float) -> None:
    """Note that what waited for a sink when the backup was made may have been made there since.

    With an intent in its ledger of links, a ticket system is searched before a ticket is created.
    """
    queued = select(outbox.c.sink, outbox.c.ticket_id).where(
        outbox.c.state.in_(("waiting", "sending")), outbox.c.ticket_id.is_not(None)
    )
    for sink, ticket in (await connection.execute(queued.distinct())).all():
        key = and_(sink_links.c.sink == sink, sink_links.c.ticket_id == ticket)
        stored = (await connection.execute(select(sink_links).where(key))).mappings().first()
        if stored is None:
            values = {"sink": sink, "ticket_id": ticket, "remote": "", "reference": ""}
            await connection.execute(insert(sink_links).values(**values, intended_at=made_at))
        elif not stored["remote"] and stored["intended_at"] is None:
            await connection.execute(update(sink_links).where(key).values(intended_at=made_at))


@uninterrupted
async def note_restore(database: Database) -> None:
    """Log once, with what it means, that the ledger is a backup that was put back.

    Raises:
        StoreError: when the ledger cannot be read or written.
    """
    made_at = await database.get(RESTORE_PAGE)
    if made_at is None:
        return
    async with database.transaction() as connection:
        open_tickets = (
            await connection.execute(
                select(func.count()).select_from(tickets).where(tickets.c.open)
            )
        ).scalar_one()
        await _doubt_unsent(connection, float(made_at))
        await connection.execute(delete(pages).where(pages.c.name == RESTORE_PAGE))
    log.warning(
        "ledger_restored",
        made_at=float(made_at),
        hours_ago=round((time.time() - float(made_at)) / 3600, 1),
        open_tickets=open_tickets,
        meaning=_MEANING,
    )
