"""Stores complaints: durably before they are acknowledged, in memory until they are answered."""

import asyncio
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy import ColumnElement, Select, and_, func, insert, select, update

from agent.complaints.caller_ids import caller_id, key_of
from agent.complaints.complaint import Complaint, ComplaintReport, Deadline, reporter_of
from agent.complaints.owed import OwedSteps
from agent.diagnosis.caller_reports import CallerReport
from agent.masking import mask_phone
from agent.store.database import Database, finish, uninterrupted
from agent.store.locks import lock_texts
from agent.store.schema import complaints
from agent.tickets.ticket import Subject

log = structlog.get_logger(__name__)


class TooManyComplaintsError(Exception):
    """More complaints are waiting for an answer than may be held in memory."""


class Obligations(msgspec.Struct, frozen=True):
    """The deadlines that a complaint has, computed when it is received."""

    deadlines: tuple[Deadline, ...] = ()
    regulator: Mapping[str, float] = {}


class StoredComplaint(msgspec.Struct, frozen=True, rename={"repaired_subject": "again"}):
    """A complaint and the ticket it belongs to, as the ledger stores them.

    ``repaired_subject`` is stored under its former name.
    """

    complaint: Complaint
    ticket_id: str = ""
    """The ticket it is attached to; empty while there is none."""
    repaired_subject: Subject | None = None
    """The subject of the ticket whose fault counted as repaired before the complaint came."""


@dataclass(frozen=True)
class _WaitingComplaint:
    """A complaint that is not answered, with the numbers of its callers."""

    stored: StoredComplaint
    callers: str
    """Unmasked, separated by spaces; they stay in memory and in the column of their own."""


class ComplaintFilter(msgspec.Struct, frozen=True):
    """Selects complaints; an empty field selects all."""

    number: str = ""
    ticket: str = ""
    answered: bool | None = None
    who: str = ""
    """The keyed hash of a caller's number."""


class Progress(msgspec.Struct, frozen=True):
    """How the complaints about one number stand."""

    total: int
    waiting: int
    """Those whose ticket is not closed."""
    without_ticket: int
    newest_at: float | None


