"""The statements about ``account_states``: few of them, however many accounts they are about.

What is written holds up every other transaction of its replica that writes, such as the alerts
that wait to be taken, so it must not take an answer of the database for each row. The statements
are PostgreSQL's.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    LargeBinary,
    String,
    Table,
    TableValuedAlias,
    case,
    cast,
    column,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from agent.model import AccountKey
from agent.replicas.account_parts import CALL_IDS, SHOWN
from agent.store.column_types import storable_text
from agent.store.leases import database_clock
from agent.store.postgresql.moment import Moment, not_seen
from agent.store.schema import account_states

Version = tuple[int, int]
"""The epoch of the lease that a part was written under, and its revision under that lease."""

Part = tuple[AccountKey, str]
"""A part of an account, by its name."""

_BYTES_A_STATEMENT = 4 * 1024 * 1024
_KEY = ("provider", "account", "part")


class StateRow(NamedTuple):
    """A part of an account as it is written; its time is the database's."""

    provider: str
    account: str
    part: str
    epoch: int
    revision: int
    value: bytes


_TYPES: Mapping[str, TypeEngine[Any]] = {
    **dict.fromkeys(_KEY, String()),
    "epoch": BigInteger(),
    "revision": BigInteger(),
    "value": LargeBinary(),
}


async def put_rows(connection: AsyncConnection, rows: Sequence[StateRow]) -> None:
    """Write ``rows``, each of another part, over what was written of the same parts before."""
    for batch in _by_size(rows):
        given = _table(StateRow._fields, batch)
        names = (*StateRow._fields, "written_at")
        added = insert(account_states).from_select(names, select(given, database_clock()))
        newest = {name: added.excluded[name] for name in names if name not in _KEY}
        await connection.execute(added.on_conflict_do_update(index_elements=_KEY, set_=newest))


async def delete_old_ids(
    connection: AsyncConnection, ids: Mapping[AccountKey, Collection[int]]
) -> None:
    """Delete the ids of hours that are not remembered any more; ``ids`` are by the hour."""
    remembered = [(*key, f"{CALL_IDS}{hour}") for key, hours in ids.items() for hour in hours]
    table = account_states.c
    old = delete(account_states).where(
        are_of(account_states, ids), table.part.startswith(CALL_IDS, autoescape=True)
    )
    if remembered:
        part = tuple_(table.provider, table.account, table.part)
        old = old.where(part.not_in(select(_table(_KEY, remembered))))
    await connection.execute(old)


async def read_parts(
    connection: AsyncConnection, keys: Sequence[AccountKey]
) -> dict[AccountKey, dict[str, tuple[bytes, float]]]:
    """Every part of ``keys`` by its name, with the time at which it was written."""
    table = account_states.c
    query = select(table.provider, table.account, table.part, table.value, table.written_at)
    found: dict[AccountKey, dict[str, tuple[bytes, float]]] = {}
    for row in await connection.execute(query.where(are_of(account_states, keys))):
        found.setdefault((row[0], row[1]), {})[row[2]] = (bytes(row[3]), float(row[4]))
    return found


async def read_newer(
    connection: AsyncConnection, since: float, seen: Moment | None, whole: str
) -> list[tuple[Part, bytes | None, Version]]:
    """The shown parts that were written after ``since``, by the database's clock.

    Of those that could be seen at the moment ``seen`` already, none. Each has its version; only
    those of the name ``whole`` have their value, too.
    """
    table = account_states.c
    value = case((table.part == whole, table.value))
    columns = (table.provider, table.account, table.part, value, table.epoch, table.revision)
    query = select(*columns).where(table.written_at > since, table.part.in_(SHOWN))
    if seen is not None:
        query = query.where(not_seen(account_states, seen))
    return [
        (((row[0], row[1]), row[2]), row[3] if row[3] is None else bytes(row[3]), (row[4], row[5]))
        for row in await connection.execute(query)
    ]


async def read_versions(
    connection: AsyncConnection, parts: Sequence[Part]
) -> list[tuple[Part, bytes, Version]]:
    """Those of ``parts`` that were written, each with its version."""
    table = account_states.c
    columns = (table.provider, table.account, table.part, table.value, table.epoch, table.revision)
    wanted = select(_table(_KEY, [(*key, name) for key, name in parts]))
    query = select(*columns).where(tuple_(table.provider, table.account, table.part).in_(wanted))
    return [
        (((row[0], row[1]), row[2]), bytes(row[3]), (int(row[4]), int(row[5])))
        for row in await connection.execute(query)
    ]


async def database_time(connection: AsyncConnection) -> float:
    """The time of the database, epoch seconds."""
    return float((await connection.execute(select(database_clock()))).scalar_one())


def _by_size(rows: Sequence[StateRow]) -> Iterator[Sequence[StateRow]]:
    """``rows`` in batches that no message is too long for."""
    start, size = 0, 0
    for place, row in enumerate(rows):
        if size and size + len(row.value) > _BYTES_A_STATEMENT:
            yield rows[start:place]
            start, size = place, 0
        size += len(row.value)
    if rows[start:]:
        yield rows[start:]


def _table(names: Sequence[str], rows: Collection[Sequence[Any]]) -> TableValuedAlias:
    """``rows`` with the columns ``names``: one array for each, however many rows there are."""
    values = [[row[place] for row in rows] for place in range(len(names))]
    arrays = (
        cast(_storable(own), ARRAY(_TYPES[name])) for name, own in zip(names, values, strict=True)
    )
    named = (column(name, _TYPES[name]) for name in names)
    return func.unnest(*arrays).table_valued(*named, name="given").render_derived()


def _storable(values: list[Any]) -> list[Any]:
    return [storable_text(it) if isinstance(it, str) else it for it in values]


def are_of(table: Table, keys: Collection[AccountKey]) -> ColumnElement[bool]:
    """Whether a row of ``table`` is about one of the accounts ``keys``, however many there are."""
    accounts = select(_table(_KEY[:2], keys))
    return tuple_(table.c.provider, table.c.account).in_(accounts)
