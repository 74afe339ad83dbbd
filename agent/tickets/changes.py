"""A change of a ticket: one revision, written and delivered whole or not at all.

Decisions, actions, time policies and complaints all make their change with :func:`changed`,
which counts the revision, extends the timeline and respects a muted ticket.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.tickets.sla import clocks
from agent.tickets.ticket import Entry, Ticket
from agent.yamlfile.duration import duration_text

log = structlog.get_logger(__name__)

AGENT = "numwatch"
"""The actor of everything the agent does by itself."""

OPENED = "ticket.opened"
UPDATED = "ticket.updated"
ESCALATED = "ticket.escalated"
RESOLVED = "ticket.resolved"
CLOSED = "ticket.closed"
REOPENED = "ticket.reopened"
_MUTABLE = frozenset({UPDATED, ESCALATED})
"""Kinds that the sinks do not receive while a ticket is muted."""

MOST_COMPLAINTS = 100
"""Complaints stored with a ticket; the timeline counts those beyond."""


class Change(msgspec.Struct, frozen=True):
    """One step of a ticket."""

    before: Ticket | None
    """``None`` for a new ticket."""
    after: Ticket
    kind: str
    """The webhook's type; empty when nothing is delivered."""
    escalated_to: frozenset[str] | None = None
    """The sinks that receive an escalation, the others receive an update; ``None`` is all."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The new entries of the timeline."""
        return self.after.timeline[len(self.before.timeline) if self.before else 0 :]

    @property
    def is_recorded(self) -> bool:
        """Whether the change is written; progress of a recovery alone stays in memory."""
        return self.before is None or self.after.revision != self.before.revision


def changed(
    before: Ticket,
    after: Ticket,
    entries: Iterable[Entry],
    kind: str,
    now: float,
    escalated_to: frozenset[str] | None = None,
) -> Change:
    """The change from ``before`` to ``after`` as its next revision, with ``entries`` added."""
    muted = before.muted_until is not None and now < before.muted_until
    revised = replace(
        after,
        revision=before.revision + 1,
        changed_at=now,
        timeline=(*after.timeline, *entries),
    )
    return Change(before, revised, "" if muted and kind in _MUTABLE else kind, escalated_to)


def redelivery(ticket: Ticket, kind: str, reason: str, now: float) -> Change | None:
    """A change that alters nothing but delivers ``ticket`` once more as ``kind``.

    ``None`` when that is not its state any more: whoever asks has compared an earlier one.
    """
    if ticket.open is (kind == CLOSED):
        return None
    return changed(ticket, ticket, [Entry(now, AGENT, "told_again", reason)], kind, now)


def attach_complaints(ticket: Ticket, complaints: Sequence[Complaint], now: float) -> Change | None:
    """Adds ``complaints`` to ``ticket``, each once; ``None`` when it has them all as they are.

    A report older than the first detection starts the clocks earlier (docs/reference/domain.md
    §3).
    """
    stored = {complaint.id: complaint for complaint in ticket.complaints}
    news = [complaint for complaint in complaints if stored.get(complaint.id) != complaint]
    unseen = [complaint for complaint in news if complaint.id not in stored]
    if not news or (len(stored) >= MOST_COMPLAINTS and len(unseen) == len(news)):
        return None
    combined = {**stored, **{complaint.id: complaint for complaint in news}}
    after = replace(
        ticket,
        complaints=tuple(combined.values())[:MOST_COMPLAINTS],
        clocks=_clocks(ticket, unseen),
    )
    entry = Entry(now, AGENT, "complaint_heard", _complaint_reason(unseen or news))
    return changed(ticket, after, [entry], UPDATED, now)


def _clocks(ticket: Ticket, unseen: Sequence[Complaint]) -> clocks.Events:
    earliest = min((complaint.at for complaint in unseen), default=ticket.detected_at)
    if earliest >= ticket.detected_at:
        return ticket.clocks
    return clocks.report(ticket.clocks, earliest)


def _complaint_reason(complaints: Sequence[Complaint]) -> str:
    first = complaints[0]
    prompt = f", who heard “{first.prompt}”" if first.prompt else ""
    more = f", and {len(complaints) - 1} more" if len(complaints) > 1 else ""
    return f"{first.number} by {first.caller or 'a caller'} ({first.channel}){prompt}{more}"


def moment(at: float, zone: ZoneInfo) -> str:
    """``at`` in ``zone``, to the minute and with its offset, as timelines show it."""
    return datetime.fromtimestamp(at, zone).isoformat(timespec="minutes")


def span(seconds: float) -> str:
    """A length of time to the second, as timelines show it: ``1h30m``."""
    return duration_text(round(abs(seconds)))


def log_change(change: Change) -> None:
    """Logs a change that has been written."""
    ticket = change.after
    log.info(
        "ticket_changed",
        ticket=ticket.id,
        kind=change.kind,
        stage=ticket.stage.value,
        severity=ticket.severity.value,
        symptom=ticket.subject.symptom,
        revision=ticket.revision,
    )


def track(tickets: dict[str, Ticket], ticket: Ticket, *, when: bool) -> None:
    """Puts ``ticket`` into ``tickets``, which are by key, or takes it out unless ``when``."""
    if when:
        tickets[ticket.key] = ticket
    elif ticket.key in tickets and tickets[ticket.key].id == ticket.id:
        # A change of an ended episode must not hide the one that is open now.
        del tickets[ticket.key]
