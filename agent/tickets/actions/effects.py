"""What each act does to a ticket that it is done to.

An act is tried on the ticket as it is: the table of transitions says whether the stage lets it
happen (domain.md §3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.diagnosis.answered import mistakes
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.states import ClockName, Grade, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import (
    LONGEST_TEXT,
    ActionRequest,
    ActionRequestError,
)
from agent.tickets.changes import begin_again, ended
from agent.tickets.decide.closing import needs_answer
from agent.tickets.forms import (
    Confirmation,
    FaultCause,
    Outcome,
    Waiver,
    resolution_of,
)
from agent.tickets.lifecycle import RECOVERED, TRANSITIONS, Guard, require
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Progress, Ticket


@dataclass(frozen=True)
class Case:
    """One order on one ticket, its fields read."""

    order: ActionRequest
    given: Mapping[str, Any]
    handling: TicketPolicy
    now: float
    alone: bool
    """Whether no other ticket of the same fault stands."""

    @property
    def who(self) -> str:
        """How the timeline calls the actor."""
        return self.order.actor.label

    def at(self) -> float:
        """When what is told happened; now where nobody says."""
        return float(self.given.get("at", self.now))

    def step(self, ticket: Ticket, stage: Stage) -> Ticket:
        """The ticket in ``stage``, if the table lets this actor take it there."""
        holds = {Guard.REASON_GIVEN}
        if self.alone:
            holds.add(Guard.NONE_OTHER_OPEN)
        if not needs_answer(ticket, self.handling.confirmation):
            holds.add(Guard.ANSWERED)
        if "resolution" in self.given:
            holds.add(Guard.RESOLUTION_GIVEN)
        if "rejection" in self.given:
            holds.add(Guard.REJECTION_GIVEN)
        if self.order.action is TicketAction.CONFIRM:
            holds.add(Guard.FORM_FILLED)
        after = require(ticket.stage, stage, frozenset(holds), self.order.actor.kind)
        return replace(ticket, stage=after)


def report(ticket: Ticket, case: Case) -> Ticket:
    """The fault was told to the provider."""
    return numbered(case.step(ticket, Stage.REPORTED), case)


def accept(ticket: Ticket, case: Case) -> Ticket:
    """Somebody has taken it on, which is the first contact."""
    return contact(numbered(case.step(ticket, Stage.ACCEPTED), case), case)


def numbered(ticket: Ticket, case: Case) -> Ticket:
    """The provider's own number kept, where one is given."""
    given = case.given.get("provider_ticket", "")
    return replace(ticket, provider_ticket=given or ticket.provider_ticket)


def provider_ticket(ticket: Ticket, case: Case) -> Ticket:
    """The provider's own number shows that it has accepted, unless that is long known."""
    before = TRANSITIONS[ticket.stage].get(Stage.ACCEPTED, {})
    if case.order.actor.kind in before:
        return accept(ticket, case)
    return numbered(ticket, case)


def reject(ticket: Ticket, case: Case) -> Ticket:
    """Given back: it stands no more."""
    ticket = ended(case.step(ticket, Stage.REJECTED), case.now)
    return replace(ticket, resolution=case.given["rejection"], closed_by=case.who)


def contact(ticket: Ticket, case: Case) -> Ticket:
    """The customer was called."""
    return replace(ticket, clocks=clocks.stop(ticket.clocks, case.at(), ClockName.CONTACT))


def comment(ticket: Ticket, _case: Case) -> Ticket:
    """Nothing but the line in the timeline."""
    return ticket


def answer(ticket: Ticket, case: Case) -> Ticket:
    """What was found out, from where the diagnosis goes on (domain.md §2)."""
    told = {case.given["question"]: case.given["answer"]}
    wrong = mistakes(told)
    if wrong:
        raise ActionRequestError(f"fields.answer: {wrong[0]}")
    return replace(ticket, answers={**ticket.answers, **told})


def diagnose(ticket: Ticket, case: Case) -> Ticket:
    """Back to finding out; a restoration that was claimed is none."""
    recovered = ticket.stage in RECOVERED
    ticket = case.step(ticket, Stage.DIAGNOSING)
    if not recovered:
        return ticket
    return replace(begin_again(ticket, case.now), progress=Progress())


def escalate(ticket: Ticket, case: Case) -> Ticket:
    """The base carrier has it."""
    return case.step(ticket, Stage.CARRIER_ESCALATED)


def dispatch(ticket: Ticket, case: Case) -> Ticket:
    """Staff is on its way."""
    return case.step(ticket, Stage.DISPATCHED)


def appoint(ticket: Ticket, case: Case) -> Ticket:
    """An hour is agreed; until then the clocks stand, if the contract excludes that."""
    if ticket.stage is not Stage.DISPATCHED:
        ticket = case.step(ticket, Stage.DISPATCHED)
    ticket = replace(ticket, appointment=case.given["time"])
    ticket = contact(ticket, case)
    if PauseReason.APPOINTMENT not in case.handling.pause_reasons:
        return ticket
    paused = clocks.pause(
        ticket.clocks, PauseReason.APPOINTMENT, case.now, until=case.given["time"]
    )
    return replace(ticket, clocks=paused)


