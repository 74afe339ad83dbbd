"""When stored tickets last moved, read from their timelines without reading these whole."""

from collections.abc import Collection

import msgspec
from sqlalchemy import or_, select

from agent.store.database import Database, uninterrupted
from agent.store.schema import timeline
from agent.tickets.changes import AGENT
from agent.tickets.dispatch.movement import MOVES, NUDGED


class Movement(msgspec.Struct, frozen=True):
    """When a ticket last moved, and how often somebody was reminded since."""

    at: float | None = None
    """Epoch seconds; ``None`` where it has not moved since it was opened."""
    nudges: int = 0


class StoredMovements:
    """Reads the movements of tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def of(self, ids: Collection[str]) -> dict[str, Movement]:
        """The movement of each of ``ids``, a page of them at most; raises StoreError."""
        columns = timeline.c
        query = (
            select(columns.ticket_id, columns.at, columns.event)
            .where(columns.ticket_id.in_(ids))
            .where(or_(columns.actor != AGENT, columns.event.in_([*MOVES, NUDGED])))
            .order_by(columns.id)
        )
        found = dict.fromkeys(ids, Movement())
        async with self._database.reading() as connection:
            for id_, at, event in await connection.execute(query):
                before = found[id_]
                is_nudge = event == NUDGED
                found[id_] = Movement(before.at, before.nudges + 1) if is_nudge else Movement(at)
        return found
