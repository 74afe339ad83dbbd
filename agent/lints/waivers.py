"""Waivers that operators have written: findings that someone answers for until a day.

They stand in the store with who has written them, why and until when, and count beside those of
the configuration. In memory they are replaced whole, so that checks in a thread read one state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import insert, select, update

from agent.store.database import Database, finish
from agent.store.schema import lint_waivers


class OperatorWaiver(msgspec.Struct, frozen=True, kw_only=True):
    """One waiver of one lint at one number."""

    id: int = 0
    """Given by the store."""
    lint: str
    number: str
    reason: str
    author: str
    written_at: float
    """When it was written, epoch seconds."""
    until: str
    """The last day on which it applies, in ISO 8601."""
    withdrawn_by: str = ""
    """Who has withdrawn it; empty while nobody has."""


@dataclass(frozen=True)
class WaiverState:
    """The waivers in force at one revision, by number."""

    revision: int = 0
    by_number: Mapping[str, tuple[OperatorWaiver, ...]] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    """By number the revision at which its waivers changed last."""

    def changed_since(self, revision: int) -> frozenset[str]:
        """The numbers whose waivers have changed after ``revision``."""
        return frozenset(number for number, at in self.changed.items() if at > revision)


class WaiverBook:
    """The operators' waivers that the linter reads; the store is behind :class:`WaiverStore`."""

    def __init__(self) -> None:
        self.state = WaiverState()

    def of(self, number: str) -> tuple[OperatorWaiver, ...]:
        """The waivers of ``number`` that nobody has withdrawn, expired ones included."""
        return self.state.by_number.get(number, ())

    def put(self, number: str, waivers: tuple[OperatorWaiver, ...]) -> None:
        """Replace the waivers of ``number``."""
        state = self.state
        revision = state.revision + 1
        by_number = {**state.by_number, number: waivers}
        self.state = WaiverState(revision, by_number, {**state.changed, number: revision})


class WaiverStore:
    """Writes and withdraws operators' waivers: stored first, in force then."""

    def __init__(self, database: Database, book: WaiverBook) -> None:
        self._database = database
        self._book = book

    async def restore(self) -> None:
        """Put every stored waiver that was not withdrawn into force.

        Raises:
            StoreError: when the store cannot be read.
        """
        by_number: dict[str, tuple[OperatorWaiver, ...]] = {}
        for waiver in await finish(_read(self._database)):
            by_number[waiver.number] = (*by_number.get(waiver.number, ()), waiver)
        # Another replica may have withdrawn all of a number's.
        for number in self._book.state.by_number.keys() | by_number.keys():
            waivers = by_number.get(number, ())
            if self._book.of(number) != waivers:
                self._book.put(number, waivers)

    async def waive(self, waiver: OperatorWaiver) -> OperatorWaiver:
        """Store ``waiver`` and put it into force; returns it with its id.

        Raises:
            StoreError: when the store cannot be written; nothing is waived then.
        """
        stored = msgspec.structs.replace(waiver, id=await finish(_write(self._database, waiver)))
        self._book.put(waiver.number, (*self._book.of(waiver.number), stored))
        return stored

    async def withdraw(self, number: str, identity: int, by: str) -> bool:
        """Withdraw a waiver of ``number``; returns whether there was one in force.

        Raises:
            StoreError: when the store cannot be written; it stays in force then.
        """
        before = self._book.of(number)
        rest = tuple(waiver for waiver in before if waiver.id != identity)
        if rest == before:
            return False
        await finish(_withdraw(self._database, identity, by))
        self._book.put(number, rest)
        return True

    def of(self, number: str) -> tuple[OperatorWaiver, ...]:
        """The waivers of ``number`` that nobody has withdrawn, expired ones included."""
        return self._book.of(number)


async def _read(database: Database) -> list[OperatorWaiver]:
    in_force = select(lint_waivers).where(lint_waivers.c.withdrawn_by == "")
    async with database.reading() as connection:
        rows = await connection.execute(in_force.order_by(lint_waivers.c.id))
        return [OperatorWaiver(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's API


async def _write(database: Database, waiver: OperatorWaiver) -> int:
    values = {name: value for name, value in msgspec.structs.asdict(waiver).items() if name != "id"}
    async with database.transaction() as connection:
        result = await connection.execute(insert(lint_waivers).values(**values))
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])


async def _withdraw(database: Database, identity: int, by: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            update(lint_waivers).where(lint_waivers.c.id == identity).values(withdrawn_by=by)
        )