def arrive(ticket: Ticket, case: Case) -> Ticket:
    """Staff is there: the appointment is kept and the on-site clock stops."""
    if ticket.stage is not Stage.DISPATCHED:
        ticket = case.step(ticket, Stage.DISPATCHED)
    ticket = case.step(ticket, Stage.ON_SITE)
    ledger = clocks.resume(ticket.clocks, PauseReason.APPOINTMENT, case.now)
    ledger = clocks.stop(ledger, case.at(), ClockName.CONTACT, ClockName.ON_SITE)
    return replace(ticket, clocks=ledger, appointment=None)


def restore(ticket: Ticket, case: Case) -> Ticket:
    """Service is back, repaired or by another way; the clocks stop then."""
    ticket = case.step(ticket, Stage.RESTORED)
    at = max(case.at(), clocks.began_at(ticket.clocks) or ticket.started_at)
    return replace(
        ticket, outcome="restored", restored_at=at, clocks=clocks.stop(ticket.clocks, at)
    )


def repair(ticket: Ticket, case: Case) -> Ticket:
    """Repaired for good, which restores it as well."""
    if ticket.stage is not Stage.RESTORED:
        ticket = restore(ticket, case)
    return case.step(ticket, Stage.REPAIRED)


def test(ticket: Ticket, case: Case) -> Ticket:
    """Tested together with the customer; a failed test sends it back."""
    if case.given["result"] == "failed":
        return diagnose(ticket, case)
    return case.step(ticket, Stage.TESTING)


def confirm(ticket: Ticket, case: Case) -> Ticket:
    """The form, kept whatever it says; only a fault that is over is confirmed by it."""
    given = dict(case.given)
    cause, outcome = FaultCause(given.pop("cause")), Outcome(given.pop("outcome"))
    form = Confirmation(at=case.now, recorded_by=case.who, cause=cause, outcome=outcome, **given)
    case.step(ticket, Stage.CONFIRMED)
    if outcome is Outcome.NOT_FIXED:
        return replace(diagnose(ticket, case), confirmation=form)
    if outcome is Outcome.OBSERVE:
        return replace(ticket, confirmation=form)
    return replace(case.step(ticket, Stage.CONFIRMED), confirmation=form)


def waive(ticket: Ticket, case: Case) -> Ticket:
    """The confirmation, or the visit, is done without, and it says who decided so."""
    if case.given.get("what") == "on_site":
        stopped = clocks.stop(ticket.clocks, case.now, ClockName.ON_SITE)
        return replace(ticket, clocks=stopped)
    reason = mask_text(scrub(case.order.reason, LONGEST_TEXT))
    return replace(ticket, waiver=Waiver(case.now, case.who, reason))


def close(ticket: Ticket, case: Case) -> Ticket:
    """It stands no more, for the reason given."""
    if "waiver" in case.given:
        waiver = Waiver(case.now, case.who, mask_text(case.given["waiver"]))
        ticket = replace(ticket, waiver=waiver)
    resolution = resolution_of(case.given["resolution"])
    ticket = ended(case.step(ticket, Stage.CLOSED), case.now)
    return replace(
        ticket,
        outcome=ticket.outcome or resolution.value,
        resolution=resolution.value,
        closed_by=case.who,
    )


def reopen(ticket: Ticket, case: Case) -> Ticket:
    """A rejected ticket is taken on again, a closed one begins anew."""
    stage = Stage.ACCEPTED if ticket.stage is Stage.REJECTED else Stage.REOPENED
    ticket = begin_again(case.step(ticket, stage), case.now)
    return replace(ticket, progress=Progress())


def mute(ticket: Ticket, case: Case) -> Ticket:
    """The sinks hear little for a while."""
    return replace(ticket, muted_until=case.now + case.given["for"])


def unmute(ticket: Ticket, _case: Case) -> Ticket:
    """The sinks hear of it again."""
    return replace(ticket, muted_until=None)


def pause(ticket: Ticket, case: Case) -> Ticket:
    """The clocks stand for a reason that the contract excludes."""
    why = PauseReason(case.given["why"])
    if why not in case.handling.pause_reasons:
        known = ", ".join(sorted(case.handling.pause_reasons)) or "none"
        raise ActionRequestError(
            f"fields.why: the contract does not exclude {why}, expected {known}"
        )
    return replace(
        ticket, clocks=clocks.pause(ticket.clocks, why, case.now, until=case.given.get("until"))
    )


def resume(ticket: Ticket, case: Case) -> Ticket:
    """The clocks go on."""
    why = PauseReason(case.given["why"])
    ledger = clocks.resume(ticket.clocks, why, case.now)
    if ledger is ticket.clocks:
        raise ActionRequestError(f"fields.why: nothing is paused for {why}")
    return replace(ticket, clocks=ledger)


def grade(ticket: Ticket, case: Case) -> Ticket:
    """Another grade, set by hand."""
    ticket = regraded(ticket, Grade(case.given["grade"]), case.handling, case.now)
    return replace(ticket, graded_by=case.who)


def regraded(ticket: Ticket, grade: Grade, handling: TicketPolicy, now: float) -> Ticket:
    """The ticket with another grade; what its clocks have counted stays counted."""
    ledger = clocks.regrade(ticket.clocks, grade, handling.terms[grade], now)
    return replace(ticket, grade=grade, clocks=ledger)


def attribute(ticket: Ticket, case: Case) -> Ticket:
    """Whose responsibility it is, for the scoring of severe faults."""
    return replace(ticket, responsible=case.given["responsible"])
