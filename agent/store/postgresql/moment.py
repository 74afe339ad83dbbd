"""What a transaction can see, and which rows were written since another could not see them.

A time says less: a row is seen when its transaction ends, however long ago it was written.
"""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Float,
    String,
    Table,
    TextClause,
    cast,
    extract,
    func,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.leases import database_clock


class Moment(NamedTuple):
    """What a transaction sees: all that was committed before."""

    at: float
    """When, by the database's clock."""
    oldest: int
    """The transaction that began first of those whose rows it may not see; the rows of all that
    began before it can be seen, whatever their own times say."""
    server: float
    """When the server was started: another one counts its transactions anew."""

    def includes(self, seen: "Moment") -> bool:
        """Whether all that could be seen at the moment ``seen`` can be seen now too."""
        return self.server == seen.server and self.oldest >= seen.oldest


_MOMENT = select(
    database_clock(),
    cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), String), BigInteger),
    cast(extract("epoch", func.pg_postmaster_start_time()), Float),
)


async def moment_of(connection: AsyncConnection) -> Moment:
    """What the present transaction sees; one that reads sees as much until it ends."""
    return Moment(*(await connection.execute(_MOMENT)).one())


def not_seen(table: Table, seen: Moment) -> TextClause:
    """Whether a row of ``table`` may have been written since the moment ``seen``.

    Each row has the transaction that wrote it. Its number begins anew after four billion: what can
    be compared is how many transactions ago it was.
    """
    clause = text(f"age({table.name}.xmin) <= age(CAST(CAST(:seen AS text) AS xid))")
    return clause.bindparams(seen=str(seen.oldest % 2**32))
