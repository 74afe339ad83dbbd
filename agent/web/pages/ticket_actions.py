"""Which actions a ticket's page offers first, and which it leaves out: a table of data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent.states import ClockName, Party, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import Field
from agent.tickets.actions.specs import ACTION_SPECS, offered
from agent.tickets.lifecycle import needs_confirmation
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.ticket import Ticket

_A = TicketAction
MOST_FIRST: Final = 4
"""Actions that are offered first."""
_OURS: Final = (Party.HOLDER, Party.ADMIN, Party.FINANCE, Party.SECURITY)
_THEIRS: Final = (Party.PROVIDER, Party.BINDING_CARRIER, Party.CALLER_CARRIER)
_UNTOUCHED: Final = (Stage.DETECTED, Stage.DIAGNOSING, Stage.REOPENED)
ELSEWHERE: Final = frozenset({_A.COMMENT, _A.ASSIGN, _A.UNASSIGN, _A.ANSWER})
"""Actions that have a form in a section of their own."""


@dataclass(frozen=True)
class _Row:
    """What is sensible next in ``stages``, where the job is one of ``parties``; empty is any."""

    stages: tuple[Stage, ...]
    parties: tuple[Party, ...]
    actions: tuple[TicketAction, ...]


_NEXT: Final = (
    _Row(_UNTOUCHED, (Party.NONE,), (_A.CONTACT, _A.CLOSE, _A.DIAGNOSE)),
    _Row(_UNTOUCHED, (Party.BASE_CARRIER,), (_A.ACCEPT, _A.ESCALATE, _A.CONTACT, _A.REPORT)),
    _Row(_UNTOUCHED, _THEIRS, (_A.REPORT, _A.CONTACT, _A.ACCEPT, _A.ESCALATE)),
    _Row(_UNTOUCHED, _OURS, (_A.ACCEPT, _A.CONTACT, _A.APPOINT, _A.RESTORE)),
    _Row(_UNTOUCHED, (), (_A.ACCEPT, _A.CONTACT, _A.RESTORE)),
    _Row((Stage.REPORTED,), (), (_A.PROVIDER_TICKET, _A.ACCEPT, _A.ESCALATE, _A.RESTORE)),
    _Row((Stage.ACCEPTED,), _OURS, (_A.CONTACT, _A.RESTORE, _A.APPOINT, _A.DISPATCH)),
    _Row((Stage.ACCEPTED,), (), (_A.PROVIDER_TICKET, _A.ESCALATE, _A.CONTACT, _A.RESTORE)),
    _Row(
        (Stage.CARRIER_ESCALATED,),
        (),
        (_A.PROVIDER_TICKET, _A.RESTORE, _A.DISPATCH, _A.CONTACT),
    ),
    _Row((Stage.DISPATCHED,), (), (_A.ARRIVE, _A.APPOINT, _A.RESTORE, _A.ABSENT)),
    _Row((Stage.ON_SITE,), (), (_A.REPAIR, _A.RESTORE, _A.CONDUCT, _A.DEPART)),
    _Row((Stage.OBSERVING,), (), (_A.RESTORE, _A.CONTACT, _A.DIAGNOSE)),
    _Row((Stage.RESTORED,), (), (_A.TEST, _A.TEST_CALLS, _A.CONFIRM, _A.CLOSE, _A.REPAIR)),
    _Row((Stage.REPAIRED,), (), (_A.TEST, _A.TEST_CALLS, _A.CONFIRM, _A.CLOSE)),
    _Row((Stage.TESTING,), (), (_A.CONFIRM, _A.TEST_CALLS, _A.CLOSE, _A.DIAGNOSE)),
    _Row((Stage.CONFIRMED,), (), (_A.CLOSE, _A.DIAGNOSE)),
    _Row((Stage.SUPPRESSED,), (), (_A.CONTACT, _A.DIAGNOSE)),
    _Row((Stage.CLOSED, Stage.REJECTED), (), (_A.REOPEN,)),
)
"""The first row that fits counts."""


@dataclass(frozen=True)
class Situation:
    """A ticket, and what decides which actions apply to it."""

    ticket: Ticket
    clocks: Mapping[ClockName, Reading]
    policy: TicketPolicy
    now: float

    @classmethod
    def of(cls, ticket: Ticket, policy: TicketPolicy, now: float) -> "Situation":
        """The situation of ``ticket`` at ``now``."""
        clocks = {reading.name: reading for reading in readings(ticket.clocks, now)}
        return cls(ticket, clocks, policy, now)

    def is_running(self, name: ClockName) -> bool:
        """Whether the clock is promised and has not stopped."""
        return name in self.clocks and self.clocks[name].stopped_at is None

    @property
    def paused(self) -> frozenset[str]:
        """Why clocks are paused."""
        return frozenset(reason.value for it in self.clocks.values() for reason in it.paused)

    @property
    def is_muted(self) -> bool:
        """Whether the sinks receive nothing now."""
        return (self.ticket.muted_until or 0.0) > self.now


_APPLIES: Final[Mapping[TicketAction, Callable[[Situation], bool]]] = {
    _A.CONTACT: lambda it: it.is_running(ClockName.CONTACT),
    _A.MUTE: lambda it: not it.is_muted,
    _A.UNMUTE: lambda it: it.is_muted,
    _A.PAUSE: lambda it: bool(_reasons_to_pause(it)),
    _A.RESUME: lambda it: bool(it.paused),
    _A.ATTRIBUTE: lambda it: it.ticket.severe is not None,
    _A.WAIVE: lambda it: (
        needs_confirmation(it.ticket, it.policy.confirmation) or it.is_running(ClockName.ON_SITE)
    ),
    _A.TEST_CALLS: lambda it: bool(it.policy.joint_test_callers),
    _A.UNASSIGN: lambda it: bool(it.ticket.assignee),
    _A.DEPART: lambda it: it.ticket.visits[-1].left_at is None,
    _A.ANSWER: lambda it: it.ticket.diagnosis is not None and bool(it.ticket.diagnosis.questions),
    _A.PROVIDER_TICKET: lambda it: bool(it.ticket.subject.provider),
    _A.REPORT: lambda it: bool(it.ticket.subject.provider),
}
"""When an action applies, beside what the stage allows; one that is missing always does."""


def _reasons_to_pause(situation: Situation) -> frozenset[str]:
    running = any(it.stopped_at is None for it in situation.clocks.values())
    reasons = {reason.value for reason in situation.policy.pause_reasons}
    return frozenset(reasons - situation.paused) if running else frozenset()


def applicable(situation: Situation) -> tuple[TicketAction, ...]:
    """The actions that the ticket's stage and situation allow a person."""
    actions = offered(situation.ticket)
    return tuple(it for it in actions if it not in _APPLIES or _APPLIES[it](situation))


