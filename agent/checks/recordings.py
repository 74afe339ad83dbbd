"""When the oldest recording that is not exported yet will be deleted.

Source: docs/reference/domain.md §1 (recording: one month) and §5 (RecordingDeletion).
"""

from agent.model import Number, Routing

DAY = 86400.0
DELETION_NEAR = 3 * DAY
"""Seconds before the deletion from which RecordingDeletion warns (docs/reference/domain.md §5)."""


def deletion_at(number: Number, routing: Routing | None) -> float | None:
    """Epoch seconds of the deletion; ``None`` where it is not known or nothing waits."""
    if number.recordings_pending == 0:
        return None
    days = None if routing is None else routing.retention_days
    oldest = number.recording_oldest_at
    return None if days is None or oldest is None else oldest + days * DAY
