"""Complaints on disk before they are answered, and in memory until their ticket is closed."""

import asyncio
import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

import msgspec
import structlog
from sqlalchemy import Select, insert, select, update

from agent.complaints.complaint import Complaint, Deadline
from agent.complaints.payload import Heard
from agent.masking import mask_phone
from agent.store.database import Database
from agent.store.schema import complaints
from agent.store.uninterrupted import finish
from agent.tickets.ticket import Subject

log = structlog.get_logger(__name__)

_KEY = "complaints_key"
"""Where the ledger keeps the key that callers are told apart with."""
_WHO_CHARACTERS = 16


class TooManyComplaintsError(Exception):
    """More complaints wait for an answer than can be kept at hand."""


class Owed(msgspec.Struct, frozen=True):
    """What a caller may expect, worked out when the complaint comes in."""

    deadlines: tuple[Deadline, ...] = ()
    regulator: Mapping[str, float] = {}


class Kept(msgspec.Struct, frozen=True):
    """A complaint whose ticket is not closed yet."""

    complaint: Complaint
    ticket_id: str = ""
    """The ticket it was put to; empty while there is none."""
    again: Subject | None = None
    """The fault that was said to be repaired before this complaint came."""


class Complaints:
    """All complaints. Make one with :meth:`open`; it is their only writer."""

    def __init__(self, database: Database, key: bytes, waiting: Mapping[str, Kept]) -> None:
        self._database = database
        self._key = key
        self._waiting = dict(waiting)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, database: Database) -> "Complaints":
        """The complaints that the ledger has and nobody has answered; a damaged one is left out.

        Raises:
            StoreError: when the ledger refuses.
        """
        key = await database.get(_KEY)
        if key is None:
            key = secrets.token_bytes(32)
            await database.put(_KEY, key)
        return cls(database, key, await finish(_read(database)))

    @property
    def waiting(self) -> Mapping[str, Kept]:
        """Complaints whose ticket is not closed, by id, oldest first; not to be changed."""
        return self._waiting

    async def take(
        self,
        identity: str | None,
        heard: Heard,
        owed: Owed,
        most: int,
        now: float,
    ) -> Complaint | None:
        """Keep a complaint; ``None`` when it was known. When this returns, it is durable.

        Raises:
            StoreError: when the ledger refuses; nothing was kept then.
            TooManyComplaints: when ``most`` wait already; nothing was kept then.
        """
        async with self._turn:
            known = identity or secrets.token_hex(16)
            if known in self._waiting:
                return None
            if len(self._waiting) >= most:
                raise TooManyComplaintsError(f"{len(self._waiting)} complaints wait for an answer")
            made = self._made(known, heard, owed, now)
            return made if await finish(self._insert(made, heard.caller)) else None

    async def note(
        self, changed: Mapping[str, Kept], answered: Collection[str], now: float
    ) -> None:
        """Write what became of complaints: ``changed`` stand otherwise, ``answered`` no more.

        Raises:
            StoreError: when the ledger refuses; nothing was changed then.
        """
        if not changed and not answered:
            return
        async with self._turn:
            await finish(self._update(changed, answered, now))

    async def find(self, complaint_id: str) -> Kept | None:
        """One complaint, answered or not.

        Raises:
            StoreError: when the ledger refuses.
        """
        asked = _stored().where(complaints.c.id == complaint_id)
        found = await finish(_rows(self._database, asked))
        return found.get(complaint_id)

    async def newest(self, most: int, number: str = "") -> list[Kept]:
        """The newest complaints, answered or not, of one number where one is given.

        Raises:
            StoreError: when the ledger refuses.
        """
        asked = _stored().order_by(complaints.c.received_at.desc(), complaints.c.id).limit(most)
        if number:
            asked = asked.where(complaints.c.number == number)
        return list((await finish(_rows(self._database, asked))).values())

    def _made(self, known: str, heard: Heard, owed: Owed, now: float) -> Complaint:
        digest = hmac.new(self._key, heard.caller.encode(), sha256).hexdigest()
        return Complaint(
            id=known,
            number=heard.number,
            at=heard.at,
            received_at=now,
            who=digest[:_WHO_CHARACTERS],
            caller=mask_phone(heard.caller),
            prompt=heard.prompt,
            channel=heard.channel,
            content=heard.content,
            reference=heard.reference,
            handler=heard.handler,
            deadlines=owed.deadlines,
            regulator=owed.regulator,
        )

    async def _insert(self, made: Complaint, caller: str) -> bool:
        asked = select(complaints.c.id).where(complaints.c.id == made.id)
        async with self._database.transaction() as connection:
            if (await connection.execute(asked)).first() is not None:
                return False
            kept = Kept(made)
            await connection.execute(
                insert(complaints).values(
                    id=made.id,
                    number=made.number,
                    caller=caller,
                    received_at=made.received_at,
                    document=msgspec.json.encode(kept),
                )
            )
        self._waiting[made.id] = kept
        return True

    async def _update(
        self, changed: Mapping[str, Kept], answered: Collection[str], now: float
    ) -> None:
        async with self._database.transaction() as connection:
            for name, kept in changed.items():
                values = {"ticket_id": kept.ticket_id, "document": msgspec.json.encode(kept)}
                await connection.execute(
                    update(complaints).where(complaints.c.id == name).values(**values)
                )
            for name in answered:
                await connection.execute(
                    update(complaints).where(complaints.c.id == name).values(answered_at=now)
                )
        self._waiting.update((name, it) for name, it in changed.items() if name in self._waiting)
        for name in answered:
            self._waiting.pop(name, None)


def by_number(waiting: Iterable[Kept]) -> dict[str, list[Kept]]:
    """Complaints by the number they are about, in order."""
    found: dict[str, list[Kept]] = {}
    for kept in waiting:
        found.setdefault(kept.complaint.number, []).append(kept)
    return found


def _stored() -> Select[str, bytes]:
    return select(complaints.c.id, complaints.c.document)


async def _read(database: Database) -> dict[str, Kept]:
    standing = _stored().where(complaints.c.answered_at.is_(None))
    return await _rows(database, standing.order_by(complaints.c.received_at, complaints.c.id))


async def _rows(database: Database, asked: Select[str, bytes]) -> dict[str, Kept]:
    async with database.transaction() as connection:
        rows = (await connection.execute(asked)).all()
    found: dict[str, Kept] = {}
    for row in rows:
        try:
            found[row.id] = msgspec.json.decode(row.document, type=Kept)
        except msgspec.MsgspecError as error:
            log.error("complaint_unreadable", id=row.id, error=str(error))  # noqa: TRY400 - the text says it
    return found
