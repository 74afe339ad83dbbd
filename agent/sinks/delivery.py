"""An outbox row, decoded: what changed, and the whole ticket as it was then."""

import asyncio
from typing import Any

import msgspec

from agent.tickets.outbox.rows import Row

_LARGE = 256 * 1024
"""Bytes from which decoding a payload would hold up the event loop noticeably."""


class Delivery(msgspec.Struct, frozen=True):
    """One change of a ticket, to be delivered to a sink."""

    kind: str
    """``ticket.opened`` and so on."""
    at: str
    """When the ticket changed, RFC 3339."""
    revision: int
    ticket: dict[str, Any]
    """The ticket of docs/reference/interface.md, Ticket."""

    receiver: str = ""
    """The one person it is for, by name; empty where it is for everybody."""
    customers: tuple[dict[str, Any], ...] = ()
    """Those whom a letter to customers is for, with what each is told."""

    @property
    def id(self) -> str:
        """The ticket's id, by which every system can find its own ticket."""
        return str(self.ticket["id"])

    @property
    def marker(self) -> str:
        """The last line of a comment, by which a repeated attempt sees that it is there already."""
        return f"[{self.id} r{self.revision}]"


async def decode(row: Row) -> Delivery:
    """Decode ``row``; a large one is decoded in a thread."""
    if len(row.payload) > _LARGE:
        return await asyncio.to_thread(_decode, row)
    return _decode(row)


def _decode(row: Row) -> Delivery:
    body = msgspec.json.decode(row.payload)
    ticket = body.get("data") or {}
    return Delivery(
        row.type,
        str(body.get("timestamp") or ""),
        row.revision,
        {"id": row.ticket_id, **ticket},
        str(body.get("receiver") or ""),
        tuple(body.get("customers") or ()),
    )
