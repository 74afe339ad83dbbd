"""What each ticket is called in each ticket system: written before it is made, kept for good.

What stands here goes before whatever a system's search finds or does not find: an index lags
behind, and people take labels away (ticketing.md §7, cases 2 to 5).
"""

from typing import Any

import msgspec
from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.database import Database
from agent.store.schema import sink_callbacks, sink_links
from agent.store.uninterrupted import uninterrupted


class Remote(msgspec.Struct, frozen=True):
    """A ticket in another system."""

    id: str
    """What the system's API calls it."""
    reference: str
    """What people call it."""


class Link(msgspec.Struct, frozen=True):
    """One of our tickets in one system."""

    sink: str
    ticket_id: str
    remote: str = ""
    """The id there; empty while it is not known."""
    reference: str = ""
    intended_at: float | None = None
    """When making it was begun; ``None`` when nothing is under way."""
    made_at: float | None = None
    gone: bool = False
    """People have deleted it there."""
    moved: str = ""
    """Where we moved it last: restored, closed, reopened."""
    told_at: str = ""
    """The time of the newest change it was told of."""
    heard_at: float | None = None
    """The time of the newest change it told of."""


class Links:
    """The links on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def get(self, sink: str, ticket_id: str) -> Link | None:
        """The link of one ticket to one system."""
        async with self._database.transaction() as connection:
            return await _one(
                connection, sink_links.c.sink == sink, sink_links.c.ticket_id == ticket_id
            )

    @uninterrupted
    async def by_remote(self, sink: str, remote: str) -> Link | None:
        """The link of the ticket that ``sink`` calls ``remote``, by its id or its reference."""
        called = (sink_links.c.remote == remote) | (sink_links.c.reference == remote)
        async with self._database.transaction() as connection:
            return await _one(connection, sink_links.c.sink == sink, called)

    async def of_ticket(self, ticket_id: str) -> list[Link]:
        """Every system's name for one ticket."""
        return await self._all(ticket_id)

    @uninterrupted
    async def _all(self, ticket_id: str) -> list[Link]:
        asked = select(sink_links).where(sink_links.c.ticket_id == ticket_id)
        async with self._database.transaction() as connection:
            found = await connection.execute(asked.order_by(sink_links.c.sink))
            return [_link(row) for row in found.mappings()]

    async def intend(self, sink: str, ticket_id: str, now: float) -> None:
        """Making the ticket begins now; this is durable before a request is sent."""
        await self._set(sink, ticket_id, intended_at=now)

    async def withdraw(self, sink: str, ticket_id: str) -> None:
        """It certainly was not made."""
        await self._set(sink, ticket_id, intended_at=None)

    async def made(self, sink: str, ticket_id: str, remote: Remote, now: float) -> None:
        """It was made."""
        await self._set(
            sink,
            ticket_id,
            remote=remote.id,
            reference=remote.reference,
            intended_at=None,
            made_at=now,
            gone=False,
            moved="",
        )

    async def gone(self, sink: str, ticket_id: str) -> None:
        """It is there no more."""
        await self._set(sink, ticket_id, gone=True, remote="")

    async def told(self, sink: str, ticket_id: str, at: str, moved: str) -> None:
        """It was told of all changes up to ``at``, and moved where ``moved`` says."""
        await self._set(sink, ticket_id, told_at=at, **({"moved": moved} if moved else {}))

    async def heard(self, sink: str, ticket_id: str, at: float) -> None:
        """It told of a change made at ``at``."""
        await self._set(sink, ticket_id, heard_at=at)

    @uninterrupted
    async def note_callback(self, sink: str, message: str, now: float) -> None:
        """The message ``message`` has taken effect."""
        async with self._database.transaction() as connection:
            known = await connection.execute(_callback(sink, message))
            if known.first() is None:
                await connection.execute(
                    insert(sink_callbacks).values(sink=sink, id=message, at=now)
                )

    @uninterrupted
    async def knows_callback(self, sink: str, message: str) -> bool:
        """Whether the message ``message`` has taken effect already."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_callback(sink, message))).first() is not None

    @uninterrupted
    async def prune_callbacks(self, before: float) -> int:
        """Forget messages that came before ``before``; gives how many."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                sink_callbacks.delete().where(sink_callbacks.c.at < before)
            )
            return int(found.rowcount)

    @uninterrupted
    async def _set(self, sink: str, ticket_id: str, **values: object) -> None:
        here = and_(sink_links.c.sink == sink, sink_links.c.ticket_id == ticket_id)
        async with self._database.transaction() as connection:
            found = await connection.execute(update(sink_links).where(here).values(**values))
            if found.rowcount == 0:
                fresh = msgspec.structs.asdict(Link(sink, ticket_id))
                await connection.execute(insert(sink_links).values(**{**fresh, **values}))


def _callback(sink: str, message: str) -> Any:
    asked = select(sink_callbacks.c.id)
    return asked.where(sink_callbacks.c.sink == sink, sink_callbacks.c.id == message)


async def _one(connection: AsyncConnection, *conditions: Any) -> Link | None:
    found = await connection.execute(select(sink_links).where(*conditions).limit(1))
    row = found.mappings().one_or_none()
    return None if row is None else _link(row)


def _link(row: Any) -> Link:
    return Link(**{name: row[name] for name in Link.__struct_fields__})
