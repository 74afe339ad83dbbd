"""What each action does to a ticket.

One of the two ways to the table in ``agent/tickets/lifecycle.py``: :meth:`ActionContext.advance`
asks it whether the ticket's stage and the actor allow the step (docs/reference/domain.md §3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.diagnosis.answers import answer_errors
from agent.i18n import Joined, Message, contextual
from agent.i18n.words import PAUSES, word
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.states import ClockName, Grade, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import (
    LONGEST_TEXT,
    ActionRequest,
    ActionRequestError,
    person_name,
)
from agent.tickets.forms import Confirmation, FaultCause, Outcome, Waiver, resolution_of
from agent.tickets.lifecycle import (
    RECOVERED,
    Guard,
    advance,
    is_allowed,
    needs_confirmation,
    restored,
)
from agent.tickets.policy import TicketPolicy, regraded
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Progress, Ticket


@dataclass(frozen=True)
class ActionContext:
    """A request for an action, its fields read, with what its effect depends on."""

    request: ActionRequest
    fields: Mapping[str, Any]
    policy: TicketPolicy
    now: float
    is_only_open: bool
    """Whether no other ticket of the same fault is open."""

    @property
    def actor_label(self) -> str:
        """The actor as the timeline shows it."""
        return self.request.actor.label

    def at(self) -> float:
        """When the reported event happened; now where the request does not say."""
        return float(self.fields.get("at", self.now))

    def advance(self, ticket: Ticket, target: Stage) -> Ticket:
        """Moves the ticket to ``target`` by the actor's permission.

        Raises:
            IllegalTransitionError: when the table does not allow the step.
        """
        holds = {Guard.REASON_GIVEN}
        if self.is_only_open:
            holds.add(Guard.NONE_OTHER_OPEN)
        if not needs_confirmation(ticket, self.policy.confirmation):
            holds.add(Guard.ANSWERED)
        if "resolution" in self.fields:
            holds.add(Guard.RESOLUTION_GIVEN)
        if "rejection" in self.fields:
            holds.add(Guard.REJECTION_GIVEN)
        if self.request.action is TicketAction.CONFIRM:
            holds.add(Guard.FORM_FILLED)
        return advance(ticket, target, holds, self.now, self.request.actor.kind)


_NONE = contextual("value", "none")


def report(ticket: Ticket, context: ActionContext) -> Ticket:
    """The fault is reported to the provider."""
    return _numbered(context.advance(ticket, Stage.REPORTED), context)


def accept(ticket: Ticket, context: ActionContext) -> Ticket:
    """Somebody takes the ticket on, which counts as the first contact."""
    return contact(_numbered(context.advance(ticket, Stage.ACCEPTED), context), context)


def _numbered(ticket: Ticket, context: ActionContext) -> Ticket:
    number = context.fields.get("provider_ticket", "")
    return replace(ticket, provider_ticket=number or ticket.provider_ticket)


def provider_ticket(ticket: Ticket, context: ActionContext) -> Ticket:
    """Records the provider's own number, which shows that the provider has accepted the fault."""
    if is_allowed(ticket.stage, Stage.ACCEPTED, context.request.actor.kind):
        return accept(ticket, context)
    return _numbered(ticket, context)


def reject(ticket: Ticket, context: ActionContext) -> Ticket:
    """Gives the ticket back, which ends it."""
    ticket = context.advance(ticket, Stage.REJECTED)
    return replace(ticket, resolution=context.fields["rejection"], closed_by=context.actor_label)


def contact(ticket: Ticket, context: ActionContext) -> Ticket:
    """The customer was called, which stops the contact clock."""
    return replace(ticket, clocks=clocks.stop(ticket.clocks, context.at(), ClockName.CONTACT))


def comment(ticket: Ticket, _context: ActionContext) -> Ticket:
    """Adds nothing but the entry in the timeline."""
    return ticket


def answer(ticket: Ticket, context: ActionContext) -> Ticket:
    """Records an answer, from which the diagnosis goes on (docs/reference/domain.md §2)."""
    answers = {context.fields["question"]: context.fields["answer"]}
    wrong = answer_errors(answers)
    if wrong:
        raise ActionRequestError(wrong[0], "fields.answer")
    return replace(ticket, answers={**ticket.answers, **answers})


def diagnose(ticket: Ticket, context: ActionContext) -> Ticket:
    """Back to the diagnosis; a restoration that was claimed is withdrawn."""
    progress = Progress() if ticket.stage in RECOVERED else ticket.progress
    return replace(context.advance(ticket, Stage.DIAGNOSING), progress=progress)


def escalate(ticket: Ticket, context: ActionContext) -> Ticket:
    """The base carrier works on the fault."""
    return context.advance(ticket, Stage.CARRIER_ESCALATED)


def restore(ticket: Ticket, context: ActionContext) -> Ticket:
    """Service is back, repaired or by a workaround; the clocks stop when it came back."""
    ticket = context.advance(ticket, Stage.RESTORED)
    began = clocks.began_at(ticket.clocks) or ticket.started_at
    return restored(ticket, max(context.at(), began))


def repair(ticket: Ticket, context: ActionContext) -> Ticket:
    """The cause is repaired, which restores the service as well."""
    if ticket.stage is not Stage.RESTORED:
        ticket = restore(ticket, context)
    return context.advance(ticket, Stage.REPAIRED)


