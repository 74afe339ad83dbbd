"""Leases: who may act as what, until when, by the clock of the database and no other.

A row has a name, the holder's id (a new one at every start), an epoch that grows with every new
holder, and when it expires. A holder renews it; when it does not, another may take it. Whoever
writes begins its transaction with :func:`fence`, so that a process that was stopped for longer
than its lease lasted, and does not know, changes nothing
(docs/adr/0013-the-store-on-postgresql-one-lease-and-a-fence.md).

The statements are PostgreSQL's: SQLite's ledger has one process by the lock of its folder.
"""

import os
import socket
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    cast,
    extract,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.schema import leases

TTL = 15.0
"""Seconds for which a lease holds unless it is renewed."""
RENEWAL_INTERVAL = 5.0
"""Seconds between two renewals."""
AGENT = "role:agent"
"""The lease of the one agent that works on a database."""
_SINK = "sink:"
_NEVER = 0.0


@dataclass(frozen=True)
class Lease:
    """A lease that was acquired. Renewing keeps the epoch, another acquisition does not."""

    name: str
    holder: str
    epoch: int


@dataclass(frozen=True)
class Holding:
    """Who holds a lease, for the text of an error."""

    place: str
    seconds: float
    """For how long it still lasts; negative where it is over and somebody writes under it yet."""


def sink_lease(sink: str) -> str:
    """The name of the lease under which deliveries to ``sink`` are made."""
    return f"{_SINK}{sink}"


def this_place() -> str:
    """The machine and the process, as :class:`Holding` names them to people."""
    return f"{socket.gethostname()}, process {os.getpid()}"


def database_clock() -> ColumnElement[float]:
    """The time of the database, epoch seconds, as it passes within a transaction too."""
    return cast(extract("epoch", func.clock_timestamp()), Float)


async def acquire(
    connection: AsyncConnection, name: str, holder: str, place: str, ttl: float = TTL
) -> Lease | None:
    """The lease ``name`` for ``holder``; ``None`` while another has it, or writes under it yet."""
    free = {"name": name, "holder": "", "epoch": 0, "expires_at": _NEVER, "place": ""}
    await connection.execute(insert(leases).values(**free).on_conflict_do_nothing())
    is_free = leases.c.expires_at <= database_clock()
    # FOR UPDATE conflicts with the fence of whoever writes, which a mere update would not.
    mine = (
        select(leases.c.name)
        .where(leases.c.name == name, is_free)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = update(leases).where(leases.c.name == mine).returning(leases.c.epoch)
    values = {"holder": holder, "epoch": leases.c.epoch + 1, "place": place}
    taken = taken.values(**values, expires_at=database_clock() + ttl)
    epoch = (await connection.execute(taken)).scalar_one_or_none()
    return None if epoch is None else Lease(name, holder, int(epoch))


async def holding_of(connection: AsyncConnection, name: str) -> Holding | None:
    """Who holds the lease ``name``; ``None`` where nobody ever did."""
    query = select(leases.c.place, leases.c.expires_at - database_clock())
    row = (await connection.execute(query.where(leases.c.name == name))).one_or_none()
    return None if row is None else Holding(str(row[0]), float(row[1]))


async def renew(
    connection: AsyncConnection, held: Collection[Lease], ttl: float = TTL
) -> frozenset[str]:
    """Renew ``held`` in one statement; the names of those that are still their holders'.

    One that has expired and that nobody took is renewed too: nobody acted meanwhile.
    """
    renewed = update(leases).where(_any_of(held)).returning(leases.c.name)
    result = await connection.execute(renewed.values(expires_at=database_clock() + ttl))
    return frozenset(str(name) for name in result.scalars())


async def release(connection: AsyncConnection, held: Collection[Lease]) -> None:
    """Give ``held`` back, so that others need not wait until they expire."""
    await connection.execute(update(leases).where(_any_of(held)).values(expires_at=_NEVER))


def fence(lease: Lease) -> Select[int]:
    """The statement that every writing transaction of ``lease`` begins with.

    Without a row another has taken the lease, and nothing may be written. With one, whoever wants
    to take it waits for the end of the transaction; renewals do not.
    """
    return select(literal(1)).where(_is(lease)).with_for_update(key_share=True, read=True)


def _is(lease: Lease) -> ColumnElement[bool]:
    return and_(
        leases.c.name == lease.name,
        leases.c.holder == lease.holder,
        leases.c.epoch == lease.epoch,
    )


def _any_of(held: Collection[Lease]) -> ColumnElement[bool]:
    keys = [(lease.name, lease.holder, lease.epoch) for lease in held]
    return tuple_(leases.c.name, leases.c.holder, leases.c.epoch).in_(keys)
