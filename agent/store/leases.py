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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    cast,
    column,
    delete,
    extract,
    func,
    literal,
    or_,
    select,
    text,
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
TICKETS = "role:tickets"
"""The lease of the replica that evaluates rules and decides about tickets."""
MEMBER = "member:"
"""What the names of the leases begin with that replicas have as a whole."""
ACCOUNT = "account:"
"""What the names of the leases of accounts begin with."""
SINK = "sink:"
"""What the names of the leases of sinks begin with."""
_NEVER = 0.0
_END_STOPPED_WRITERS = text("""
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
AND state = 'active' AND wait_event IN ('ClientRead', 'ClientWrite')
AND query_start < clock_timestamp() - make_interval(secs => :seconds)
AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'leases'::regclass AND mode = 'RowShareLock')
""")
_NAMES_A_STATEMENT = 5000
"""PostgreSQL takes at most 32,767 parameters in a statement."""


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


class Standing(NamedTuple):
    """A lease as it is now."""

    name: str
    holder: str
    place: str
    is_held: bool


def sink_lease(sink: str) -> str:
    """The name of the lease under which deliveries to ``sink`` are made."""
    return f"{SINK}{sink}"


def account_lease(provider: str, account: str) -> str:
    """The name of the lease under which an account is polled."""
    return f"{ACCOUNT}{provider}/{account}"


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
    await add_missing(connection, [name])
    return next(iter(await acquire_all(connection, [name], holder, place, ttl)), None)


async def add_missing(connection: AsyncConnection, names: Sequence[str]) -> None:
    """Add a row for each of ``names`` that has none; nobody holds it."""
    # One array: a statement with a parameter for each name takes seconds to be made of thousands.
    name = func.unnest(cast(list(names), ARRAY(String))).column_valued("name")
    free = select(name, literal(""), literal(0), literal(_NEVER), literal(""))
    columns = ("name", "holder", "epoch", "expires_at", "place")
    await connection.execute(insert(leases).from_select(columns, free).on_conflict_do_nothing())


async def acquire_all(
    connection: AsyncConnection,
    names: Sequence[str],
    holder: str,
    place: str,
    ttl: float = TTL,
) -> list[Lease]:
    """Those of ``names`` that were free, for ``holder`` now; each has a row.

    One under which its former holder writes yet is left out, as one that somebody takes.
    """
    is_free = leases.c.expires_at <= database_clock()
    values = {"holder": holder, "epoch": leases.c.epoch + 1, "place": place}
    acquired: list[Lease] = []
    for batch in _batches(names):
        # FOR UPDATE conflicts with the fence of whoever writes, which a mere update would not.
        ours = (
            select(leases.c.name)
            .where(leases.c.name.in_(batch), is_free)
            .with_for_update(skip_locked=True)
            .cte("ours")
        )
        taken = update(leases).where(leases.c.name.in_(select(ours.c.name)))
        taken = taken.values(**values, expires_at=database_clock() + ttl)
        rows = await connection.execute(taken.returning(leases.c.name, leases.c.epoch))
        acquired += [Lease(str(name), holder, int(epoch)) for name, epoch in rows]
    return acquired


async def notable(connection: AsyncConnection, name: str) -> list[Standing]:
    """The lease ``name``, those of replicas, and every one that nobody holds.

    However many leases are held, these are few: which of very many names are free need not be
    asked name by name.
    """
    is_held = leases.c.expires_at > database_clock()
    is_member = leases.c.name.startswith(MEMBER, autoescape=True)
    query = select(leases.c.name, leases.c.holder, leases.c.place, is_held)
    rows = await connection.execute(query.where(or_(is_member, leases.c.name == name, ~is_held)))
    return [Standing(*row) for row in rows]


