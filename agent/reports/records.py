"""The tickets of a report: what reports need of them, read in batches however many there are."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from agent.states import Grade, Severity, Stage
from agent.store.database import Database, uninterrupted
from agent.store.schema import evidence, ticket_index, tickets, timeline
from agent.tickets.categories import Category, category_of
from agent.tickets.forms import FaultCause, QualityCheck, Resolution
from agent.tickets.sla.clocks import ClockEvent
from agent.tickets.ticket import Severe, Subject

BATCH = 200
"""Tickets read and counted in one go; between two the other work of the agent has its turn."""
_REOPENINGS = ("reopen", "reopened")
NO_FAULTS = frozenset({Resolution.FALSE_ALARM.value, Resolution.DUPLICATE.value})
"""Resolutions that say that there was no fault, or that another ticket counts it."""


class RecordedMember(msgspec.Struct, frozen=True, gc=False):
    """A number that a wider fault took in."""

    subject: Subject
    joined_at: float
    left_at: float | None = None


class RecordedVerdict(msgspec.Struct, frozen=True, gc=False):
    """What of a diagnosis counts."""

    cause: str
    party: str
    confidence: float = 0.0


class RecordedForm(msgspec.Struct, frozen=True, gc=False):
    """What of a confirmation form counts."""

    cause: FaultCause
    staff: str = ""


class RecordedComplaint(msgspec.Struct, frozen=True, gc=False):
    """What of a complaint counts: the caller's answer to the survey."""

    satisfied: bool | None = None


class TicketRecord(msgspec.Struct, frozen=True):
    """A ticket as reports count it; the fields are those of ``agent.tickets.ticket.Ticket``."""

    id: str
    subject: Subject
    stage: Stage
    severity: Severity
    grade: Grade
    started_at: float
    detected_at: float
    company: str = ""
    carrier: str = ""
    diagnosis: RecordedVerdict | None = None
    members: tuple[RecordedMember, ...] = ()
    clocks: tuple[ClockEvent, ...] = ()
    parent: str = ""
    resolution: str = ""
    closed_by: str = ""
    restored_at: float | None = None
    closed_at: float | None = None
    provider_ticket: str = ""
    confirmation: RecordedForm | None = None
    severe: Severe | None = None
    responsible: str = ""
    assignee: str = ""
    complaints: tuple[RecordedComplaint, ...] = ()
    quality: tuple[QualityCheck, ...] = ()
    reopenings: int = 0
    """From the timeline, which is not in the document."""

    @property
    def category(self) -> Category:
        """The category of its fault."""
        cause = "" if self.diagnosis is None else self.diagnosis.cause
        confirmed = None if self.confirmation is None else self.confirmation.cause
        return category_of(cause, self.subject.symptom, confirmed)

    @property
    def is_fault(self) -> bool:
        """Whether it counts as a fault: neither a part of a wider one, nor found to be none."""
        is_part = self.stage is Stage.SUPPRESSED or bool(self.parent)
        return not is_part and self.resolution not in NO_FAULTS

    @property
    def carrier_code(self) -> str:
        """The base carrier; empty where it is not known."""
        return self.subject.carrier or self.carrier


class EvidenceFile(msgspec.Struct, frozen=True, gc=False):
    """A file of evidence that is stored with a ticket, and its digest."""

    ticket: str
    name: str
    sha256: str


class Moment(msgspec.Struct, frozen=True, gc=False):
    """When a fault of a number was detected, and of which category it was."""

    number: str
    category: Category
    at: float


