"""From which stage a ticket may go to which, and what must hold for it (domain.md §3)."""

from collections.abc import Mapping
from enum import StrEnum, unique

from agent.states import Stage


@unique
class Guard(StrEnum):
    """What must hold before a transition; the caller states which of them do."""

    REASON_GIVEN = "reason_given"
    RECOVERY_VERIFIED = "recovery_verified"
    RECOVERY_HELD = "recovery_held"
    WITHIN_REOPEN_WINDOW = "within_reopen_window"
    PARENT_OPEN = "parent_open"


class IllegalTransitionError(Exception):
    """A ticket was to go where the table does not let it; the text says from, to and why."""


def _always(*stages: Stage) -> dict[Stage, Guard]:
    return dict.fromkeys(stages, Guard.REASON_GIVEN)


_BROKEN = {
    Stage.OBSERVING: Guard.RECOVERY_VERIFIED,
    Stage.RESTORED: Guard.RECOVERY_HELD,
    Stage.SUPPRESSED: Guard.PARENT_OPEN,
}
"""Where every stage in which the fault stands may go."""

TRANSITIONS: Mapping[Stage, Mapping[Stage, Guard]] = {
    Stage.DETECTED: {**_always(Stage.REPORTED, Stage.ACCEPTED, Stage.DIAGNOSING), **_BROKEN},
    Stage.REPORTED: {**_always(Stage.ACCEPTED, Stage.REJECTED, Stage.DIAGNOSING), **_BROKEN},
    Stage.ACCEPTED: {
        **_always(Stage.REJECTED, Stage.DIAGNOSING, Stage.CARRIER_ESCALATED, Stage.DISPATCHED),
        **_BROKEN,
    },
    Stage.DIAGNOSING: {
        **_always(Stage.ACCEPTED, Stage.CARRIER_ESCALATED, Stage.DISPATCHED),
        **_BROKEN,
    },
    Stage.CARRIER_ESCALATED: {**_always(Stage.DIAGNOSING, Stage.DISPATCHED), **_BROKEN},
    Stage.DISPATCHED: {**_always(Stage.DIAGNOSING, Stage.ON_SITE), **_BROKEN},
    Stage.ON_SITE: {**_always(Stage.DIAGNOSING, Stage.CARRIER_ESCALATED), **_BROKEN},
    Stage.REOPENED: {
        **_always(Stage.ACCEPTED, Stage.DIAGNOSING, Stage.CARRIER_ESCALATED, Stage.DISPATCHED),
        **_BROKEN,
    },
    Stage.SUPPRESSED: {
        **_always(Stage.DIAGNOSING),
        Stage.RESTORED: Guard.RECOVERY_HELD,
    },
    Stage.OBSERVING: {
        **_always(Stage.DIAGNOSING),
        Stage.RESTORED: Guard.RECOVERY_HELD,
        Stage.SUPPRESSED: Guard.PARENT_OPEN,
    },
    Stage.RESTORED: {
        **_always(Stage.DIAGNOSING, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED),
        Stage.CLOSED: Guard.RECOVERY_HELD,
    },
    Stage.REPAIRED: _always(Stage.DIAGNOSING, Stage.TESTING),
    Stage.TESTING: _always(Stage.DIAGNOSING, Stage.CONFIRMED),
    Stage.CONFIRMED: _always(Stage.CLOSED, Stage.DIAGNOSING),
    Stage.REJECTED: _always(Stage.ACCEPTED),
    Stage.CLOSED: {Stage.REOPENED: Guard.WITHIN_REOPEN_WINDOW},
}
"""Every allowed step and its guard; what is not here is not allowed."""


def require(before: Stage, after: Stage, holds: frozenset[Guard]) -> Stage:
    """``after``, when the table allows the step and its guard is among those that hold.

    Raises:
        IllegalTransitionError: otherwise; the ticket stays as it was.
    """
    guard = TRANSITIONS[before].get(after)
    if guard is None:
        raise IllegalTransitionError(f"a ticket cannot go from {before} to {after}")
    if guard not in holds:
        raise IllegalTransitionError(f"from {before} to {after} needs {guard}, which does not hold")
    return after
