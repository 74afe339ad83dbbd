"""What one caller complained of before, and which complaints are repeats.

A caller is known by the keyed hash of the number, and by nothing where the number is not known:
two complaints by unknown callers are no repeat of each other. Who complains again about a number
was not helped the first time (docs/reference/domain.md §6, the control of repeated complaints).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import func, select

from agent.complaints.complaint import Complaint, reporter_of
from agent.complaints.repository import ComplaintRepository, StoredComplaint
from agent.store.database import uninterrupted
from agent.store.schema import complaints

REPEAT_WINDOW: Final = 30 * 86400.0
"""Seconds after a complaint in which another by the same caller about the same number repeats it:
the month in which a fault that comes again is a repeated one (docs/reference/domain.md §5)."""
SHOWN: Final = 10
"""The complaints of one caller that a history shows."""
_MOST_READ: Final = 5000
"""The rows that one page of complaints may need to be compared with."""


class ReporterHistory(msgspec.Struct, frozen=True):
    """The complaints of one caller; all zero where the caller is not known."""

    total: int = 0
    """All of them, the one in question included."""
    about_number: int = 0
    """Those about the same number."""
    waiting: int = 0
    """Those that are not answered."""
    others: tuple[StoredComplaint, ...] = ()
    """The newest of them, without the one in question."""


class Reporters:
    """Reads the histories of callers.

    Args:
        repository: All complaints.
    """

    def __init__(self, repository: ComplaintRepository) -> None:
        self._database = repository.database
        self._repository = repository

    async def history_of(self, complaint: Complaint) -> ReporterHistory:
        """What the caller of ``complaint`` complained of.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        who = reporter_of(complaint)
        if not who:
            return ReporterHistory()
        total, about_number, waiting = await self._counts(who, complaint.number)
        newest = await self._repository.newest(SHOWN + 1, who=who)
        others = tuple(it for it in newest if it.complaint.id != complaint.id)[:SHOWN]
        return ReporterHistory(total, about_number, waiting, others)

    async def repeats_of(self, shown: Iterable[Complaint]) -> Mapping[str, int]:
        """How many complaints each of ``shown`` repeats, by its id, where it repeats any.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        by_caller = [it for it in shown if reporter_of(it)]
        if not by_caller:
            return {}
        return repeats(by_caller, await self._times(by_caller))

    @uninterrupted
    async def _counts(self, who: str, number: str) -> tuple[int, int, int]:
        column = complaints.c
        query = select(
            func.count(),
            func.count().filter(column.number == number),
            func.count().filter(column.answered_at.is_(None)),
        ).where(column.who == who)
        async with self._database.reading() as connection:
            total, about_number, waiting = (await connection.execute(query)).one()
        return int(total), int(about_number), int(waiting)

    @uninterrupted
    async def _times(self, shown: Sequence[Complaint]) -> list[tuple[str, str, float]]:
        """Caller, number and time of every complaint that one of ``shown`` may repeat."""
        column = complaints.c
        query = (
            select(column.who, column.number, column.received_at)
            .where(column.who.in_({it.who for it in shown}))
            .where(column.received_at >= min(it.received_at for it in shown) - REPEAT_WINDOW)
            .order_by(column.received_at.desc())
            .limit(_MOST_READ)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [(row.who, row.number, row.received_at) for row in rows]


def repeats(shown: Iterable[Complaint], known: Iterable[tuple[str, str, float]]) -> dict[str, int]:
    """How many of ``known`` (caller, number, time) each of ``shown`` repeats, where it does."""
    times: dict[tuple[str, str], list[float]] = {}
    for who, number, at in known:
        times.setdefault((who, number), []).append(at)
    found: dict[str, int] = {}
    for complaint in shown:
        received = complaint.received_at
        earlier = times.get((complaint.who, complaint.number), ())
        count = sum(received - REPEAT_WINDOW <= at < received for at in earlier)
        if count:
            found[complaint.id] = count
    return found