class ComplaintRepository:
    """All complaints. Make one with :meth:`open`; it is their only writer.

    Attributes:
        database: The ledger in which they are.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        waiting: Mapping[str, _WaitingComplaint],
        owed: OwedSteps,
    ) -> None:
        self.database = database
        self.owed = owed
        """What complaints are owed, those of closed tickets too."""
        self._key = key
        self._waiting: dict[str, StoredComplaint] = {}
        self._reports: dict[str, tuple[tuple[str, CallerReport], ...]] = {}
        """By number, each waiting complaint's id and what is reported; replaced whole, because
        threads read it."""
        for row in waiting.values():
            self._hold(row)
        self._lock = asyncio.Lock()
        self.is_shared = False
        """Whether other replicas store complaints as well."""

    @classmethod
    async def open(cls, database: Database) -> "ComplaintRepository":
        """The complaints in the ledger; one that cannot be decoded is left out.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        key = await key_of(database)
        waiting = await finish(_read_waiting(database))
        return cls(database, key, waiting, await OwedSteps.open(database))

    @property
    def waiting(self) -> Mapping[str, StoredComplaint]:
        """Complaints whose ticket is not closed, by id, oldest first; not to be changed."""
        return self._waiting

    def reports_about(self, number: str) -> tuple[CallerReport, ...]:
        """What callers report of ``number`` in complaints that wait for an answer, oldest first."""
        held = self._reports.get(number, ())
        return tuple(sorted((report for _id, report in held), key=lambda it: it.at))

    async def add(
        self,
        identity: str | None,
        report: ComplaintReport,
        obligations: Obligations,
        max_waiting: int,
        now: float,
    ) -> Complaint | None:
        """Store a complaint; when this returns, it is durable.

        Args:
            identity: The complaint's id, the same for a repeated report; ``None`` to make one.
            report: What was reported.
            obligations: What the caller may expect.
            max_waiting: How many complaints may wait for an answer.
            now: Epoch seconds.

        Returns:
            The complaint, or ``None`` when one with the same id is stored already.

        Raises:
            StoreError: when the ledger refuses; nothing was stored then.
            TooManyComplaintsError: when too many are waiting; nothing was stored then.
        """
        async with self._lock:
            complaint_id = identity or secrets.token_hex(16)
            if complaint_id in self._waiting:
                return None
            if len(self._waiting) >= max_waiting:
                raise TooManyComplaintsError(f"{len(self._waiting)} complaints wait for an answer")
            complaint = self._make(complaint_id, report, obligations, now)
            return (
                complaint if await finish(self._insert(complaint, _to_call_back(report))) else None
            )

    async def follow(self) -> None:
        """Take over what other replicas have stored; raises StoreError as :meth:`find` does."""
        if not self.is_shared:
            return
        async with self._lock:
            stored = await finish(_read_waiting(self.database))
            for complaint_id in self._waiting.keys() - stored.keys():
                self._release(complaint_id)
            for complaint_id, row in stored.items():
                if complaint_id not in self._waiting:
                    self._hold(row)
                self._waiting[complaint_id] = row.stored

    async def update(
        self, changed: Mapping[str, StoredComplaint], answered: Collection[str], now: float
    ) -> None:
        """Store the ``changed`` complaints, by id, and mark the ``answered`` ids as answered.

        Raises:
            StoreError: when the ledger refuses; nothing was changed then.
        """
        if not changed and not answered:
            return
        async with self._lock:
            await finish(self._update(changed, answered, now))

    async def find(self, complaint_id: str) -> StoredComplaint | None:
        """One complaint, answered or not.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        query = _select().where(complaints.c.id == complaint_id)
        rows = await finish(_fetch(self.database, query))
        return rows.get(complaint_id)

    def who_is(self, caller: str) -> str:
        """The keyed hash by which complaints of the caller with these digits are known."""
        return caller_id(self._key, caller)

    async def newest(self, limit: int, number: str = "", who: str = "") -> list[StoredComplaint]:
        """The newest complaints, answered or not, of one number or caller if it is given.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        query = _select().order_by(complaints.c.received_at.desc(), complaints.c.id).limit(limit)
        query = query.where(*_conditions(ComplaintFilter(number, who=who)))
        return list((await finish(_fetch(self.database, query))).values())

    async def page(
        self, selection: ComplaintFilter, limit: int, offset: int
    ) -> tuple[list[StoredComplaint], int]:
        """One page of the selected complaints, the newest first, and how many there are in all.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return await finish(self._page(selection, limit, offset))

    @uninterrupted
    async def progress(self, number: str) -> Progress:
        """How the complaints about one number stand.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        column = complaints.c
        query = select(
            func.count(),
            func.count().filter(column.answered_at.is_(None)),
            func.count().filter(and_(column.answered_at.is_(None), column.ticket_id == "")),
            func.max(column.received_at),
        ).where(column.number == number)
        async with self.database.reading() as connection:
            total, waiting, without_ticket, newest = (await connection.execute(query)).one()
        return Progress(int(total), int(waiting), int(without_ticket), newest)

    async def _page(
        self, selection: ComplaintFilter, limit: int, offset: int
    ) -> tuple[list[StoredComplaint], int]:
        conditions = _conditions(selection)
        count = select(func.count()).select_from(complaints).where(*conditions)
        order = (complaints.c.received_at.desc(), complaints.c.id.desc())
        query = _select().where(*conditions).order_by(*order).limit(limit).offset(offset)
        found = list((await _fetch(self.database, query)).values())
        async with self.database.reading() as connection:
            return found, int((await connection.execute(count)).scalar_one())

    def _make(
        self, complaint_id: str, report: ComplaintReport, obligations: Obligations, now: float
    ) -> Complaint:
        return Complaint(
            id=complaint_id,
            number=report.number,
            at=report.at,
            received_at=now,
            who=self.who_is(report.caller),
            caller=mask_phone(report.caller),
            prompt=report.prompt,
            channel=report.channel,
            content=report.content,
            reference=report.reference,
            handler=report.handler,
            deadlines=obligations.deadlines,
            regulator=obligations.regulator,
            kind=report.kind,
            company=report.company,
            symptom=report.symptom,
            pattern=report.pattern,
            callers=tuple(map(mask_phone, report.callers)),
            contact=report.contact,
        )

    async def _insert(self, complaint: Complaint, caller: str) -> bool:
        query = select(complaints.c.id).where(complaints.c.id == complaint.id)
        async with self.database.transaction() as connection:
            if self.is_shared:
                await lock_texts(connection, [f"complaint/{complaint.id}"])
            # An answered complaint is no longer in memory, but its repeat must be recognized.
            if (await connection.execute(query)).first() is not None:
                return False
            stored = StoredComplaint(complaint)
            await connection.execute(
                insert(complaints).values(
                    id=complaint.id,
                    number=complaint.number,
                    caller=caller,
                    who=reporter_of(complaint),
                    received_at=complaint.received_at,
                    document=msgspec.json.encode(stored),
                )
            )
        self._hold(_WaitingComplaint(stored, caller))
        self.owed.hold([complaint])
        return True

    def _hold(self, row: _WaitingComplaint) -> None:
        """Keep a complaint in memory until it is answered."""
        complaint = row.stored.complaint
        self._waiting[complaint.id] = row.stored
        report = report_of(complaint, tuple(row.callers.split()))
        held = self._reports.get(complaint.number, ())
        self._reports[complaint.number] = (*held, (complaint.id, report))

    def _release(self, complaint_id: str) -> None:
        """Let go of an answered complaint."""
        stored = self._waiting.pop(complaint_id, None)
        if stored is None:
            return
        number = stored.complaint.number
        self._reports[number] = tuple(it for it in self._reports[number] if it[0] != complaint_id)
        if not self._reports[number]:
            del self._reports[number]

    async def _update(
        self, changed: Mapping[str, StoredComplaint], answered: Collection[str], now: float
    ) -> None:
        async with self.database.transaction() as connection:
            for complaint_id, stored in changed.items():
                values = {"ticket_id": stored.ticket_id, "document": msgspec.json.encode(stored)}
                await connection.execute(
                    update(complaints).where(complaints.c.id == complaint_id).values(**values)
                )
            for complaint_id in answered:
                await connection.execute(
                    update(complaints)
                    .where(complaints.c.id == complaint_id)
                    .values(answered_at=now)
                )
        self.owed.hold(stored.complaint for stored in changed.values())
        # People also act on answered complaints; those must not come back into memory.
        self._waiting.update(
            (complaint_id, stored)
            for complaint_id, stored in changed.items()
            if complaint_id in self._waiting
        )
        for complaint_id in answered:
            self._release(complaint_id)


