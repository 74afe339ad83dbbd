"""A decision about a ticket, and the assessment of facts that it may rest on."""

from collections.abc import Callable, Iterable
from enum import StrEnum, unique

import msgspec

from agent.clock import ClockSettings, in_present_time
from agent.config.settings import Tickets as TicketSettings
from agent.fleet import Fleet
from agent.states import Grade, Severity
from agent.tickets.decide.faults import Fault
from agent.tickets.forms import Resolution
from agent.tickets.number_details import Particulars
from agent.tickets.sla.clocks import Terms
from agent.tickets.ticket import Progress, Subject, Text
from agent.verdict import Verdict


@unique
class Finding(StrEnum):
    """What facts say about a subject; without facts it is unknown, which never closes a ticket."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    GONE = "gone"
    """Fresh facts show that the subject no longer exists, so it is neither good nor bad."""


class Assessment(msgspec.Struct, frozen=True):
    """The finding about one subject."""

    finding: Finding
    reason: str
    seen_at: float = 0.0
    """When the oldest of the facts it rests on was polled."""


Recovery = Callable[[Subject, Fleet, float], Assessment | None]
"""Assesses the facts about a subject now; pure.

Missing facts give :attr:`Finding.UNKNOWN`. Before the first poll the result is ``None``: the
start of the agent is neither evidence nor a gap in it.
"""


@unique
class Transition(StrEnum):
    """What the agent decides to do with a ticket."""

    OPEN = "open"
    REOPEN = "reopen"
    SEVERITY = "severity"
    """Another severity."""
    DIAGNOSIS = "diagnosis"
    """Another diagnosis."""
    JOIN = "join"
    """A member joins the ticket of its cause."""
    LEAVE = "leave"
    SUPPRESS = "suppress"
    """A wider fault explains this one."""
    RELEASE = "release"
    """The wider fault is over and this one is not."""
    PROGRESS = "progress"
    """The recovery's count of polls, which is written with the next recorded change."""
    BLIND = "blind"
    """Data stopped coming."""
    REARM = "rearm"
    """The fault came back while its recovery was held, or a claimed restoration is none."""
    OBSERVE = "observe"
    """The recovery is verified and now has to hold."""
    RESTORE = "restore"
    CLOSE = "close"
    MISS = "miss"
    """The subject is gone; the ticket closes unless it comes back."""
    UNWATCH = "unwatch"
    """The rule that reported the fault is gone: a person decides whether the fault is over."""
    WATCH = "watch"
    """An alert fires again for a fault whose rule was gone."""
    MOVE = "move"
    """The number has moved to another account, and the ticket with it."""
    ALSO = "also"
    """Another account that lists the number too reports the fault as well."""
    END = "end"
    """Closed without a recovery: the subject is gone, or the common cause is none."""
    MUTE = "mute"
    """A person closed the ticket for good; its lasting fault opens nothing."""
    UNMUTE = "unmute"


QUIET = frozenset({Transition.PROGRESS})
"""Transitions that are neither written nor delivered by themselves."""

ON_ENDED = frozenset({Transition.MUTE, Transition.UNMUTE, Transition.PROGRESS})
"""Transitions of an ended ticket, apart from reopening it."""

_OPENING = frozenset({Transition.OPEN, Transition.REOPEN})


class Decision(msgspec.Struct, frozen=True):
    """One transition of the ticket of one key, and the reason."""

    transition: Transition
    key: str
    reason: str
    fault: Fault | None = None
    """For opening and reopening, muting, and another severity: the fault that fires."""
    member_key: str = ""
    member: Subject | None = None
    """For joining and leaving: the member."""
    left_for: str = ""
    """For leaving: ``restored``, ``other_cause`` or ``gone``."""
    parent: str = ""
    """For suppressing: the root's key, which the manager replaces by its ticket's id."""
    resolution: Resolution = Resolution.RESTORED
    """For ending: the ticket's resolution."""
    severity: Severity | None = None
    progress: Progress | None = None
    verdict: Verdict | None = None
    rule: str = ""
    """For a rule that is gone: its name."""
    subjects: tuple[Subject, ...] = ()
    """For a move: the number at its new account; for another account that reports the fault: the
    number at every such account."""
    particulars: Particulars | None = None
    """For a move: the customer as the new account has it."""
    text: Text | None = None
    """For another diagnosis or severity: the ticket's new text."""
    terms: Terms | None = None
    """For another severity: what is promised from now on, where that is for another kind."""

    @property
    def opens(self) -> bool:
        """Whether the decision begins or resumes a ticket."""
        return self.transition in _OPENING


class DecisionPolicy(msgspec.Struct, frozen=True):
    """The settings that decisions depend on; times in seconds."""

    recovery_polls: int
    hold: float
    reopen_window: float
    confirmation: frozenset[Grade] = frozenset()
    """Grades whose tickets wait for the customer's confirmation or a waiver."""
    gone_after: float = 86400.0
    clock_settings: ClockSettings = ()
    """When the clock was set while the agent ran."""

    def elapsed(self, at: float, now: float) -> float:
        """Seconds that have passed at ``now`` since the recorded time ``at``."""
        return now - in_present_time(at, self.clock_settings, now)

    @classmethod
    def of(cls, section: TicketSettings, clock_settings: ClockSettings = ()) -> "DecisionPolicy":
        """The policy that the configuration's section sets."""
        return cls(
            section.recovery_polls,
            section.hold,
            section.reopen_window,
            frozenset(section.confirmation.grades),
            section.gone_after,
            clock_settings,
        )


def by_ticket(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Decisions by their ticket's key, in order; what opens a ticket comes before the rest.

    A root's decisions come before its members', unless the root is the narrower of the two.
    """
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.key, []).append(decision)
    return {key: sorted(group, key=lambda it: not it.opens) for key, group in groups.items()}
