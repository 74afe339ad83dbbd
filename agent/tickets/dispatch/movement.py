"""When a ticket last moved, and which reminders are due because it does not: pure."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from agent.config.dispatch import Dispatch
from agent.states import Grade, Stage
from agent.tickets.changes import AGENT
from agent.tickets.ticket import Ticket

NUDGED: Final = "nudged"
"""The event of a reminder that nothing moves."""
APPOINTMENT_DUE: Final = "appointment_due"
"""The event of a reminder of an appointment."""
MOVES: Final = frozenset(
    {"detected", "opened", "reopened", "flapped", "released", "data_stopped", "restored", "moved"}
)
"""Events of the agent's own with which another piece of work begins or ends."""
_WAITING: Final = frozenset(
    {
        *(Stage.DETECTED, Stage.DIAGNOSING, Stage.REOPENED, Stage.REPORTED, Stage.ACCEPTED),
        *(Stage.CARRIER_ESCALATED, Stage.DISPATCHED, Stage.ON_SITE),
    }
)
"""Stages in which somebody has to act before the fault is over."""


class Reminder(msgspec.Struct, frozen=True):
    """A reminder that is due."""

    event: str
    after: float
    """Seconds without movement, or before the appointment."""
    step: int
    """Which reminder it is since the last movement, from 1."""


def last_movement(ticket: Ticket) -> float:
    """When a person, a ticket system or the provider last acted, or the fault itself changed."""
    for entry in reversed(ticket.timeline):
        if entry.actor != AGENT or entry.event in MOVES:
            return entry.at
    return ticket.detected_at


def is_waiting(ticket: Ticket) -> bool:
    """Whether somebody has to act before the fault is over."""
    return ticket.stage in _WAITING


def stalled_after(grade: Grade, settings: Dispatch) -> float:
    """Seconds without movement after which a ticket of this grade stands still."""
    by_grade: Mapping[Grade, float] = settings.stalled_after_by_grade
    return by_grade.get(grade, settings.stalled_after)


def nudges_given(ticket: Ticket) -> int:
    """How many reminders were given since the ticket last moved."""
    moved = last_movement(ticket)
    return sum(it.event == NUDGED and it.at >= moved for it in ticket.timeline)


def reminders_due(
    ticket: Ticket, settings: Dispatch, unmoved: float, now: float
) -> Iterator[Reminder]:
    """The reminders to give now, at most one of each kind.

    ``unmoved`` is for how many seconds the ticket has not moved. A ticket whose visit is agreed
    and still to come waits for that and for nobody.
    """
    upcoming = ticket.appointment is not None and ticket.appointment > now
    given = nudges_given(ticket)
    if is_waiting(ticket) and not upcoming and given < settings.steps:
        due = stalled_after(ticket.grade, settings) + given * settings.again
        if unmoved >= due:
            yield Reminder(NUDGED, unmoved, given + 1)
    if ticket.appointment is not None and ticket.appointment > now:
        yield from _before_visit(ticket, ticket.appointment, settings, now)


def _before_visit(
    ticket: Ticket, visit: float, settings: Dispatch, now: float
) -> Iterator[Reminder]:
    agreed = max((it.at for it in ticket.timeline if it.event == "appoint"), default=0.0)
    given = sum(it.event == APPOINTMENT_DUE and it.at >= agreed for it in ticket.timeline)
    # What was due before the visit was agreed has no sense any more.
    passed = [it for it in settings.reminders if agreed < visit - it <= now]
    if len(passed) > given:
        yield Reminder(APPOINTMENT_DUE, visit - now, given + 1)
