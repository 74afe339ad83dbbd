"""What should have been purged and is still there: counted row by row, and read in documents.

The purge marks what it has erased. This looks at the content itself, so that a mark on a document
that still names somebody is found, too.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Table, func, select

from agent.privacy.kinds import KINDS
from agent.privacy.personal import FORMS, KEPT_OF_FORMS, PERSONAL, SOMEBODY, without_phones
from agent.store import schema
from agent.store.database import Database, uninterrupted

GRACE: Final = 2 * 3600.0
"""Seconds by which a row may be too old: the purge runs every hour."""
_PAGE: Final = 200


async def left_over(database: Database, limits: Mapping[str, float]) -> dict[str, int]:
    """How many rows of every kind are too old by more than two hours.

    Args:
        database: The ledger.
        limits: By kind, the time before which rows are too old, in epoch seconds.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    counts = {}
    for kind in KINDS:
        too_old = kind.too_old(limits[kind.name] - GRACE)
        counts[kind.name] = await _count(database, kind.table, too_old)
    return counts


@uninterrupted
async def _count(database: Database, table: Table, condition: Any) -> int:
    query = select(func.count()).select_from(table).where(condition)
    async with database.reading() as connection:
        return int((await connection.execute(query)).scalar_one())


async def named_after_all(database: Database) -> dict[str, int]:
    """How many rows are marked as erased and still name somebody, by table; read one by one.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    return {
        table.name: await _named_in(database, table)
        for table in (schema.complaints, schema.tickets)
    }


async def _named_in(database: Database, table: Table) -> int:
    count, last = 0, ""
    while rows := await _erased(database, table, last):
        count += await asyncio.to_thread(_count_named, rows)
        last = str(rows[-1]["id"])
    return count


@uninterrupted
async def _erased(database: Database, table: Table, after: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.erased_at.is_not(None), table.c.id > after)
    async with database.reading() as connection:
        rows = await connection.execute(query.order_by(table.c.id).limit(_PAGE))
        return [dict(row) for row in rows.mappings()]


def _count_named(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(map(_names_somebody, rows))


def _names_somebody(row: Mapping[str, Any]) -> bool:
    if row.get("caller") or row.get("who"):
        return True
    try:
        return _is_about_people(msgspec.json.decode(row["document"]))
    except msgspec.MsgspecError:
        return False


def _is_about_people(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_is_about_people, value))
    if isinstance(value, dict):
        return any(
            _has_words(item) if name in FORMS else _names(name, item)
            for name, item in value.items()
            if name not in _IDENTITIES
        )
    return isinstance(value, str) and without_phones(value) != value


def _names(name: str, item: Any) -> bool:
    if name in PERSONAL:
        return bool(item) and item != SOMEBODY
    return _is_about_people(item)


def _has_words(form: Mapping[str, Any] | None) -> bool:
    words = (it for name, it in (form or {}).items() if name not in KEPT_OF_FORMS)
    return any(isinstance(it, str) and it for it in words)


_IDENTITIES: Final = frozenset(
    {"id", "key", "number", "subject", "parent", "previous", "provider_ticket", "elsewhere"}
)
"""Fields that say what a document is about; some have as many digits as a phone."""
