"""The deliveries of one ticket, per sink, for people: states, errors and the remote ticket."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from agent.store.database import Database, uninterrupted
from agent.store.schema import outbox, sink_links

_MOST_ROWS = 200


class Delivery(msgspec.Struct, frozen=True):
    """One row of the outbox, without its payload."""

    sink: str
    type: str
    state: str
    revision: int
    attempts: int
    created_at: float
    settled_at: float | None
    next_attempt_at: float
    failure: str


class SinkDeliveries(msgspec.Struct, frozen=True):
    """What one sink was sent of a ticket."""

    sink: str
    reference: str
    """The name of the ticket in the sink's system; empty where it has none."""
    rows: tuple[Delivery, ...]
    """The newest first."""

    @property
    def state(self) -> str:
        """The state that matters most: dead, waiting with failures, waiting, delivered."""
        states = {row.state for row in self.rows}
        if "dead" in states:
            return "dead"
        if any(row.state in ("waiting", "sending") and row.failure for row in self.rows):
            return "failing"
        return "queued" if states & {"waiting", "sending"} else "delivered"

    @property
    def failure(self) -> str:
        """Why the newest row that is not delivered was not; empty where all are."""
        failing = (row.failure for row in self.rows if row.state in ("dead", "waiting", "sending"))
        return next(filter(None, failing), "")


class TicketDeliveries:
    """Reads the deliveries of tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def of_ticket(self, ticket_id: str, sinks: Sequence[str]) -> list[SinkDeliveries]:
        """What each of ``sinks`` was sent of the ticket, at most a few hundred rows each.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        columns = [outbox.c[name] for name in Delivery.__struct_fields__]
        links = select(sink_links.c.sink, sink_links.c.reference).where(
            sink_links.c.sink.in_(sinks), sink_links.c.ticket_id == ticket_id
        )
        found: list[SinkDeliveries] = []
        async with self._database.reading() as connection:
            references = {row.sink: row.reference for row in await connection.execute(links)}
            for sink in sinks:
                query = select(*columns).where(
                    outbox.c.sink == sink, outbox.c.ticket_id == ticket_id
                )
                rows = await connection.execute(
                    query.order_by(outbox.c.id.desc()).limit(_MOST_ROWS)
                )
                deliveries = tuple(Delivery(*row) for row in rows)
                if deliveries or sink in references:
                    found.append(SinkDeliveries(sink, references.get(sink, ""), deliveries))
        return found
