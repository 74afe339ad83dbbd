"""Deletes one person's data from the store, row by row; what must stay stays, and is said.

What an open ticket needs is held until the ticket is closed. The audit log keeps who did what: it
holds masked phones only. What providers report of a phone that is bound to a number comes back
with the next poll, so it goes with the phone: unbind it, and approve the configuration.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import and_, insert, or_, select, true, update

from agent.baselines.baseline import PAGE_PREFIX
from agent.privacy.content import read_content
from agent.privacy.person import Person
from agent.privacy.personal import ERASED
from agent.privacy.purge import complaint_values
from agent.privacy.store_search import FoundRow
from agent.store import schema
from agent.store.database import Database, uninterrupted

_AT_PROVIDERS: Final = frozenset({"provider_pushes", "account_states", "external_alerts"})
_ERASURE: Final = "erasures.json"
_WITH_DIGEST: Final = (schema.evidence, schema.test_call_files)
"""Tables of files; a file says which one was changed."""


@unique
class Reason(StrEnum):
    """Why a row that names a person stays."""

    OPEN = "open_ticket"
    AUDIT = "audit"
    APPROVED = "approved_configuration"
    BOUND = "bound_phone"
    CHANGED = "changed_meanwhile"
    KEY = "part_of_key"


@dataclass(frozen=True)
class Stay:
    """Why a row that names the person stays, and for which ticket."""

    reason: Reason
    ticket: str = ""


class Holds:
    """What holds rows: open tickets, and phones that are bound.

    Args:
        tickets: The ids of the tickets that are open, or muted while their fault goes on.
        is_bound: Whether the person's phone is bound to a number; ``None`` where that is unknown.
    """

    def __init__(self, tickets: frozenset[str], *, is_bound: bool | None) -> None:
        self._tickets = tickets
        self._is_bound = is_bound

    @classmethod
    async def read(cls, database: Database, *, is_bound: bool | None) -> "Holds":
        """The holds of the ledger as they are now.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return cls(await _held(database), is_bound=is_bound)

    def on(self, found: FoundRow) -> Stay | None:
        """Why the row stays; ``None`` where it may be erased."""
        name, row = found.table.name, found.row
        if name in ("audit", "purges"):
            return Stay(Reason.AUDIT)
        ticket = str(row.get("ticket_id") or (row["id"] if name == "tickets" else ""))
        if ticket in self._tickets:
            return Stay(Reason.OPEN, ticket)
        if name == "complaints" and row["answered_at"] is None:
            return Stay(Reason.OPEN, ticket)
        if name == "keep" and str(row["name"]).startswith(PAGE_PREFIX):
            return Stay(Reason.APPROVED)
        # Where it is not known whether the phone is bound, it may be.
        if name in _AT_PROVIDERS and self._is_bound is not False:
            return Stay(Reason.BOUND)
        keys = {column.name for column in found.table.primary_key.columns}
        return Stay(Reason.KEY) if any(it.column in keys for it in found.texts) else None


@uninterrupted
async def _held(database: Database) -> frozenset[str]:
    columns = schema.tickets.c
    held = or_(columns.open == true(), columns.muted == true())
    async with database.reading() as connection:
        rows = await connection.execute(select(columns.id).where(held))
        return frozenset(str(row.id) for row in rows)


async def erase_row(database: Database, found: FoundRow, person: Person, now: float) -> Stay | None:
    """Erase the person from one row; says why where it was changed meanwhile.

    Raises:
        StoreError: when the ledger refuses; nothing of the row was changed then.
    """
    values = await asyncio.to_thread(_erased_values, found, person, now)
    return None if await _store(database, found, values, now) else Stay(Reason.CHANGED)


def _erased_values(found: FoundRow, person: Person, now: float) -> dict[str, Any]:
    """The columns that change, as they are stored then."""
    if found.table is schema.complaints and _is_theirs(found.row, person):
        return {**complaint_values(found.row["document"]), "erased_at": now}
    columns = dict.fromkeys(it.column for it in found.texts)
    values: dict[str, Any] = {}
    for column in columns:
        content = read_content(found.row[column])
        assert content is not None
        values[column] = content.changed(lambda text: person.erased_from(text, ERASED))
    if found.table is schema.complaints and "caller" in values:
        others = (it for it in str(found.row["caller"]).split() if not person.is_phone(it))
        values["caller"] = " ".join(others)
    if found.table is schema.tickets:
        values["document"] = _without_their_complaints(values["document"], found.row, person)
    if found.table in _WITH_DIGEST and "content" in values:
        values["sha256"] = sha256(zlib.decompress(values["content"])).hexdigest()
    return values


def _is_theirs(row: Mapping[str, Any], person: Person) -> bool:
    """Whether the person complained, and was not only named in somebody else's complaint."""
    return bool(person.who) and row["who"] == person.who


def _without_their_complaints(document: bytes, row: Mapping[str, Any], person: Person) -> bytes:
    """A ticket's document with the complaints of the person without who and what they wrote."""
    before, after = msgspec.json.decode(row["document"]), msgspec.json.decode(document)
    for old, new in zip(before.get("complaints", ()), after.get("complaints", ()), strict=True):
        if person.who and old.get("who") == person.who:
            new |= {name: type(new[name])() for name in _THEIRS if name in new}
    return msgspec.json.encode(after)


_THEIRS: Final = ("who", "caller", "callers", "contact", "content", "reference", "company", "filed")


@uninterrupted
async def _store(database: Database, found: FoundRow, values: dict[str, Any], now: float) -> bool:
    """Store ``values`` where the row is still as it was found; whether it was."""
    table, row = found.table, found.row
    same = [table.c[name] == value for name, value in found.key.items()]
    as_found = [table.c[name] == row[name] for name in values if row[name] is not None]
    async with database.transaction() as connection:
        changed = update(table).where(and_(*same, *as_found)).values(**values)
        if (await connection.execute(changed)).rowcount != 1:
            return False
        if "sha256" in values:
            record = _erasure_record(row, values["sha256"], now)
            of = "ticket_id" if table is schema.evidence else "call"
            await connection.execute(insert(table).values({of: row[of], **record}))
    return True


def _erasure_record(row: Mapping[str, Any], digest: str, now: float) -> dict[str, Any]:
    """A file beside it that says which one was changed, by digest, and why."""
    content = msgspec.json.format(
        msgspec.json.encode(
            {
                "file": row["name"],
                "sha256_before": row["sha256"],
                "sha256_after": digest,
                "reason": "data about one person was deleted at their request",
            }
        )
    )
    return {
        "name": _ERASURE,
        "taken_at": now,
        "sha256": sha256(content).hexdigest(),
        "content": zlib.compress(content),
    }
