"""Stores checklists; a change is written only over what it was made from."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.inspections.checklist import Checklist, Kind, findings
from agent.store import StoreError
from agent.store.database import Database, uninterrupted
from agent.store.schema import checklists

MOST_OPEN: Final = 5000
"""Checklists that may be open at once, and those with findings that are watched."""


class ChecklistRepository:
    """All checklists of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, checklist: Checklist) -> bool:
        """Store a new checklist; whether it is new: another replica may have begun it.

        Raises:
            StoreError: when the ledger refuses.
        """
        try:
            return await self._insert(checklist)
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise

    @uninterrupted
    async def _insert(self, checklist: Checklist) -> bool:
        there = select(checklists.c.id).where(checklists.c.id == checklist.id)
        async with self._database.transaction() as connection:
            if (await connection.execute(there)).first() is not None:
                return False
            values = {"id": checklist.id, **_columns(checklist)}
            await connection.execute(insert(checklists).values(**values))
        return True

    @uninterrupted
    async def replace(self, before: Checklist, after: Checklist) -> bool:
        """Store ``after`` where ``before`` still is what is stored; whether it was.

        Raises:
            StoreError: when the ledger refuses.
        """
        same = checklists.c.document == msgspec.json.encode(before)
        statement = update(checklists).where(checklists.c.id == before.id, same)
        async with self._database.transaction() as connection:
            result = await connection.execute(statement.values(**_columns(after)))
            return int(result.rowcount) == 1

    @uninterrupted
    async def find(self, identity: str) -> Checklist | None:
        """One checklist; ``None`` where there is none.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        found = await self._read(checklists.c.id == identity, limit=1)
        return found[0] if found else None

    async def open_ones(self) -> list[Checklist]:
        """Those that are not closed, the one that is due next first.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return await self._selected(checklists.c.closed_at.is_(None))

    @uninterrupted
    async def numbers_in_onboarding(self) -> frozenset[str]:
        """The numbers whose take-over is under way.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        columns = checklists.c
        query = (
            select(columns.number)
            .where(columns.closed_at.is_(None), columns.kind == Kind.ONBOARDING.value)
            .limit(MOST_OPEN)
        )
        async with self._database.reading() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def with_findings(self) -> list[Checklist]:
        """Those in which people found what is not resolved.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return await self._selected(checklists.c.findings > 0)

    async def of_number(self, number: str, limit: int = 50) -> list[Checklist]:
        """Those of one number, the one that is due last first.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return await self._selected(checklists.c.number == number, limit=limit, newest=True)

    async def page(self, *, is_open: bool, limit: int, offset: int) -> tuple[list[Checklist], int]:
        """One page of the open or the closed ones, and how many there are.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        closed = checklists.c.closed_at
        condition = closed.is_(None) if is_open else closed.is_not(None)
        found = await self._selected(condition, limit=limit, offset=offset, newest=not is_open)
        return found, await self._count(condition)

    @uninterrupted
    async def last_closed(self) -> dict[tuple[str, str, str, str], float]:
        """By plan, provider, account and number: when the last inspection was signed.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        columns = checklists.c
        key = (columns.plan, columns.provider, columns.account, columns.number)
        query = (
            select(*key, func.max(columns.closed_at))
            .where(columns.kind == Kind.INSPECTION.value, columns.closed_at.is_not(None))
            .group_by(*key)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {(row[0], row[1], row[2], row[3]): float(row[4]) for row in rows}

    @uninterrupted
    async def _count(self, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(checklists).where(condition)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    @uninterrupted
    async def _selected(
        self,
        condition: ColumnElement[bool],
        *,
        limit: int = MOST_OPEN,
        offset: int = 0,
        newest: bool = False,
    ) -> list[Checklist]:
        return await self._read(condition, limit=limit, offset=offset, newest=newest)

    async def _read(
        self,
        condition: ColumnElement[bool],
        *,
        limit: int,
        offset: int = 0,
        newest: bool = False,
    ) -> list[Checklist]:
        due, key = checklists.c.due_at, checklists.c.id
        order = (due.desc(), key) if newest else (due, key)
        query = select(checklists.c.document).where(condition).order_by(*order)
        async with self._database.reading() as connection:
            found = (await connection.execute(query.limit(limit).offset(offset))).scalars().all()
        # Thousands of documents take longer than anybody else may wait.
        return await asyncio.to_thread(_decoded, found)


def _decoded(documents: Sequence[bytes]) -> list[Checklist]:
    decoder = msgspec.json.Decoder(Checklist)
    return [decoder.decode(document) for document in documents]


def _columns(checklist: Checklist) -> dict[str, object]:
    return {
        "kind": checklist.kind.value,
        "plan": checklist.plan,
        "provider": checklist.provider,
        "account": checklist.account,
        "number": checklist.number,
        "due_at": checklist.due_at,
        "closed_at": checklist.closed_at,
        "findings": len(findings(checklist)),
        "document": msgspec.json.encode(checklist),
    }
