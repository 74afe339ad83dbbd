"""What one person may ask for: everything that is stored about them, or that it is deleted."""

import asyncio
import secrets
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import select

from agent.checks.result import CheckResult
from agent.complaints.caller_ids import who_is
from agent.privacy.erasure import Holds, erase_row
from agent.privacy.files import FoundFile, search_files
from agent.privacy.person import Form, Person, person_of
from agent.privacy.purge import record
from agent.privacy.store_search import FoundRow, search_store
from agent.store import schema
from agent.store.database import Database, finish, uninterrupted

PERSON: Final = "person"
"""The kind of what a person's request deleted, in the record of purges."""
FILE: Final = "file"
"""Stands for a table where a place is a file of the data folder."""
CONFIGURATION: Final = "configuration"
"""The same where it is a file of the configuration."""
UNREAD: Final = "unread"
"""The reason why a file is listed that could not be searched."""
IN_FILE: Final = "in_file"
"""The reason why a file of the data folder is left."""
IN_CONFIGURATION: Final = "in_configuration"
_MOST_PLACES: Final = 10_000
"""Places of an answer; further ones are counted."""
_ID_LETTERS: Final = 14


class Place(msgspec.Struct, frozen=True):
    """A row of the store, or a file, that names the person."""

    table: str
    key: dict[str, Any]
    forms: tuple[str, ...]
    """How the person is named there (:class:`agent.privacy.person.Form`)."""
    texts: tuple[str, ...] = ()
    """The texts, every phone masked but the person's; empty in an answer about a deletion."""
    stays_for: str = ""
    """Why it stays (:data:`agent.privacy.words.REASONS`); empty in an export."""
    ticket: str = ""
    """The ticket that holds it, where one does."""


class PersonReport(msgspec.Struct, frozen=True):
    """What the store has of a person, or what was left of it after a deletion."""

    person: str
    """The masked phone, or the id of the reporter."""
    at: float
    places: tuple[Place, ...]
    left_out: int = 0
    """Places beyond those that are listed."""
    deleted: int = 0
    """Rows from which the person was deleted."""
    request: str = ""
    """The id of the deletion in the record of purges; empty in an export."""


@dataclass(frozen=True)
class PersonFacts:
    """What is known about a person beside the store.

    Args:
        is_bound: Whether a person's phone is bound to a number; ``None`` where that is unknown.
        configuration: The files of the configuration.
    """

    is_bound: Callable[[Person], bool | None] = lambda _: None
    configuration: Callable[[], Sequence[Path]] = tuple


def is_bound_in(results: Iterable[CheckResult], person: Person) -> bool:
    """Whether the phone of ``person`` is bound to a number, as far as polls have found."""
    return bool(person.phone) and any(
        person.is_phone(binding.phone)
        for result in results
        for number in result.names
        for binding in (result.bindings(number) or {}).values()
    )


class PersonRequests:
    """Exports and deletes one person's data.

    Args:
        database: The ledger.
        clock: Epoch seconds, for records.
        facts: What is known beside the store.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], facts: PersonFacts | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._facts = facts or PersonFacts()

    async def find(self, phone: str, reporter: str) -> Person:
        """The person, with the id under which complaints of the phone are known.

        Raises:
            UnknownPersonError: when what was given is neither a phone nor an id.
            StoreError: when the ledger cannot be read.
        """
        person = person_of(phone, reporter)
        if not person.phone:
            return await self._with_phone(person)
        return Person(person.phone, await who_is(self._database, person.phone))

    @uninterrupted
    async def _with_phone(self, person: Person) -> Person:
        """The reporter with the phone that their complaints have, while one still does."""
        columns = schema.complaints.c
        query = select(columns.caller).where(columns.who == person.who, columns.caller != "")
        async with self._database.reading() as connection:
            found = (await connection.execute(query.limit(1))).scalar_one_or_none()
        return person if found is None else Person(str(found).split(" ", maxsplit=1)[0], person.who)

    async def export(self, person: Person) -> PersonReport:
        """Everything that the store has of a person, each place named.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        places: list[Place] = []
        left_out = 0
        async for found in search_store(self._database, person):
            if len(places) < _MOST_PLACES:
                texts = tuple(person.shown_in(it.text) for it in found.texts)
                places.append(_place(found, texts=texts))
            else:
                left_out += 1
        places += await self._files(person)
        return PersonReport(person.masked or person.who, self._clock(), tuple(places), left_out)

    async def delete(self, person: Person, *, rewrite: bool = False) -> PersonReport:
        """Delete a person from the store; what is left is listed with the reason.

        Args:
            person: Whose data.
            rewrite: Write the ledger's file anew afterwards; nobody may use it meanwhile.

        Raises:
            StoreError: when the ledger refuses; what was deleted before stays deleted.
        """
        now, request = self._clock(), _request_id()
        is_bound = await asyncio.to_thread(self._facts.is_bound, person)
        holds = await Holds.read(self._database, is_bound=is_bound)
        left: list[Place] = []
        deleted = 0
        async for found in search_store(self._database, person):
            why = holds.on(found) or await erase_row(self._database, found, person, now)
            if why is None:
                deleted += 1
            else:
                left.append(_place(found, why.reason, ticket=why.ticket))
        await finish(_note(self._database, deleted, now, request))
        await self._database.forget_deleted(rewrite=rewrite)
        left += await self._files(person, deleting=True)
        who = person.masked or person.who
        listed = tuple(left[:_MOST_PLACES])
        return PersonReport(who, now, listed, len(left) - len(listed), deleted, request)

    async def _files(self, person: Person, *, deleting: bool = False) -> list[Place]:
        roots = [(FILE, self._database.path.parent)]
        roots += [(CONFIGURATION, path) for path in self._facts.configuration()]
        return await asyncio.to_thread(_search_roots, roots, person, deleting=deleting)


def _request_id() -> str:
    """Letters only: a run of digits in it might be taken for a phone and masked."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(_ID_LETTERS))


def _search_roots(
    roots: Sequence[tuple[str, Path]], person: Person, *, deleting: bool
) -> list[Place]:
    return [
        _file_place(kind, found, deleting=deleting)
        for kind, root in roots
        for found in search_files(root, person)
    ]


def _place(
    found: FoundRow, stays_for: str = "", texts: tuple[str, ...] = (), ticket: str = ""
) -> Place:
    forms = tuple(sorted(form.value for form in found.forms))
    return Place(str(found.table.name), found.key, forms, texts, stays_for, ticket)


def _file_place(kind: str, found: FoundFile, *, deleting: bool) -> Place:
    reason = UNREAD if found.is_unread else _WHY_LEFT[kind] if deleting else ""
    key = {"file": found.file, "count": found.count}
    return Place(kind, key, (Form.PHONE.value,), (), reason)


_WHY_LEFT: Final[Mapping[str, str]] = {FILE: IN_FILE, CONFIGURATION: IN_CONFIGURATION}


@uninterrupted
async def _note(database: Database, rows: int, now: float, request: str) -> None:
    async with database.transaction() as connection:
        await record(connection, PERSON, rows, now, now, request)
