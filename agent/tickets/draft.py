"""What a batch of decisions makes of the tickets, before any of it is written."""

from collections.abc import Mapping

import msgspec
import structlog
from msgspec.structs import replace

from agent.tickets.changes import AGENT, Change
from agent.tickets.outbox.outbox import encode_payload
from agent.tickets.ticket import Entry, Ticket

log = structlog.get_logger(__name__)


class Step(msgspec.Struct, frozen=True):
    """One change and what the sinks are told of it."""

    change: Change
    body: bytes

    @property
    def loud(self) -> bool:
        """Whether it is written; counting a good poll is not."""
        before = self.change.before
        return before is None or self.change.after.revision != before.revision


class Draft:
    """The tickets as they will be once the batch is written."""

    def __init__(self, standing: Mapping[str, Ticket]) -> None:
        self._standing = standing
        self._changed: dict[str, Ticket] = {}
        self.steps: list[Step] = []

    def ticket(self, key: str) -> Ticket | None:
        """The ticket of ``key`` with all this draft does to it; ``None`` without an open one."""
        found = self._changed.get(key) or self._standing.get(key)
        return found if found is not None and found.open else None

    def add(self, changes: list[Change]) -> None:
        """Take the changes of one ticket: all of them or, when one fails, none."""
        steps = [Step(change, encode_payload(change)) for change in changes]
        self.steps += steps
        self._changed.update((change.after.key, change.after) for change in changes)


def told_again(ticket: Ticket, kind: str, reason: str, now: float) -> Change:
    """The ticket as it is, told to the sinks once more as ``kind``."""
    after = replace(
        ticket,
        revision=ticket.revision + 1,
        changed_at=now,
        timeline=(*ticket.timeline, Entry(now, AGENT, "told_again", reason)),
    )
    return Change(ticket, after, kind)


def log_change(change: Change) -> None:
    """One line for a change that was written."""
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
