"""The ledger of test calls: each is stored once, with the recordings of those that failed."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, func, insert, select

from agent.probing.facts import ProbeCall, Purpose
from agent.store.database import Database, uninterrupted
from agent.store.schema import test_call_files, test_calls

log = structlog.get_logger(__name__)

MOST_READ: Final = 20_000
"""Calls that one reading returns."""


@dataclass(frozen=True)
class CallFile:
    """Something that is stored with a call: its recording, or the trace of its messages."""

    name: str
    content: bytes


class CallLedger:
    """Reads and writes test calls. Every method raises StoreError when the ledger cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, call: ProbeCall, files: Sequence[CallFile] = ()) -> None:
        """Store a call with its files, all or nothing."""
        row = {
            "call": call.id,
            "at": call.at,
            "provider": call.provider,
            "account": call.account,
            "number": call.number,
            "caller": call.caller,
            "purpose": call.purpose.value,
            "reference": call.reference,
            "outcome": call.outcome.value,
            "document": msgspec.json.encode(call),
        }
        rows = [
            {
                "call": call.id,
                "name": file.name,
                "taken_at": call.at,
                "sha256": sha256(file.content).hexdigest(),
                "content": zlib.compress(file.content),
            }
            for file in files
        ]
        async with self._database.transaction() as connection:
            await connection.execute(insert(test_calls).values(**row))
            if rows:
                await connection.execute(insert(test_call_files), rows)

    async def since(self, at: float) -> list[ProbeCall]:
        """The calls that began at ``at`` (epoch seconds) or later, the newest first."""
        return await self._calls(test_calls.c.at >= at)

    async def of_number(self, number: str, limit: int = 50) -> list[ProbeCall]:
        """The newest calls to ``number``, the newest first."""
        return await self._calls(test_calls.c.number == number, limit)

    async def of_purpose(
        self, number: str, purpose: Purpose, since: float, limit: int
    ) -> list[ProbeCall]:
        """The newest calls to ``number`` made for one purpose since then, the newest first."""
        columns = test_calls.c
        mine = and_(columns.number == number, columns.purpose == purpose.value, columns.at >= since)
        return await self._calls(mine, limit)

    async def of_reference(self, reference: str) -> list[ProbeCall]:
        """The calls made for a plan, an acceptance or a ticket, the newest first."""
        return await self._calls(test_calls.c.reference == reference)

    @uninterrupted
    async def newest_times(self, since: float) -> dict[tuple[str, str], float]:
        """When each number and caller was called last, if at ``since`` (epoch seconds) or later.

        Calls of the control number that show whether a line works are left out.
        """
        columns = test_calls.c
        query = (
            select(columns.number, columns.caller, func.max(columns.at))
            .where(columns.at >= since, columns.purpose != Purpose.CONTROL.value)
            .group_by(columns.number, columns.caller)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {(number, caller): at for number, caller, at in rows}

    @uninterrupted
    async def callers_of(self, number: str, since: float) -> list[str]:
        """Who has called ``number`` at ``since`` (epoch seconds) or later."""
        columns = test_calls.c
        mine = and_(columns.number == number, columns.at >= since)
        query = select(columns.caller).where(mine).distinct().order_by(columns.caller)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars().all())

    async def page(
        self, number: str = "", caller: str = "", limit: int = 50, offset: int = 0
    ) -> list[ProbeCall]:
        """Some calls, the newest first; of all numbers or callers where none is named."""
        return await self._calls(_of(number, caller), limit, offset)

    @uninterrupted
    async def count(self, number: str = "", caller: str = "") -> int:
        """How many calls all pages of :meth:`page` have."""
        query = select(func.count()).select_from(test_calls).where(_of(number, caller))
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def find(self, call_id: str) -> ProbeCall | None:
        """One call; ``None`` where there is none, or it cannot be read."""
        return next(iter(await self._calls(test_calls.c.call == call_id, 1)), None)

    @uninterrupted
    async def file_names(self, call_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The names of what is stored with each of some calls."""
        columns = test_call_files.c
        query = select(columns.call, columns.name).where(columns.call.in_(call_ids))
        found: dict[str, tuple[str, ...]] = {}
        async with self._database.reading() as connection:
            for call, name in (await connection.execute(query.order_by(columns.id))).all():
                found[call] = (*found.get(call, ()), name)
        return found

    async def file(self, call_id: str, name: str) -> bytes | None:
        """One of the files that are stored with a call; ``None`` where it is not."""
        return next((it.content for it in await self.files_of(call_id) if it.name == name), None)

    @uninterrupted
    async def files_of(self, call_id: str) -> list[CallFile]:
        """What is stored with a call, its recording and trace; none after their retention."""
        columns = test_call_files.c
        query = select(columns.name, columns.content).where(columns.call == call_id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(columns.id))).all()
        return [CallFile(name, zlib.decompress(content)) for name, content in rows]

    @uninterrupted
    async def _calls(
        self, condition: ColumnElement[bool], limit: int = MOST_READ, offset: int = 0
    ) -> list[ProbeCall]:
        columns = test_calls.c
        query = (
            select(columns.document)
            .where(condition)
            .order_by(columns.at.desc(), columns.id.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self._database.reading() as connection:
            documents = (await connection.execute(query)).scalars().all()
        return [call for it in documents if (call := _decoded(it)) is not None]


def _of(number: str, caller: str) -> ColumnElement[bool]:
    columns = test_calls.c
    conditions = [columns.number == number] if number else []
    conditions += [columns.caller == caller] if caller else []
    return and_(columns.at >= 0, *conditions)


def _decoded(document: Any) -> ProbeCall | None:
    try:
        return msgspec.json.decode(document, type=ProbeCall)
    except msgspec.MsgspecError:
        # A later version's; nothing is concluded from it.
        log.warning("test_call_unreadable")
        return None
