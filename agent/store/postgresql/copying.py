"""Copies a SQLite ledger into an empty PostgreSQL database, and compares the two.

All of it is one transaction: an interrupted copy leaves the database empty.
"""

import asyncio
import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    create_engine,
    exists,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool

from agent.config.store import Store, shown_url
from agent.store import InUseError, StoreError
from agent.store.column_types import RowNumber, storable_text
from agent.store.inspection import open_read_only
from agent.store.leases import agents_at_work
from agent.store.migrate import migrate
from agent.store.postgresql.backend import lock_schema
from agent.store.postgresql.engine import limits, postgresql_engine
from agent.store.postgresql.trouble import ERRORS, failure_text
from agent.store.schema import leases, metadata

BATCH = 1000
"""Rows that are read, written or compared at a time."""
TABLES = tuple(table for table in metadata.sorted_tables if table is not leases)
"""What is copied, in an order in which every row finds those it refers to."""
_DIGEST_BYTES = 16

Report = Callable[[str, int], None]
"""Told a table and how many of its rows were copied so far."""
_Row = tuple[Any, ...]


@dataclass
class Sum:
    """How many rows a table has, and a sum over their content that no order changes."""

    rows: int = 0
    digest: int = 0

    def add(self, rows: Sequence[_Row]) -> None:
        """Count ``rows`` too."""
        self.rows += len(rows)
        for row in rows:
            content = hashlib.blake2b(msgspec.msgpack.encode(row), digest_size=_DIGEST_BYTES)
            self.digest += int.from_bytes(content.digest(), "big")
        self.digest %= 1 << (8 * _DIGEST_BYTES)


@dataclass(frozen=True)
class Copy:
    """A copy that was made: the rows of each table."""

    source: str
    target: str
    rows: dict[str, int] = field(default_factory=dict)


async def copy_ledger(ledger: Path, store: Store, report: Report) -> Copy:
    """Copy ``ledger``, of this program's schema and in nobody's use, into ``store``'s database.

    Raises:
        StoreError: when the database is not empty, is in use or cannot be written, or when what
            was written is not what was read; nothing was stored then.
    """
    assert store.url is not None
    target, engine = shown_url(store.url), postgresql_engine(store, 1)
    source = _source(ledger)
    try:
        async with engine.begin() as connection:
            await connection.execute(select(*limits(store)))
            await _make_empty_ledger(connection, target)
            sums = {}
            for table in TABLES:
                sums[table.name] = await _copy_table(source, connection, table, report)
            await _compare(connection, sums, target)
    except ERRORS as error:
        raise StoreError(f"{target}: {failure_text(error)}; nothing was copied") from error
    finally:
        source.dispose()
        await engine.dispose()
    return Copy(str(ledger), target, {name: it.rows for name, it in sums.items()})


def _source(ledger: Path) -> Engine:
    return create_engine("sqlite://", creator=lambda: _shared(ledger), poolclass=StaticPool)


def _shared(ledger: Path) -> Any:
    return open_read_only(ledger, any_thread=True)


async def _make_empty_ledger(connection: AsyncConnection, target: str) -> None:
    """The present schema without a row, in a database that nobody works on until the commit.

    Raises:
        StoreError: when it has rows, or an agent works on it.
    """
    await lock_schema(connection)
    await connection.run_sync(migrate, target)
    holding = await agents_at_work(connection)
    if holding is not None and holding.seconds > 0:
        raise InUseError(f"{target}: a numwatch agent works on it ({holding.place}); stop it first")
    for table in TABLES:
        if (await connection.execute(select(exists(select(table))))).scalar_one():
            raise StoreError(
                f"{target}: not empty (the table {table.name} has rows); copy into a new database,"
                " and set store.url to that"
            )


async def _copy_table(
    source: Engine, connection: AsyncConnection, table: Table, report: Report
) -> Sum:
    total = Sum()
    with closing(_pages(source, table)) as pages:
        while rows := await asyncio.to_thread(next, pages, ()):
            names = table.columns.keys()
            values = [dict(zip(names, row, strict=True)) for row in rows]
            await connection.execute(insert(table), values)
            await asyncio.to_thread(total.add, rows)
            report(table.name, total.rows)
    await _continue_row_numbers(connection, table)
    return total


def _pages(source: Engine, table: Table) -> Generator[Sequence[_Row], None, None]:
    """The rows of a table in the order of its key, a batch at a time, as PostgreSQL stores them."""
    with source.connect() as connection:
        rows = _page(connection, _first(table))
        while rows:
            yield [tuple(map(_stored, row)) for row in rows]
            rows = _page(connection, _after(table, rows[-1]))


def _page(connection: Connection, query: Select[*tuple[Any, ...]]) -> Sequence[_Row]:
    return [tuple(row) for row in connection.execute(query)]


def _stored(value: Any) -> Any:
    return storable_text(value) if isinstance(value, str) else value


def _first(table: Table) -> Select[*tuple[Any, ...]]:
    return select(table).order_by(*table.primary_key.columns).limit(BATCH)


def _after(table: Table, last: _Row) -> Select[*tuple[Any, ...]]:
    keys = table.primary_key.columns
    values = dict(zip(table.columns.keys(), last, strict=True))
    position = tuple_(*(values[key.key] for key in keys), types=[key.type for key in keys])
    return _first(table).where(tuple_(*keys) > position)


async def _continue_row_numbers(connection: AsyncConnection, table: Table) -> None:
    """Let the database number the rows that come from where the copied ones end."""
    numbered = [it.name for it in table.primary_key.columns if it.type is RowNumber]
    for name in numbered:
        newest = select(func.max(table.c[name])).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, name)
        await connection.execute(select(func.setval(sequence, newest)).where(newest.is_not(None)))


async def _compare(connection: AsyncConnection, sums: dict[str, Sum], target: str) -> None:
    """Read everything back.

    Raises:
        StoreError: when it is not what was written.
    """
    for table in TABLES:
        found = Sum()
        query = _first(table)
        while rows := [tuple(row) for row in await connection.execute(query)]:
            await asyncio.to_thread(found.add, rows)
            query = _after(table, rows[-1])
        written = sums[table.name]
        if found != written:
            raise StoreError(
                f"{target}: the table {table.name} is not what was copied ({found.rows} rows of"
                f" {written.rows}); nothing was stored: please report this"
            )