def ordered(situation: Situation) -> tuple[list[TicketAction], list[TicketAction]]:
    """The actions that are sensible next, in order, and the others that apply."""
    actions = [it for it in applicable(situation) if it not in ELSEWHERE]
    wanted = _next_actions(situation.ticket)
    first = [it for it in wanted if it in actions and not _is_done(it, situation)][:MOST_FIRST]
    return first, [it for it in actions if it not in first]


def _next_actions(ticket: Ticket) -> Sequence[TicketAction]:
    party = "" if ticket.diagnosis is None else ticket.diagnosis.party
    rows = (it for it in _NEXT if ticket.stage in it.stages)
    row = next((it for it in rows if not it.parties or party in it.parties), None)
    return () if row is None else row.actions


def _is_done(action: TicketAction, situation: Situation) -> bool:
    """Whether there is nothing to do by it that was not done: the number is known already."""
    return action is _A.PROVIDER_TICKET and bool(situation.ticket.provider_ticket)


def fields_of(action: TicketAction, situation: Situation) -> Sequence[Field]:
    """The fields of the action's form, with those choices alone that can be chosen now."""
    fields = ACTION_SPECS[action].fields
    choices = {_A.PAUSE: _reasons_to_pause(situation), _A.RESUME: situation.paused}.get(action)
    if choices is None:
        return fields
    return [
        replace(it, choices=tuple(sorted(choices))) if it.name == "why" else it for it in fields
    ]
