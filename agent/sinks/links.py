"""The ledger of links: which ticket in each ticket system stands for which of ours.

A link is written before its ticket is created and kept for good. It takes precedence over the
results of a system's search, because a search index lags behind and people remove labels
(docs/reference/ticketing.md §7, cases 2 to 5).
"""

from typing import Any

import msgspec
from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database, uninterrupted
from agent.store.schema import sink_callbacks, sink_links
from agent.tickets.key import former_ids
from agent.tickets.ledger import Ledger

_COLUMNS = {
    "deleted": "gone",
    "last_move": "moved",
    "last_sent_at": "told_at",
    "last_received_at": "heard_at",
}
"""The columns whose name, which is stored for good, differs from the field of :class:`Link`."""


class Remote(msgspec.Struct, frozen=True):
    """A ticket in another system."""

    id: str
    """Its id in the system's API."""
    reference: str
    """The name people use for it."""


class Link(msgspec.Struct, frozen=True):
    """One of our tickets in one system."""

    sink: str
    ticket_id: str
    remote: str = ""
    """The id there; empty while it is not known."""
    reference: str = ""
    intended_at: float | None = None
    """When its creation began; ``None`` if none is under way."""
    made_at: float | None = None
    deleted: bool = False
    """Whether people have deleted it there."""
    last_move: str = ""
    """The state numwatch moved it to last: restored, closed, reopened."""
    last_sent_at: str = ""
    """The time of the newest change that was sent to it, RFC 3339."""
    last_received_at: float | None = None
    """The time of the newest change that its system reported."""


class Links:
    """Reads and writes links and the ids of processed callbacks.

    Every method raises StoreError when the ledger cannot be read or written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def database(self) -> Database:
        """The ledger, for a sink that keeps more there than links."""
        return self._database

    @uninterrupted
    async def get(self, sink: str, ticket_id: str) -> Link | None:
        """The link of one ticket to one system."""
        async with self._database.reading() as connection:
            return await _first(
                connection, sink_links.c.sink == sink, sink_links.c.ticket_id == ticket_id
            )

    @uninterrupted
    async def by_remote(self, sink: str, remote: str) -> Link | None:
        """The link of the ticket with this id or this reference in the system of ``sink``."""
        matches = (sink_links.c.remote == remote) | (sink_links.c.reference == remote)
        async with self._database.reading() as connection:
            return await _first(connection, sink_links.c.sink == sink, matches)

    async def former_ids(self, ticket_id: str) -> list[str]:
        """The ids under which a ledger that was lost may have opened the same fault's ticket."""
        return former_ids(ticket_id, await Ledger(self._database).former_marks())

    async def record_intent(self, sink: str, ticket_id: str, now: float) -> None:
        """Note that the ticket is about to be created; durable before the request is sent."""
        await self._set(sink, ticket_id, intended_at=now)

    async def withdraw_intent(self, sink: str, ticket_id: str) -> None:
        """Note that the ticket was certainly not created."""
        await self._set(sink, ticket_id, intended_at=None)

    async def record_created(self, sink: str, ticket_id: str, remote: Remote, now: float) -> None:
        """Note that the ticket was created as ``remote``."""
        await self._set(
            sink,
            ticket_id,
            remote=remote.id,
            reference=remote.reference,
            intended_at=None,
            made_at=now,
            deleted=False,
            last_move="",
        )

    async def record_deleted(self, sink: str, ticket_id: str) -> None:
        """Note that people have deleted the ticket there."""
        await self._set(sink, ticket_id, deleted=True, remote="")

    async def record_sent(self, sink: str, ticket_id: str, at: str, move: str) -> None:
        """Note that all changes up to ``at`` were sent, and the move if there was one."""
        await self._set(sink, ticket_id, last_sent_at=at, **({"last_move": move} if move else {}))

    async def record_received(self, sink: str, ticket_id: str, at: float) -> None:
        """Note that the system reported a change made at ``at``."""
        await self._set(sink, ticket_id, last_received_at=at)

    @uninterrupted
    async def record_callback(self, sink: str, message: str, now: float) -> None:
        """Note that the callback with the id ``message`` has taken effect."""
        async with self._database.transaction() as connection:
            stored = await connection.execute(_callback(sink, message))
            if stored.first() is None:
                await connection.execute(
                    insert(sink_callbacks).values(sink=sink, id=message, at=now)
                )

    @uninterrupted
    async def has_callback(self, sink: str, message: str) -> bool:
        """Whether the callback with the id ``message`` has taken effect already."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_callback(sink, message))).first() is not None

    @uninterrupted
    async def prune_callbacks(self, before: float) -> int:
        """Delete the ids of callbacks received before ``before``; returns how many."""
        async with self._database.transaction() as connection:
            result = await connection.execute(
                sink_callbacks.delete().where(sink_callbacks.c.at < before)
            )
            return int(result.rowcount)

    @uninterrupted
    async def _set(self, sink: str, ticket_id: str, **fields: object) -> None:
        key = and_(sink_links.c.sink == sink, sink_links.c.ticket_id == ticket_id)
        values = _as_columns(fields)
        async with self._database.transaction() as connection:
            result = await connection.execute(update(sink_links).where(key).values(**values))
            if result.rowcount == 0:
                defaults = _as_columns(msgspec.structs.asdict(Link(sink, ticket_id)))
                await connection.execute(insert(sink_links).values(**{**defaults, **values}))


def _as_columns(fields: dict[str, object]) -> dict[str, object]:
    return {_COLUMNS.get(name, name): value for name, value in fields.items()}


def _callback(sink: str, message: str) -> Any:
    query = select(sink_callbacks.c.id)
    return query.where(sink_callbacks.c.sink == sink, sink_callbacks.c.id == message)


async def _first(connection: AsyncConnection, *conditions: Any) -> Link | None:
    result = await connection.execute(select(sink_links).where(*conditions).limit(1))
    row = result.mappings().one_or_none()
    if row is None:
        return None
    return Link(**{name: row[_COLUMNS.get(name, name)] for name in Link.__struct_fields__})
