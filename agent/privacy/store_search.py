"""Searches every column of every row of every table of the ledger for one person."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Table, select, tuple_

from agent.privacy.content import read_content
from agent.privacy.person import Form, Person
from agent.store.database import Database, uninterrupted
from agent.store.schema import metadata

_PAGE: Final = 50
_LARGE: Final = frozenset({"evidence", "account_states", "test_call_files"})
"""Tables whose rows may be large, so that few are read at once."""
_FEW: Final = 5


@dataclass(frozen=True)
class FoundText:
    """A text that names the person."""

    column: str
    path: str
    """The names and positions that lead to it within a document."""
    text: str = field(repr=False)
    forms: frozenset[Form]


@dataclass(frozen=True)
class FoundRow:
    """A row of the store that names the person."""

    table: Table
    row: Mapping[str, Any] = field(repr=False)
    texts: tuple[FoundText, ...]

    @property
    def key(self) -> dict[str, Any]:
        """The values of the primary key."""
        return {
            str(column.name): self.row[column.name] for column in self.table.primary_key.columns
        }

    @property
    def forms(self) -> frozenset[Form]:
        """How the row names the person."""
        return frozenset().union(*(it.forms for it in self.texts))


async def search_store(database: Database, person: Person) -> AsyncIterator[FoundRow]:
    """Every row that names ``person``, table by table; a few rows are read at once.

    Raises:
        StoreError: when the ledger cannot be read.
    """
    for table in metadata.sorted_tables:
        size = _FEW if table.name in _LARGE else _PAGE
        last: tuple[Any, ...] | None = None
        while rows := await _page(database, table, last, size):
            for found in await asyncio.to_thread(_found, table, rows, person):
                yield found
            last = tuple(rows[-1][column.name] for column in table.primary_key.columns)


@uninterrupted
async def _page(
    database: Database, table: Table, after: tuple[Any, ...] | None, size: int
) -> list[dict[str, Any]]:
    key = list(table.primary_key.columns)
    query = select(table).order_by(*key).limit(size)
    if after is not None:
        query = query.where(key[0] > after[0] if len(key) == 1 else tuple_(*key) > after)
    async with database.reading() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def _found(table: Table, rows: list[dict[str, Any]], person: Person) -> list[FoundRow]:
    found = []
    for row in rows:
        texts = tuple(
            FoundText(name, path, text, frozenset(forms))
            for name, stored in row.items()
            if (content := read_content(stored)) is not None
            for path, text in content.texts()
            if (forms := person.forms_in(text))
        )
        if texts:
            found.append(FoundRow(table, row, texts))
    return found
