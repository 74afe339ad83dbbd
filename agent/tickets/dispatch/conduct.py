"""Whether visits were conducted as is expected (docs/reference/domain.md §3, Etiquette): pure."""

from collections.abc import Iterator
from enum import StrEnum, unique

import msgspec

from agent.config.dispatch import Conduct
from agent.config.service import is_within
from agent.states import Severity
from agent.tickets.forms import ConductItem, Visit
from agent.tickets.ticket import Ticket


@unique
class CheckState(StrEnum):
    """Whether what is expected was done."""

    KEPT = "kept"
    MISSED = "missed"
    PENDING = "pending"
    """It is still to come."""
    UNKNOWN = "unknown"
    """Nobody has said."""


class Check(msgspec.Struct, frozen=True):
    """One thing that is expected of a visit."""

    name: str
    state: CheckState
    seconds: float | None = None
    """How early (late where negative), how far ahead, or how long; ``None`` where it is no time."""


def checks_of(
    visit: Visit, ticket: Ticket, conduct: Conduct, zone: str, now: float
) -> tuple[Check, ...]:
    """The checks of one visit of ``ticket``, those that apply to it."""
    return (*_times(visit, ticket, conduct, zone, now), *_checklist(visit))


def _times(
    visit: Visit, ticket: Ticket, conduct: Conduct, zone: str, now: float
) -> Iterator[Check]:
    if visit.hour is not None:
        yield _arrival(visit, visit.hour, conduct, now)
        # What is urgent is done at any hour.
        if ticket.severity is not Severity.CRITICAL:
            is_quiet = is_within(conduct.quiet_hours, visit.hour, zone)
            yield Check("quiet_hours", CheckState.MISSED if is_quiet else CheckState.KEPT)
    if visit.moved_ahead is not None:
        yield _least("reschedule", visit.moved_ahead, conduct.reschedule)
    if visit.waited is not None:
        yield _least("wait", visit.waited, conduct.wait)


def _arrival(visit: Visit, hour: float, conduct: Conduct, now: float) -> Check:
    if visit.arrived_at is None:
        return Check("arrival", CheckState.PENDING if now <= hour else CheckState.UNKNOWN)
    early = hour - visit.arrived_at
    is_kept = conduct.early <= early <= conduct.earliest
    return Check("arrival", CheckState.KEPT if is_kept else CheckState.MISSED, early)


def _least(name: str, seconds: float, least: float) -> Check:
    return Check(name, CheckState.KEPT if seconds >= least else CheckState.MISSED, seconds)


def _checklist(visit: Visit) -> Iterator[Check]:
    if visit.arrived_at is None or visit.waited is not None:
        return  # Nobody touched anything yet, or could.
    states = {"yes": CheckState.KEPT, "no": CheckState.MISSED}
    for item in ConductItem:
        yield Check(item.value, states.get(visit.conduct.get(item.value, ""), CheckState.UNKNOWN))
