"""The tickets in the store: written by the manager, read by pages, commands and metrics."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store import StoreError
from agent.store.backup import is_restored, note_restore
from agent.store.database import Database, uninterrupted
from agent.store.schema import tickets, timeline
from agent.tickets.changes import Change
from agent.tickets.decide.common_cause import LANDING
from agent.tickets.dispatch.stored_movements import StoredMovements
from agent.tickets.index import TicketIndex, index_all
from agent.tickets.key import new_ledger_mark
from agent.tickets.landing_ids import LandingIds, new_landing_key
from agent.tickets.members import MemberSlice, in_parts
from agent.tickets.outbox.deliveries import TicketDeliveries
from agent.tickets.saved_views import SavedViews
from agent.tickets.ticket import Entry, Subject, Ticket

_MARK_PAGE = "ledger/mark"
_FORMER_MARKS_PAGE = "ledger/former-marks"
_LANDING_KEY_PAGE = "ledger/landing-key"
_MOST_FORMER_MARKS = 3
_KEYS_A_QUERY = 500
"""Databases limit the number of parameters in one statement."""


class Filter(msgspec.Struct, frozen=True):
    """Selects tickets; an empty field selects all."""

    open: bool | None = None
    stage: str = ""
    severity: str = ""
    symptom: str = ""
    provider: str = ""
    account: str = ""
    number: str = ""


class _About(msgspec.Struct, frozen=True):
    """What of a stored ticket says what it is about."""

    subject: Subject


class Page(msgspec.Struct, frozen=True):
    """One page of the tickets that a filter selects, newest first."""

    tickets: tuple[Ticket, ...]
    total: int
    """The number of tickets on all pages."""


async def record_all(connection: AsyncConnection, changes: Sequence[Change]) -> None:
    """Writes the changes' tickets and timeline entries, in order, in the caller's transaction.

    Raises:
        StoreError: when a stored ticket is not the revision its change was made from.
    """
    new = [_columns(change.after) for change in changes if change.before is None]
    if new:
        await connection.execute(insert(tickets), new)
    for change in changes:
        if change.before is not None:
            await _update(connection, change.before, change.after)
    lines = [_line(change.after, entry) for change in changes for entry in change.entries]
    if lines:
        await connection.execute(insert(timeline), lines)
    await index_all(connection, changes)


async def _update(connection: AsyncConnection, before: Ticket, after: Ticket) -> None:
    # Should another process have written the ticket meanwhile, its revision differs and nothing
    # matches: the change was made from an outdated ticket and must not overwrite the newer one.
    result = await connection.execute(
        update(tickets)
        .where(tickets.c.id == before.id, tickets.c.revision == before.revision)
        .values(**_columns(after))
    )
    if result.rowcount != 1:
        raise StoreError(f"ticket {before.id} was changed by someone else meanwhile")


def _columns(ticket: Ticket) -> dict[str, object]:
    subject = ticket.subject
    return {
        "id": ticket.id,
        "key": ticket.key,
        "episode": ticket.episode,
        "open": ticket.open,
        "stage": ticket.stage.value,
        "severity": ticket.severity.value,
        "scope": subject.scope.value,
        "symptom": subject.symptom,
        "provider": subject.provider,
        "account": subject.account,
        "number": subject.number,
        "detected_at": ticket.detected_at,
        "changed_at": ticket.changed_at,
        "closed_at": ticket.closed_at,
        "revision": ticket.revision,
        "muted": ticket.muted,
        "document": msgspec.json.encode(msgspec.structs.replace(ticket, timeline=())),
    }


def _line(ticket: Ticket, entry: Entry) -> dict[str, object]:
    return {
        "ticket_id": ticket.id,
        "revision": ticket.revision,
        **msgspec.structs.asdict(entry),
    }


def is_usable(table: str, values: Mapping[str, object]) -> bool:
    """Whether a row of a damaged ledger or of a backup is one that the agent can use."""
    content = values.get("document")
    if not isinstance(content, bytes):
        return content is None
    try:
        if table == "tickets":
            ticket = msgspec.json.decode(content, type=Ticket)
            return (ticket.id, ticket.key) == (values["id"], values["key"])
        msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True


class Ledger:
    """Reads stored tickets. Every ticket comes with its timeline."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.index = TicketIndex(database)
        """Lists and counts tickets without reading all of them."""
        self.views = SavedViews(database)
        self.deliveries = TicketDeliveries(database)
        self.movements = StoredMovements(database)

    @classmethod
    async def open(cls, database: Database) -> "Ledger":
        """The tickets of ``database``, with another mark if it is a backup that was put back.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        ledger = cls(database)
        if await is_restored(database):
            await ledger.remember_mark()
            # Before it is noted: a restart between the two renews the mark once more.
            await ledger.renew_mark()
            await note_restore(database)
        await ledger.index.complete()
        return ledger

    async def mark(self) -> str:
        """The mark of this ledger in ids; made at the first call and stored.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        stored = await self._database.get(_MARK_PAGE)
        if stored is None:
            return await self.renew_mark()
        return stored.decode()

    async def remember_mark(self) -> None:
        """Stores the present mark among the former ones.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        stored = await self._database.get(_MARK_PAGE)
        # A ledger of a version before 0.3 gave ids without a mark.
        present = "" if stored is None else stored.decode()
        former = [it for it in await self.former_marks() if it != present]
        marks = [*former, present][-_MOST_FORMER_MARKS:]
        await self._database.put(_FORMER_MARKS_PAGE, msgspec.json.encode(marks))

    async def former_marks(self) -> list[str]:
        """The marks that this ledger had before it was restored, the newest last.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        stored = await self._database.get(_FORMER_MARKS_PAGE)
        return [] if stored is None else msgspec.json.decode(stored, type=list[str])

    async def renew_mark(self) -> str:
        """Gives the ledger another mark, as after it was restored from a backup; returns it.

        What was opened after the backup was made is not in the ledger, and its ids must not be
        given again.
        """
        mark = new_ledger_mark()
        await self._database.put(_MARK_PAGE, mark.encode())
        return mark

    async def landing_ids(self) -> LandingIds:
        """The ids of phones in this ledger; its key is made at the first call and stored.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        key = await self._database.get(_LANDING_KEY_PAGE)
        if key is None:
            key = new_landing_key()
            await self._database.put(_LANDING_KEY_PAGE, key)
        return LandingIds(key, await self._landings())

    @uninterrupted
    async def _landings(self) -> set[str]:
        """The ids of phones that tickets are about, whether they are open or not."""
        query = select(tickets.c.document).where(tickets.c.symptom == LANDING)
        async with self._database.reading() as connection:
            documents = (await connection.execute(query)).scalars().all()
        return {msgspec.json.decode(it, type=_About).subject.binding for it in documents}

    @uninterrupted
    async def open_tickets(self) -> list[Ticket]:
        """The open tickets, oldest first."""
        return await self._in_order(tickets.c.open)

    @uninterrupted
    async def muted_tickets(self) -> list[Ticket]:
        """The tickets that a person closed while their fault goes on, oldest first."""
        return await self._in_order(tickets.c.muted)

    @uninterrupted
    async def comparable(self, since: float) -> list[Ticket]:
        """The open tickets and those that ended after ``since``, oldest first."""
        return await self._in_order(or_(tickets.c.open, tickets.c.closed_at > since))

    @uninterrupted
    async def comparable_ids(self, since: float) -> list[str]:
        """The ids of :meth:`comparable`'s tickets, ascending: there may be very many."""
        is_comparable = or_(tickets.c.open, tickets.c.closed_at > since)
        async with self._database.reading() as connection:
            result = await connection.execute(
                select(tickets.c.id).where(is_comparable).order_by(tickets.c.id)
            )
            return [str(row.id) for row in result]

    @uninterrupted
    async def several(self, ids: Sequence[str]) -> list[Ticket]:
        """The tickets with these ids, at most a few hundred, oldest first."""
        return await self._in_order(tickets.c.id.in_(ids))

    @uninterrupted
    async def changed_since(self, known: Mapping[str, int]) -> list[Ticket]:
        """The open and muted tickets that are not of the revisions ``known`` by id.

        And those known that are neither any more.
        """
        query = select(tickets.c.id, tickets.c.revision).where(or_(tickets.c.open, tickets.c.muted))
        async with self._database.reading() as connection:
            stored = {row.id: row.revision for row in await connection.execute(query)}
            changed = [it for it, revision in stored.items() if known.get(it) != revision]
            ids = [*changed, *(known.keys() - stored.keys())]
            found: list[Ticket] = []
            for start in range(0, len(ids), _KEYS_A_QUERY):
                batch = ids[start : start + _KEYS_A_QUERY]
                found += await _read(connection, _select().where(tickets.c.id.in_(batch)))
        return sorted(found, key=lambda it: (it.open, it.detected_at))

    async def _in_order(self, condition: ColumnElement[bool]) -> list[Ticket]:
        query = _select().where(condition).order_by(tickets.c.detected_at, tickets.c.id)
        async with self._database.reading() as connection:
            return await _read(connection, query)

    @uninterrupted
    async def newest(self, keys: Collection[str]) -> dict[str, Ticket]:
        """The newest episode of each of ``keys`` that ever had a ticket."""
        by_key: dict[str, Ticket] = {}
        ordered = sorted(keys)
        async with self._database.reading() as connection:
            for start in range(0, len(ordered), _KEYS_A_QUERY):
                batch = ordered[start : start + _KEYS_A_QUERY]
                query = _select().where(tickets.c.key.in_(batch), _is_newest())
                by_key.update((ticket.key, ticket) for ticket in await _read(connection, query))
        return by_key

    @uninterrupted
    async def get(self, id_or_key: str) -> Ticket | None:
        """One ticket by its id, or the newest episode of a key; ``None`` when there is none."""
        async with self._database.reading() as connection:
            return next(iter(await _read(connection, _by_name(id_or_key))), None)

    async def opened_out(
        self, id_or_key: str, offset: int, limit: int
    ) -> tuple[Ticket, MemberSlice] | None:
        """What :meth:`get` answers, without the ticket's members, and some of these.

        Nothing of it takes long on the event loop, however many members there are.
        """
        found = await self._document(id_or_key)
        if found is None:
            return None
        document, entries = found
        short, members = await asyncio.to_thread(in_parts, document, offset, limit)
        ticket = msgspec.json.decode(short, type=Ticket)
        return msgspec.structs.replace(ticket, timeline=tuple(entries)), members

    @uninterrupted
    async def _document(self, id_or_key: str) -> tuple[bytes, list[Entry]] | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(_by_name(id_or_key))).first()
            if row is None:
                return None
            return row.document, (await _timelines(connection, [row.id]))[row.id]

    @uninterrupted
    async def ended_since(self, since: float, selection: Filter, limit: int) -> list[Ticket]:
        """Up to ``limit`` tickets that ``selection`` selects and that ended after ``since``.

        The newest first.
        """
        conditions = (*_conditions(selection), tickets.c.closed_at >= since)
        query = _select().where(*conditions).order_by(tickets.c.detected_at.desc()).limit(limit)
        async with self._database.reading() as connection:
            return await _read(connection, query)

    @uninterrupted
    async def list(self, selection: Filter, limit: int = 100, offset: int = 0) -> Page:
        """One page of the tickets that ``selection`` selects, newest first."""
        conditions = _conditions(selection)
        count = select(func.count()).select_from(tickets).where(*conditions)
        query = (
            _select()
            .where(*conditions)
            .order_by(tickets.c.detected_at.desc(), tickets.c.id)
            .limit(limit)
            .offset(offset)
        )
        async with self._database.reading() as connection:
            total = (await connection.execute(count)).scalar_one()
            return Page(tuple(await _read(connection, query)), int(total))


