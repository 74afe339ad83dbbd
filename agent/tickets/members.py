"""The members of stored tickets, read without decoding all of them.

A ticket of an account or a carrier may have tens of thousands: decoding them at once holds the
interpreter's lock, and with it the event loop, for longer than a page may take.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from agent.tickets.ticket import Member

LARGE: Final = 64 * 1024
"""Bytes from which on a document is worth being read in parts."""


class _Presence(msgspec.Struct, gc=False):
    """What of a stored member says whether it is still affected."""

    joined_at: float = 0.0
    left_at: float | None = None


class MemberSlice(msgspec.Struct, frozen=True):
    """Some members of a ticket, those that are still affected first."""

    items: tuple[Member, ...]
    total: int
    present: int
    """How many of them all are still affected."""
    joined: tuple[float, ...] = ()
    """When the first and the last of those that are still affected joined; of all, if none is."""


def without_members(document: bytes) -> bytes:
    """The stored ``document`` of a ticket with an empty list of members."""
    return _shortened(msgspec.json.decode(document, type=dict[str, msgspec.Raw]))


def in_parts(document: bytes, offset: int, limit: int) -> tuple[bytes, MemberSlice]:
    """What :func:`without_members` answers, and the members from ``offset`` on, ``limit`` at most.

    The document, of ten megabytes where there are tens of thousands, is taken apart once.
    """
    fields = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    stored = fields.get("members", msgspec.Raw(b"[]"))
    return _shortened(fields), _slice(stored, offset, limit)


def _shortened(fields: Mapping[str, msgspec.Raw]) -> bytes:
    return msgspec.json.encode({**fields, "members": msgspec.Raw(b"[]")})


def _slice(stored: msgspec.Raw, offset: int, limit: int) -> MemberSlice:
    members = msgspec.json.decode(stored, type=list[_Presence])
    left = [it.left_at is not None for it in members]
    present = [it.joined_at for it in members if it.left_at is None]
    joined = present or [it.joined_at for it in members]
    places = sorted(range(len(left)), key=left.__getitem__)[offset : offset + limit]
    parts = msgspec.json.decode(stored, type=list[msgspec.Raw]) if places else []
    items = tuple(msgspec.json.decode(parts[place], type=Member) for place in places)
    ends = (min(joined), max(joined)) if len(joined) > 1 else tuple(joined)
    return MemberSlice(items, len(left), left.count(False), ends)