class TicketRecords:
    """Reads tickets of the ledger for reports.

    Every method raises StoreError when the ledger cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lasting(
        self, since: float, until: float, provider: str = ""
    ) -> AsyncIterator[Sequence[TicketRecord]]:
        """The tickets detected before ``until`` that were open at ``since`` or later.

        In the order in which they were detected, in batches.
        """
        row = ticket_index.c
        selected = and_(row.detected_at < until, or_(row.open, row.closed_at >= since))
        async for batch in self._batches(selected, row.detected_at, provider):
            yield batch

    async def closed(
        self, since: float, until: float, provider: str = ""
    ) -> AsyncIterator[Sequence[TicketRecord]]:
        """The tickets that were closed in between, in that order, in batches."""
        row = ticket_index.c
        selected = and_(row.open.is_(False), row.closed_at >= since, row.closed_at < until)
        async for batch in self._batches(selected, row.closed_at, provider):
            yield batch

    async def _batches(
        self, selected: ColumnElement[bool], order: ColumnElement[float], provider: str
    ) -> AsyncIterator[Sequence[TicketRecord]]:
        if provider:
            selected = and_(selected, ticket_index.c.provider == provider)
        at, last = float("-inf"), ""
        while True:
            after = or_(order > at, and_(order == at, ticket_index.c.ticket_id > last))
            rows = await self._rows(and_(selected, after) if last else selected, order)
            if not rows:
                return
            at, last = rows[-1][1], rows[-1][0]
            documents, reopenings = await self._documents([row[0] for row in rows])
            yield await asyncio.to_thread(_decoded, [row[0] for row in rows], documents, reopenings)

    @uninterrupted
    async def _rows(
        self, selected: ColumnElement[bool], order: ColumnElement[float]
    ) -> Sequence[tuple[str, float]]:
        key = ticket_index.c.ticket_id
        query = select(key, order).where(selected).order_by(order, key).limit(BATCH)
        async with self._database.reading() as connection:
            return [(row[0], float(row[1])) for row in await connection.execute(query)]

    @uninterrupted
    async def _documents(self, ids: Collection[str]) -> tuple[dict[str, bytes], Mapping[str, int]]:
        stored = select(tickets.c.id, tickets.c.document).where(tickets.c.id.in_(ids))
        reopened = (
            select(timeline.c.ticket_id, func.count())
            .where(timeline.c.ticket_id.in_(ids), timeline.c.event.in_(_REOPENINGS))
            .group_by(timeline.c.ticket_id)
        )
        async with self._database.reading() as connection:
            documents = {row.id: row.document for row in await connection.execute(stored)}
            counts = {row[0]: int(row[1]) for row in await connection.execute(reopened)}
        return documents, counts

    @uninterrupted
    async def evidence(self, ids: Sequence[str]) -> list[EvidenceFile]:
        """The files of evidence stored with some tickets, in order."""
        found: list[EvidenceFile] = []
        async with self._database.reading() as connection:
            for start in range(0, len(ids), BATCH):
                batch = evidence.c.ticket_id.in_(ids[start : start + BATCH])
                query = select(evidence.c.ticket_id, evidence.c.name, evidence.c.sha256)
                rows = await connection.execute(query.where(batch).order_by(evidence.c.id))
                found += [EvidenceFile(*row) for row in rows]
        return found

    async def moments(
        self, since: float, until: float, provider: str = ""
    ) -> AsyncIterator[Sequence[Moment]]:
        """When faults of single numbers were detected in between, in that order, in batches."""
        at, last = since, ""
        while True:
            rows = await self._moment_rows(at, last, until, provider)
            if not rows:
                return
            at, last = rows[-1][1], rows[-1][0]
            yield [Moment(row[2], category_of(row[3], row[4]), row[1]) for row in rows]

    @uninterrupted
    async def _moment_rows(
        self, at: float, last: str, until: float, provider: str
    ) -> Sequence[tuple[str, float, str, str, str]]:
        row = ticket_index.c
        after = or_(row.detected_at > at, and_(row.detected_at == at, row.ticket_id > last))
        query = (
            select(row.ticket_id, row.detected_at, row.number, row.cause, tickets.c.symptom)
            .join(tickets, tickets.c.id == row.ticket_id)
            .where(after, row.detected_at < until, row.number > "")
            .where(row.stage != Stage.SUPPRESSED.value)
            .order_by(row.detected_at, row.ticket_id)
            .limit(BATCH * 10)
        )
        if provider:
            query = query.where(row.provider == provider)
        async with self._database.reading() as connection:
            return [tuple(found) for found in await connection.execute(query)]


def _decoded(
    ids: Sequence[str], documents: Mapping[str, bytes], reopenings: Mapping[str, int]
) -> list[TicketRecord]:
    counts = Counter(reopenings)
    decoder = msgspec.json.Decoder(TicketRecord)
    return [
        msgspec.structs.replace(decoder.decode(documents[it]), reopenings=counts[it])
        for it in ids
        if it in documents
    ]