def _conditions(selection: ComplaintFilter) -> list[ColumnElement[bool]]:
    columns, conditions = complaints.c, []
    if selection.number:
        conditions.append(columns.number == selection.number)
    if selection.ticket:
        conditions.append(columns.ticket_id == selection.ticket)
    if selection.who:
        conditions.append(columns.who == selection.who)
    if selection.answered is not None:
        is_answered = columns.answered_at.is_not(None)
        conditions.append(is_answered if selection.answered else columns.answered_at.is_(None))
    return conditions


def _to_call_back(report: ComplaintReport) -> str:
    """The unmasked numbers of a complaint, for the column that no document shows."""
    return " ".join(dict.fromkeys(filter(None, (report.caller, *report.callers))))


def _select() -> Select[str, bytes]:
    return select(complaints.c.id, complaints.c.document)


async def _read_waiting(database: Database) -> dict[str, _WaitingComplaint]:
    unanswered = _select().where(complaints.c.answered_at.is_(None))
    query = unanswered.order_by(complaints.c.received_at, complaints.c.id)
    stored = await _fetch(database, query)
    numbers = select(complaints.c.id, complaints.c.caller).where(complaints.c.answered_at.is_(None))
    async with database.reading() as connection:
        callers = {row.id: row.caller for row in (await connection.execute(numbers)).all()}
    return {it: _WaitingComplaint(stored[it], callers.get(it) or "") for it in stored}


def report_of(complaint: Complaint, callers: tuple[str, ...]) -> CallerReport:
    """What ``complaint`` reports; ``callers`` are their numbers, unmasked."""
    words = complaint.prompt or complaint.content
    return CallerReport(complaint.at, complaint.who, words, complaint.symptom, callers)


async def _fetch(database: Database, query: Select[str, bytes]) -> dict[str, StoredComplaint]:
    async with database.reading() as connection:
        rows = (await connection.execute(query)).all()
    decoded: dict[str, StoredComplaint] = {}
    for row in rows:
        try:
            decoded[row.id] = msgspec.json.decode(row.document, type=StoredComplaint)
        except msgspec.MsgspecError as error:
            log.error("complaint_unreadable", id=row.id, error=str(error))  # noqa: TRY400 - the text says it
    return decoded