async def members(connection: AsyncConnection) -> dict[str, str]:
    """The replicas that live now: the place of each, by its holder's id."""
    query = select(leases.c.holder, leases.c.place).where(
        leases.c.name.startswith(MEMBER, autoescape=True), leases.c.expires_at > database_clock()
    )
    return {str(holder): str(place) for holder, place in await connection.execute(query)}


async def holders(connection: AsyncConnection, names: Sequence[str]) -> dict[str, str]:
    """The place of whoever holds each of ``names`` now; what nobody holds is left out."""
    places: dict[str, str] = {}
    for batch in _batches(names):
        query = select(leases.c.name, leases.c.place).where(
            leases.c.name.in_(batch), leases.c.expires_at > database_clock()
        )
        rows = await connection.execute(query)
        places.update((str(name), str(place)) for name, place in rows)
    return places


async def forget_members(connection: AsyncConnection, seconds: float) -> None:
    """Delete the rows of replicas that ended more than ``seconds`` ago."""
    ended = leases.c.expires_at < database_clock() - seconds
    is_member = leases.c.name.startswith(MEMBER, autoescape=True)
    await connection.execute(delete(leases).where(is_member, ended))


async def holding_of(connection: AsyncConnection, name: str) -> Holding | None:
    """Who holds the lease ``name``; ``None`` where nobody ever did."""
    query = select(leases.c.place, leases.c.expires_at - database_clock())
    row = (await connection.execute(query.where(leases.c.name == name))).one_or_none()
    return None if row is None else Holding(str(row[0]), float(row[1]))


async def agents_at_work(connection: AsyncConnection) -> Holding | None:
    """Who works on the database: one agent, or replicas, whose places are joined.

    Where none does, it is who had it as the only one last; ``None`` where nobody ever did.
    """
    seconds = leases.c.expires_at - database_clock()
    is_agent = or_(leases.c.name == AGENT, leases.c.name.startswith(MEMBER, autoescape=True))
    query = select(leases.c.place, seconds).where(is_agent, seconds > 0).order_by(leases.c.place)
    rows = (await connection.execute(query)).all()
    if not rows:
        return await holding_of(connection, AGENT)
    places = "; ".join(str(place) for place, _ in rows)
    return Holding(places, max(float(left) for _, left in rows))


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


def fence_all(held: Collection[Lease]) -> Select[str]:
    """As :func:`fence` for several: a row for each that was not taken."""
    return select(leases.c.name).where(_any_of(held)).with_for_update(key_share=True, read=True)


async def end_stopped_writers(connection: AsyncConnection, seconds: float) -> int:
    """End the fenced transactions whose program has stopped within a statement; returns how many.

    The database waits then for the rest of the statement's messages, or to be rid of its answer.
    That is neither being idle nor the statement's time, so that none of its limits ends it, and
    what the transaction has locked stays locked for as long as the program stands still. One is
    ended when it has waited for more than ``seconds``.
    """
    return int((await connection.execute(_END_STOPPED_WRITERS, {"seconds": seconds})).scalar_one())


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _NAMES_A_STATEMENT):
        yield names[start : start + _NAMES_A_STATEMENT]


def _is(lease: Lease) -> ColumnElement[bool]:
    return and_(
        leases.c.name == lease.name,
        leases.c.holder == lease.holder,
        leases.c.epoch == lease.epoch,
    )


def _any_of(held: Collection[Lease]) -> ColumnElement[bool]:
    """The rows of ``held``, by three arrays: there may be more than a statement has parameters."""
    arrays = func.unnest(
        cast([it.name for it in held], ARRAY(String)),
        cast([it.holder for it in held], ARRAY(String)),
        cast([it.epoch for it in held], ARRAY(BigInteger)),
    )
    columns = column("name", String), column("holder", String), column("epoch", BigInteger)
    wanted = arrays.table_valued(*columns, name="wanted").render_derived()
    keys = select(wanted.c.name, wanted.c.holder, wanted.c.epoch)
    return tuple_(leases.c.name, leases.c.holder, leases.c.epoch).in_(keys)
