"""A decision about a ticket, and what it was taken from."""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique

import msgspec

from agent.fleet import Fleet
from agent.model import Verdict
from agent.states import Grade, Severity
from agent.tickets.decide.faults import Fault, Traits
from agent.tickets.forms import Resolution
from agent.tickets.ticket import Progress, Subject, Text, Ticket


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


@unique
class Transition(StrEnum):
    """What is to be done with a ticket."""

    OPEN = "open"
    REOPEN = "reopen"
    SEVERITY = "severity"
    DIAGNOSIS = "diagnosis"
    JOIN = "join"
    LEAVE = "leave"
    SUPPRESS = "suppress"
    RELEASE = "release"
    PROGRESS = "progress"
    BLIND = "blind"
    REARM = "rearm"
    OBSERVE = "observe"
    RESTORE = "restore"
    CLOSE = "close"
    MISS = "miss"
    END = "end"
    MUTE = "mute"
    UNMUTE = "unmute"


QUIET = frozenset({Transition.PROGRESS})
"""Actions that only keep count: nothing is written, nobody is told."""


ON_ENDED = frozenset({Transition.MUTE, Transition.UNMUTE, Transition.PROGRESS})
"""All that is ever done to a ticket that stands no more, but for reopening it."""


class Decision(msgspec.Struct, frozen=True):
    """One action on the ticket of one key, and why."""

    action: Transition
    key: str
    reason: str
    fault: Fault | None = None
    """For opening and reopening: what fires."""
    member_key: str = ""
    member: Subject | None = None
    """For joining and leaving: who."""
    left_for: str = ""
    """For leaving: ``restored`` or ``other_cause``."""
    parent: str = ""
    """For suppressing: the root's key."""
    resolution: Resolution = Resolution.RESTORED
    """For ending: as what."""
    severity: Severity | None = None
    progress: Progress | None = None
    verdict: Verdict | None = None
    text: Text | None = None
    """For another diagnosis or severity: how the ticket reads now."""


class Policy(msgspec.Struct, frozen=True):
    """The settings decisions depend on; times in seconds."""

    recovery_polls: int
    hold: float
    reopen_window: float
    confirmation: frozenset[Grade] = frozenset()
    """Grades whose tickets wait for the customer's confirmation or a waiver."""
    gone_after: float = 86400.0


class View(msgspec.Struct, frozen=True):
    """Everything decisions are taken from."""

    tickets: Mapping[str, Ticket]
    """Open tickets by key."""
    closed: Mapping[str, Ticket]
    """The newest ended ticket of keys that fire and have no open one."""
    faults: Mapping[str, Fault]
    pending: frozenset[str]
    evidence: Mapping[str, Assessment]
    """The facts about every open ticket and member that no alert tells of now, by key."""
    told_until: Mapping[str, float]
    """When an alert last told of the key; facts older than that are no evidence."""
    policy: Policy
    muted: Mapping[str, Ticket] = {}
    """By key: what a person closed while its fault goes on."""
    traits: Mapping[str, Traits] = {}
    """What is known of the numbers that faults are about, by the fault's key."""
