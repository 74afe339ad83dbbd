"""From which stage a ticket may go to which, who may take it there, and what must hold for it.

The line of stages is domain.md §3; every step has a reason, whoever takes it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique

from agent.states import Stage


@unique
class ActorKind(StrEnum):
    """Who acts on a ticket."""

    AGENT = "agent"
    PERSON = "person"
    TICKET_SYSTEM = "ticket_system"
    PROVIDER = "provider"


@unique
class Guard(StrEnum):
    """What must hold before a transition; the caller states which of them do."""

    REASON_GIVEN = "reason_given"
    RECOVERY_VERIFIED = "recovery_verified"
    RECOVERY_HELD = "recovery_held"
    WITHIN_REOPEN_WINDOW = "within_reopen_window"
    PARENT_OPEN = "parent_open"
    ANSWERED = "confirmed_or_waived"
    """Confirmed or waived, where the grade asks for either."""
    RESOLUTION_GIVEN = "resolution_given"
    REJECTION_GIVEN = "rejection_given"
    FORM_FILLED = "form_filled"
    NONE_OTHER_OPEN = "none_other_open"
    NOTHING_LEFT = "nothing_left"
    """What was broken is gone, or was no fault of its own."""


class IllegalTransitionError(Exception):
    """A ticket was to go where the table does not let it; the text says from, to and why."""


Ways = Mapping[ActorKind, frozenset[Guard]]
"""Who may take a step, and what must hold when they do."""

_PEOPLE = (ActorKind.PERSON, ActorKind.TICKET_SYSTEM)
_OUTSIDE = (*_PEOPLE, ActorKind.PROVIDER)
_ALL = tuple(ActorKind)


def _by(who: Iterable[ActorKind], *guards: Guard) -> Ways:
    return dict.fromkeys(who, frozenset(guards or (Guard.REASON_GIVEN,)))


def _steps(ways: Ways, *stages: Stage) -> dict[Stage, Ways]:
    return dict.fromkeys(stages, ways)


_AGENT = (ActorKind.AGENT,)
_ANYONE = _by(_ALL)
_OTHERS = _by(_OUTSIDE)
_REJECTED = _by(_OUTSIDE, Guard.REASON_GIVEN, Guard.REJECTION_GIVEN)
_CLOSED_BY_PEOPLE = _by(_PEOPLE, Guard.REASON_GIVEN, Guard.RESOLUTION_GIVEN, Guard.ANSWERED)
_CLOSED = {**_by(_AGENT, Guard.RECOVERY_HELD, Guard.ANSWERED), **_CLOSED_BY_PEOPLE}
_ENDED = {**_by(_AGENT, Guard.NOTHING_LEFT), **_CLOSED_BY_PEOPLE}
_RESTORED = {**_by(_AGENT, Guard.RECOVERY_HELD), **_OTHERS}
_CONFIRMED = _by(_PEOPLE, Guard.REASON_GIVEN, Guard.FORM_FILLED)

_BROKEN: Mapping[Stage, Ways] = {
    Stage.OBSERVING: _by(_AGENT, Guard.RECOVERY_VERIFIED),
    Stage.RESTORED: _RESTORED,
    Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
    Stage.CLOSED: _ENDED,
}
"""Where every stage in which the fault stands may go."""

_HANDLING = _steps(_OTHERS, Stage.ACCEPTED, Stage.CARRIER_ESCALATED, Stage.DISPATCHED)

TRANSITIONS: Mapping[Stage, Mapping[Stage, Ways]] = {
    Stage.DETECTED: {
        **_steps(_ANYONE, Stage.REPORTED, Stage.DIAGNOSING),
        **_HANDLING,
        **_BROKEN,
    },
    Stage.REPORTED: {
        **_steps(_OTHERS, Stage.ACCEPTED, Stage.CARRIER_ESCALATED, Stage.DISPATCHED),
        **_steps(_REJECTED, Stage.REJECTED),
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_BROKEN,
    },
    Stage.ACCEPTED: {
        **_steps(_REJECTED, Stage.REJECTED),
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.CARRIER_ESCALATED, Stage.DISPATCHED),
        **_BROKEN,
    },
    Stage.DIAGNOSING: {**_steps(_OTHERS, Stage.REPORTED), **_HANDLING, **_BROKEN},
    Stage.CARRIER_ESCALATED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.DISPATCHED),
        **_BROKEN,
    },
    Stage.DISPATCHED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.ON_SITE, Stage.CARRIER_ESCALATED),
        **_BROKEN,
    },
    Stage.ON_SITE: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.CARRIER_ESCALATED),
        **_BROKEN,
    },
    Stage.REOPENED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.REPORTED),
        **_HANDLING,
        **_BROKEN,
    },
    Stage.SUPPRESSED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        Stage.RESTORED: _by(_AGENT, Guard.RECOVERY_HELD),
        Stage.CLOSED: _ENDED,
    },
    Stage.OBSERVING: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        Stage.RESTORED: _RESTORED,
        Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
        Stage.CLOSED: _ENDED,
    },
    Stage.RESTORED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.REPAIRED, Stage.TESTING),
        Stage.CONFIRMED: _CONFIRMED,
        Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
        Stage.CLOSED: _CLOSED,
    },
    Stage.REPAIRED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        **_steps(_OTHERS, Stage.TESTING),
        Stage.CONFIRMED: _CONFIRMED,
        Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
        Stage.CLOSED: _CLOSED,
    },
    Stage.TESTING: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        Stage.CONFIRMED: _CONFIRMED,
        Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
        Stage.CLOSED: _CLOSED,
    },
    Stage.CONFIRMED: {
        **_steps(_ANYONE, Stage.DIAGNOSING),
        Stage.SUPPRESSED: _by(_AGENT, Guard.PARENT_OPEN),
        Stage.CLOSED: _CLOSED,
    },
    Stage.REJECTED: {
        Stage.ACCEPTED: _by(_OUTSIDE, Guard.REASON_GIVEN, Guard.NONE_OTHER_OPEN),
    },
    Stage.CLOSED: {
        Stage.REOPENED: {
            **_by(_AGENT, Guard.WITHIN_REOPEN_WINDOW),
            **_by(_PEOPLE, Guard.REASON_GIVEN, Guard.NONE_OTHER_OPEN),
        },
    },
}
"""Every allowed step, who may take it and what must hold; what is not here is not allowed."""

RECOVERED = frozenset({Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED})
"""Stages in which the fault counts as over and the ticket still stands."""


def require(
    before: Stage, after: Stage, holds: frozenset[Guard], who: ActorKind = ActorKind.AGENT
) -> Stage:
    """``after``, when the table lets ``who`` take the step and all its guards hold.

    Raises:
        IllegalTransitionError: otherwise; the ticket stays as it was.
    """
    ways = TRANSITIONS[before].get(after)
    if ways is None:
        raise IllegalTransitionError(f"a ticket cannot go from {before} to {after}")
    if who not in ways:
        allowed = ", ".join(sorted(ways))
        raise IllegalTransitionError(
            f"from {before} to {after} is not for {who} to do, only for {allowed}"
        )
    missing = sorted(ways[who] - holds)
    if missing:
        needs = ", ".join(missing)
        raise IllegalTransitionError(f"from {before} to {after} needs {needs}, which does not hold")
    return after
