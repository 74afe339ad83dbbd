"""What the facts say about a fault that no alert tells of any more."""

from collections.abc import Callable
from enum import StrEnum, unique

import msgspec

from agent.fleet import Fleet
from agent.tickets.ticket import Subject


@unique
class Finding(StrEnum):
    """Good and bad are seen; whatever is not seen is unknown, and unknown closes nothing."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    GONE = "gone"
    """What was broken is there no more: seen, and neither good nor bad."""


class Assessment(msgspec.Struct, frozen=True):
    """One look at the facts."""

    finding: Finding
    reason: str
    seen_at: float = 0.0
    """When the oldest of the facts it rests on was polled."""


Recovery = Callable[[Subject, Fleet, float], Assessment | None]
"""Looks at the facts about a subject now; pure, and never takes silence for health.

``None`` while nothing has been polled yet: a start is neither evidence nor a gap in it.
"""
