"""One delivery, read: what changed and the whole ticket as it was then."""

import asyncio
from typing import Any

import msgspec

from agent.tickets.outbox.outbox import Row

_LARGE = 256 * 1024


class Delivery(msgspec.Struct, frozen=True):
    """What a sink is told."""

    kind: str
    """``ticket.opened`` and so on."""
    at: str
    """When it changed, RFC 3339."""
    revision: int
    ticket: dict[str, Any]
    """The ticket of contracts.md."""

    @property
    def id(self) -> str:
        """The ticket's id, which every system keeps to find it by."""
        return str(self.ticket["id"])

    @property
    def mark(self) -> str:
        """What a comment ends in, so that it can be seen whether it is there already."""
        return f"[{self.id} r{self.revision}]"


async def read(row: Row) -> Delivery:
    """What ``row`` tells; large ones are read beside the event loop."""
    if len(row.payload) > _LARGE:
        return await asyncio.to_thread(_read, row)
    return _read(row)


def _read(row: Row) -> Delivery:
    body = msgspec.json.decode(row.payload)
    ticket = body.get("data") or {}
    return Delivery(
        row.type, str(body.get("timestamp") or ""), row.revision, {"id": row.ticket_id, **ticket}
    )
