"""Faults that come again: how often a number had a ticket of the same cause within a month.

Three within 30 days call for the root cause (docs/reference/domain.md §5, RepeatFault). A repeat is
no second ticket: it marks the one that is open, and tells everybody once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy import and_, func, or_, select

from agent.states import Cause
from agent.store.database import Database, finish
from agent.store.schema import ticket_index
from agent.tickets.changes import AGENT, ESCALATED, Change, changed
from agent.tickets.decide.diagnosis import is_conclusive
from agent.tickets.ticket import Entry, Ticket

PERIOD: Final = 30 * 86400.0
"""Seconds within which tickets count."""
OFTEN: Final = 3
"""So many are a repeated fault."""
_NUMBERS_A_STATEMENT = 200

Fault = tuple[str, str, str, str]
"""Provider, account, number and cause."""


async def marks(
    database: Database, tickets: Mapping[str, Ticket], changes: Iterable[Change], now: float
) -> list[Change]:
    """The changes that mark those of ``tickets`` whose fault has come again.

    Args:
        database: The ledger.
        tickets: The open tickets by key.
        changes: What has just been written; only what these have opened is counted.
        now: Epoch seconds.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    candidates = [tickets.get(it.key, it) for it in _to_be_counted(changes)]
    if not candidates:
        return []
    counts = await finish(_count(database, candidates, now))
    made = (_marked(it, counts.get(_fault(it), 0), now) for it in candidates)
    return [change for change in made if change is not None]


def _to_be_counted(changes: Iterable[Change]) -> list[Ticket]:
    """The tickets about one number that ``changes`` have opened or given another cause."""
    newest = {
        change.after.id: change.after
        for change in changes
        if change.before is None or _cause(change.before) != _cause(change.after)
    }
    return [it for it in newest.values() if it.open and it.subject.number and _cause(it)]


async def _count(database: Database, tickets: Sequence[Ticket], now: float) -> Mapping[Fault, int]:
    """How many tickets the numbers of ``tickets`` have had within the period, by cause."""
    counts: dict[Fault, int] = {}
    faults = sorted({_fault(ticket) for ticket in tickets})
    columns = ticket_index.c
    key = (columns.provider, columns.account, columns.number, columns.cause)
    async with database.reading() as connection:
        for start in range(0, len(faults), _NUMBERS_A_STATEMENT):
            wanted = [
                and_(*(column == value for column, value in zip(key, fault, strict=True)))
                for fault in faults[start : start + _NUMBERS_A_STATEMENT]
            ]
            query = (
                select(*key, func.count())
                .where(or_(*wanted), columns.detected_at > now - PERIOD)
                .group_by(*key)
            )
            for *fault, number in (await connection.execute(query)).all():
                provider, account, name, cause = map(str, fault)
                counts[provider, account, name, cause] = int(number)
    return counts


def _marked(ticket: Ticket, repeats: int, now: float) -> Change | None:
    """The change that marks ``ticket`` as a fault that came again; ``None`` where it is not."""
    if repeats == ticket.repeats or max(repeats, ticket.repeats) < OFTEN:
        return None
    reason = f"the same fault {repeats} times within 30 days"
    entry = Entry(now, AGENT, "repeated", reason)
    return changed(ticket, replace(ticket, repeats=repeats), [entry], ESCALATED, now)


def _fault(ticket: Ticket) -> Fault:
    """What is counted of ``ticket``."""
    subject = ticket.subject
    return subject.provider, subject.account, subject.number, _cause(ticket)


def _cause(ticket: Ticket) -> str:
    verdict = ticket.diagnosis
    return str(Cause(verdict.cause)) if verdict is not None and is_conclusive(verdict) else ""
