"""The ledger of notifications: how far each message to each receiver has come.

A message is written before it is sent, so that after a crash it is known that it may have been
sent; whoever was told is not told again when the delivery is repeated for the others. Receivers
are kept by name, never by phone.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from agent.sinks.phone_api import NotificationState
from agent.store.database import Database, uninterrupted
from agent.store.schema import notifications

MOST_AT_ONCE = 20
"""Receipts that are asked for in one go."""
_DETAIL = 200


class Notification(msgspec.Struct, frozen=True):
    """One message to one receiver. Times are epoch seconds."""

    sink: str
    delivery: str
    """The id of the delivery that it is a part of."""
    receiver: str
    ticket_id: str
    event: str
    state: NotificationState
    reference: str
    """The provider's id of it; empty until it was accepted."""
    attempted_at: float
    settled_at: float | None
    """When it became known whether it arrived."""
    next_check_at: float | None
    """When the provider is asked for its receipt; ``None`` if that is settled."""
    checks: int
    detail: str
    """The provider's own word for how it ended."""

    @property
    def is_over(self) -> bool:
        """Whether nothing needs to be sent any more."""
        return self.state not in {NotificationState.WAITING, NotificationState.SENDING}


def _of(row: Mapping[Any, Any]) -> Notification:
    fields = {name: row[name] for name in Notification.__struct_fields__}
    return Notification(**{**fields, "state": NotificationState(row["state"])})


class Notifications:
    """Reads and writes notifications. Every method raises StoreError when the ledger cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def of_delivery(self, sink: str, delivery: str) -> dict[str, Notification]:
        """The messages of one delivery, by receiver."""
        query = select(notifications).where(
            notifications.c.sink == sink, notifications.c.delivery == delivery
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings()
            return {row["receiver"]: _of(row) for row in rows}

    @uninterrupted
    async def of_ticket(self, ticket_id: str) -> list[Notification]:
        """Everything that was sent about one ticket, oldest first."""
        query = (
            select(notifications)
            .where(notifications.c.ticket_id == ticket_id)
            .order_by(notifications.c.attempted_at, notifications.c.receiver)
        )
        async with self._database.reading() as connection:
            return [_of(row) for row in (await connection.execute(query)).mappings()]

    @uninterrupted
    async def due_for_receipt(self, sink: str, now: float) -> list[Notification]:
        """Accepted messages whose receipt is to be asked for now, at most 20."""
        query = (
            select(notifications)
            .where(notifications.c.sink == sink, notifications.c.next_check_at <= now)
            .order_by(notifications.c.next_check_at)
            .limit(MOST_AT_ONCE)
        )
        async with self._database.reading() as connection:
            return [_of(row) for row in (await connection.execute(query)).mappings()]

    @uninterrupted
    async def write(self, notification: Notification) -> None:
        """Writes one message in place of what was known of it."""
        values = msgspec.structs.asdict(notification)
        values["state"] = notification.state.value
        values["detail"] = notification.detail[:_DETAIL]
        own = (
            notifications.c.sink == notification.sink,
            notifications.c.delivery == notification.delivery,
            notifications.c.receiver == notification.receiver,
        )
        async with self._database.transaction() as connection:
            result = await connection.execute(update(notifications).where(*own).values(values))
            if not result.rowcount:
                await connection.execute(insert(notifications).values(values))

    @uninterrupted
    async def prune(self, before: float) -> None:
        """Deletes messages that were sent before ``before``."""
        async with self._database.transaction() as connection:
            await connection.execute(
                notifications.delete().where(notifications.c.attempted_at < before)
            )