def _select() -> Select[str, bytes]:
    return select(tickets.c.id, tickets.c.document)


def _by_name(id_or_key: str) -> Select[str, bytes]:
    named = or_(tickets.c.id == id_or_key, tickets.c.key == id_or_key)
    return _select().where(named).order_by(tickets.c.episode.desc()).limit(1)


def _is_newest() -> ColumnElement[bool]:
    other = tickets.alias()
    newest = select(func.max(other.c.episode)).where(other.c.key == tickets.c.key)
    return tickets.c.episode == newest.scalar_subquery()


def _conditions(selection: Filter) -> list[ColumnElement[bool]]:
    fields = msgspec.structs.asdict(selection).items()
    return [tickets.c[name] == value for name, value in fields if value not in ("", None)]


async def _read(connection: AsyncConnection, query: Select[str, bytes]) -> list[Ticket]:
    stored = (await connection.execute(query)).all()
    lines = await _timelines(connection, [row.id for row in stored])
    return [
        msgspec.structs.replace(
            msgspec.json.decode(row.document, type=Ticket), timeline=tuple(lines[row.id])
        )
        for row in stored
    ]


async def _timelines(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, "list[Entry]"]:
    selected = list(ids)
    entries: dict[str, list[Entry]] = defaultdict(list)
    for start in range(0, len(selected), _KEYS_A_QUERY):
        batch = selected[start : start + _KEYS_A_QUERY]
        rows = await connection.execute(
            select(timeline).where(timeline.c.ticket_id.in_(batch)).order_by(timeline.c.id)
        )
        for row in rows:
            entries[row.ticket_id].append(Entry(row.at, row.actor, row.event, row.reason))
    return entries
