"""What the actions about visits on site do to a ticket (docs/reference/domain.md §3)."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agent.i18n import N_, Message
from agent.states import ClockName, Stage
from agent.tickets.actions.effects import ActionContext, contact
from agent.tickets.actions.request import ActionRequestError
from agent.tickets.forms import ConductItem, Visit
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Ticket

MOST_VISITS: Final = 50
"""Visits that a ticket has; of more, those before are in its timeline alone."""
CONDUCT_ITEMS: Final[Mapping[ConductItem, str]] = {
    ConductItem.REGISTERED: N_("whether the work was registered before anything was touched"),
    ConductItem.STATE_KNOWN: N_("whether the state was known before anything was touched"),
    ConductItem.TESTED: N_("whether it was tested before they left"),
    ConductItem.REPAIRED: N_("whether it was repaired before they left"),
    ConductItem.EXPLAINED: N_("whether the cause was explained before they left"),
}
"""What the checklist of a visit asks."""


def dispatch(ticket: Ticket, context: ActionContext) -> Ticket:
    """Staff is on its way to the site."""
    ticket = context.advance(ticket, Stage.DISPATCHED)
    staff = context.fields.get("staff", "")
    return _with_visit(ticket, replace(_upcoming(ticket), staff=staff)) if staff else ticket


def appoint(ticket: Ticket, context: ActionContext) -> Ticket:
    """A visit is agreed; the clocks pause until then where the policy excludes appointments."""
    if ticket.stage is not Stage.DISPATCHED:
        ticket = context.advance(ticket, Stage.DISPATCHED)
    ticket = _after_absence(ticket, context)
    hour, visit = context.fields["time"], _upcoming(ticket)
    moved = visit.moved_ahead
    if visit.hour is not None:
        ahead = visit.hour - context.now
        moved = ahead if moved is None else min(moved, ahead)
    visit = replace(visit, hour=hour, agreed_at=context.now, moved_ahead=moved)
    ticket = replace(_with_visit(ticket, visit), appointment=hour)
    ticket = contact(ticket, context)
    if PauseReason.APPOINTMENT not in context.policy.pause_reasons:
        return ticket
    paused = clocks.pause(ticket.clocks, PauseReason.APPOINTMENT, context.now, until=hour)
    return replace(ticket, clocks=paused)


def arrive(ticket: Ticket, context: ActionContext) -> Ticket:
    """Staff is on site, which ends the wait for the appointment and stops the on-site clock."""
    if ticket.stage is not Stage.DISPATCHED:
        ticket = context.advance(ticket, Stage.DISPATCHED)
    ticket = context.advance(_after_absence(ticket, context), Stage.ON_SITE)
    visit = _upcoming(ticket)
    visit = replace(
        visit,
        arrived_at=context.at(),
        staff=context.fields.get("staff", "") or visit.staff,
        helpers=context.fields.get("helpers", ""),
    )
    return _on_site(_with_visit(ticket, visit), context, context.at())


def absent(ticket: Ticket, context: ActionContext) -> Ticket:
    """Staff waited for a customer who was absent; until another visit the time is the customer's.

    Raises:
        IllegalTransitionError: when nobody is on the way.
    """
    # Whoever waited at the door was there, though nobody let them in: the stage stays.
    context.advance(ticket, Stage.ON_SITE)
    left, waited = context.at(), context.fields["waited"]
    visit = replace(_upcoming(ticket), waited=waited, arrived_at=left - waited, left_at=left)
    ticket = _on_site(_with_visit(ticket, visit), context, left - waited)
    if PauseReason.CUSTOMER_CAUSED not in context.policy.pause_reasons:
        return ticket
    paused = clocks.pause(ticket.clocks, PauseReason.CUSTOMER_CAUSED, context.now)
    return replace(ticket, clocks=paused)


def depart(ticket: Ticket, context: ActionContext) -> Ticket:
    """Staff has left the site.

    Raises:
        ActionRequestError: when they arrived later than that.
    """
    visit = ticket.visits[-1]
    if visit.arrived_at is not None and visit.arrived_at > context.at():
        problem = Message("is before the arrival, expected a time after it")
        raise ActionRequestError(problem, "fields.at")
    return _with_visit(ticket, replace(visit, left_at=context.at()), is_latest=True)


def conduct(ticket: Ticket, context: ActionContext) -> Ticket:
    """Fills in the checklist of the latest visit; items that are not sent stay as they are."""
    visit = ticket.visits[-1]
    answers = {**visit.conduct, **context.fields}
    return _with_visit(ticket, replace(visit, conduct=answers), is_latest=True)


def _on_site(ticket: Ticket, context: ActionContext, at: float) -> Ticket:
    events = clocks.resume(ticket.clocks, PauseReason.APPOINTMENT, context.now)
    events = clocks.stop(events, at, ClockName.CONTACT, ClockName.ON_SITE)
    return replace(ticket, clocks=events, appointment=None)


def _after_absence(ticket: Ticket, context: ActionContext) -> Ticket:
    """The ticket without the pause that the customer's absence began."""
    if not ticket.visits or ticket.visits[-1].waited is None:
        return ticket
    events = clocks.resume(ticket.clocks, PauseReason.CUSTOMER_CAUSED, context.now)
    return replace(ticket, clocks=events)


def _upcoming(ticket: Ticket) -> Visit:
    """The visit that is still to come; a new one where there is none."""
    return ticket.visits[-1] if ticket.visits and not ticket.visits[-1].is_over else Visit()


def has_arrived(ticket: Ticket) -> bool:
    """Whether staff was at the site in the latest visit."""
    return bool(ticket.visits) and ticket.visits[-1].arrived_at is not None


def _with_visit(ticket: Ticket, visit: Visit, *, is_latest: bool = False) -> Ticket:
    """The ticket with ``visit`` in the place of the one to come, or of the latest."""
    replaces = ticket.visits and (is_latest or not ticket.visits[-1].is_over)
    earlier = ticket.visits[:-1] if replaces else ticket.visits
    return replace(ticket, visits=(*earlier, visit)[-MOST_VISITS:])