def test(ticket: Ticket, context: ActionContext) -> Ticket:
    """Tested with the customer; a failed test leads back to the diagnosis."""
    if context.fields["result"] == "failed":
        return diagnose(ticket, context)
    return context.advance(ticket, Stage.TESTING)


def confirm(ticket: Ticket, context: ActionContext) -> Ticket:
    """Records the confirmation form; only the outcome "restored" or "other" confirms the ticket."""
    fields = dict(context.fields)
    cause, outcome = FaultCause(fields.pop("cause")), Outcome(fields.pop("outcome"))
    form = Confirmation(
        at=context.now, recorded_by=context.actor_label, cause=cause, outcome=outcome, **fields
    )
    # Whatever the outcome, a form is taken only where the stage could be confirmed by one.
    confirmed = context.advance(ticket, Stage.CONFIRMED)
    if outcome is Outcome.NOT_FIXED:
        # After the step back, which removes any form: this one shows why it was taken.
        return replace(diagnose(ticket, context), confirmation=form)
    if outcome is Outcome.OBSERVE:
        return replace(ticket, confirmation=form)
    return replace(confirmed, confirmation=form)


def waive(ticket: Ticket, context: ActionContext) -> Ticket:
    """Waives the confirmation, or the visit, and records who decided so."""
    if context.fields.get("what") == "on_site":
        stopped = clocks.stop(ticket.clocks, context.now, ClockName.ON_SITE)
        return replace(ticket, clocks=stopped)
    reason = mask_text(scrub(context.request.reason, LONGEST_TEXT))
    return replace(ticket, waiver=Waiver(context.now, context.actor_label, reason))


def close(ticket: Ticket, context: ActionContext) -> Ticket:
    """Closes the ticket for the resolution given."""
    if "waiver" in context.fields:
        reason = mask_text(context.fields["waiver"])
        ticket = replace(ticket, waiver=Waiver(context.now, context.actor_label, reason))
    resolution = resolution_of(context.fields["resolution"])
    ticket = context.advance(ticket, Stage.CLOSED)
    return replace(
        ticket,
        outcome=ticket.outcome or resolution.value,
        resolution=resolution.value,
        closed_by=context.actor_label,
    )


def reopen(ticket: Ticket, context: ActionContext) -> Ticket:
    """Opens a closed ticket again, or takes a rejected one on again."""
    stage = Stage.ACCEPTED if ticket.stage is Stage.REJECTED else Stage.REOPENED
    ended = context.policy.resumed(ticket, context.now)
    return replace(context.advance(ended, stage), progress=Progress())


def mute(ticket: Ticket, context: ActionContext) -> Ticket:
    """Suspends deliveries to the sinks for a while, but for the ticket's end."""
    return replace(ticket, muted_until=context.now + context.fields["for"])


def unmute(ticket: Ticket, _context: ActionContext) -> Ticket:
    """Resumes deliveries to the sinks."""
    return replace(ticket, muted_until=None)


def pause(ticket: Ticket, context: ActionContext) -> Ticket:
    """Pauses the clocks for a reason that the contract excludes."""
    reason = PauseReason(context.fields["why"])
    if reason not in context.policy.pause_reasons:
        allowed = sorted(context.policy.pause_reasons)
        problem = Message(
            "the contract does not exclude {reason}, expected {allowed}",
            {"reason": reason.value, "allowed": ", ".join(allowed) or _NONE},
        )
        words = Joined(tuple(word(it, PAUSES) for it in allowed), ", ") if allowed else _NONE
        raise ActionRequestError(
            problem, "fields.why", {"reason": word(reason.value, PAUSES), "allowed": words}
        )
    until = context.fields.get("until")
    return replace(ticket, clocks=clocks.pause(ticket.clocks, reason, context.now, until=until))


def resume(ticket: Ticket, context: ActionContext) -> Ticket:
    """Ends a pause of the clocks."""
    reason = PauseReason(context.fields["why"])
    events = clocks.resume(ticket.clocks, reason, context.now)
    if events is ticket.clocks:
        problem = Message("nothing is paused for {reason}", {"reason": reason.value})
        raise ActionRequestError(problem, "fields.why", {"reason": word(reason.value, PAUSES)})
    return replace(ticket, clocks=events)


def grade(ticket: Ticket, context: ActionContext) -> Ticket:
    """Sets another grade by hand; facts and settings do not change it any more."""
    ticket = regraded(ticket, Grade(context.fields["grade"]), context.policy, context.now)
    return replace(ticket, graded_by=context.actor_label)


def assign(ticket: Ticket, context: ActionContext) -> Ticket:
    """Gives the ticket to a person, to whom lists and the page then show it."""
    return replace(ticket, assignee=person_name(context.fields["assignee"], "fields.assignee"))


def unassign(ticket: Ticket, _context: ActionContext) -> Ticket:
    """Takes the ticket from the person who has it."""
    return replace(ticket, assignee="")


def attribute(ticket: Ticket, context: ActionContext) -> Ticket:
    """Records whose responsibility the fault is, for the scoring of severe faults."""
    return replace(ticket, responsible=context.fields["responsible"])
