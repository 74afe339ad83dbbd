"""The steps of complaints that are still owed, whether the ticket is closed or not.

A caller whose fault is repaired still waits for the reply (docs/reference/domain.md §3).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec
from sqlalchemy import select

from agent.complaints.complaint import Complaint, Deadline, Step
from agent.store.database import Database, finish
from agent.store.schema import complaints

MOST_COMPLAINTS = 10_000
"""The newest complaints whose steps are held; a ledger has few that are owed any."""


class _Deadlines(msgspec.Struct, frozen=True):
    deadlines: tuple[Deadline, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    """What of a stored complaint says what is owed."""

    complaint: _Deadlines


class OwedSteps:
    """What is owed for each complaint, by its id."""

    def __init__(self, owed: Mapping[str, tuple[Deadline, ...]]) -> None:
        self._owed: dict[str, tuple[Deadline, ...]] = {}
        for complaint_id, deadlines in owed.items():
            self._hold(complaint_id, deadlines)

    @classmethod
    async def open(cls, database: Database) -> "OwedSteps":
        """What the newest complaints of the ledger are owed.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        documents = await finish(_newest(database))
        return cls(await asyncio.to_thread(_read, documents))

    def hold(self, held: Iterable[Complaint]) -> None:
        """Take over what the complaints are owed now."""
        for complaint in held:
            self._hold(complaint.id, complaint.deadlines)

    def overdue(self, now: float) -> Mapping[Step, int]:
        """How many complaints are past the time of each step, at ``now`` in epoch seconds."""
        late = Counter(
            deadline.step
            for deadlines in self._owed.values()
            for deadline in deadlines
            if deadline.due < now
        )
        return {step: late[step] for step in Step}

    def _hold(self, complaint_id: str, deadlines: tuple[Deadline, ...]) -> None:
        self._owed.pop(complaint_id, None)
        owed = tuple(deadline for deadline in deadlines if deadline.done_at is None)
        if owed:
            self._owed[complaint_id] = owed
        for oldest in list(islice(self._owed, max(0, len(self._owed) - MOST_COMPLAINTS))):
            del self._owed[oldest]


async def _newest(database: Database) -> list[tuple[str, bytes]]:
    newest = complaints.c.received_at.desc()
    query = select(complaints.c.id, complaints.c.document).order_by(newest, complaints.c.id)
    async with database.reading() as connection:
        rows = (await connection.execute(query.limit(MOST_COMPLAINTS))).all()
    return [(row.id, row.document) for row in reversed(rows)]


def _read(documents: Iterable[tuple[str, bytes]]) -> dict[str, tuple[Deadline, ...]]:
    owed: dict[str, tuple[Deadline, ...]] = {}
    for complaint_id, document in documents:
        try:
            read = msgspec.json.decode(document, type=_Document)
        except msgspec.MsgspecError:
            # The repository has logged it: the complaint as a whole cannot be read.
            continue
        owed[complaint_id] = read.complaint.deadlines
    return owed
