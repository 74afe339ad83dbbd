"""Complaints put to a ticket: what it says of its callers, and since when it was reported."""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.tickets.changes import AGENT, UPDATED, Change, heard
from agent.tickets.sla import clocks
from agent.tickets.ticket import Entry, Ticket

MOST_KEPT = 100
"""Complaints a ticket shows; how many more there were is in its timeline."""
_EVENT = "complaint_heard"


def attach_complaints(ticket: Ticket, complaints: Sequence[Complaint], now: float) -> Change | None:
    """The ticket with ``complaints``, each once; ``None`` when it knows them all as they are.

    An earlier report than the first detection starts the clocks earlier (domain.md §3, Clock).
    """
    known = {one.id: one for one in ticket.complaints}
    news = [one for one in complaints if known.get(one.id) != one]
    fresh = [one for one in news if one.id not in known]
    kept = {**known, **{one.id: one for one in news}}
    if not news or (len(known) >= MOST_KEPT and len(fresh) == len(news)):
        return None
    after = replace(
        ticket,
        complaints=tuple(kept.values())[:MOST_KEPT],
        clocks=_clocks(ticket, fresh),
        revision=ticket.revision + 1,
        changed_at=now,
        timeline=(*ticket.timeline, Entry(now, AGENT, _EVENT, _reason(fresh or news))),
    )
    return Change(ticket, after, heard(ticket, UPDATED, now))


def _clocks(ticket: Ticket, fresh: Sequence[Complaint]) -> clocks.Events:
    earliest = min((one.at for one in fresh), default=ticket.detected_at)
    return (
        clocks.report(ticket.clocks, earliest) if earliest < ticket.detected_at else ticket.clocks
    )


def _reason(complaints: Sequence[Complaint]) -> str:
    first = complaints[0]
    heard_there = f", who heard “{first.prompt}”" if first.prompt else ""
    more = f", and {len(complaints) - 1} more" if len(complaints) > 1 else ""
    return f"{first.number} by {first.caller or 'a caller'} ({first.channel}){heard_there}{more}"
