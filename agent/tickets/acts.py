"""What each act does to a ticket: a table of acts, each with its form and its effect.

An act is tried on the ticket as it is: the table of transitions says whether the stage lets it
happen, the form whether it says enough. Every act leaves its reason in the timeline
(domain.md §3).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.diagnosis.answered import mistakes
from agent.masking import mask_text
from agent.providers.scrub import scrub
from agent.states import ClockName, Grade, Stage
from agent.tickets import changes, clocks
from agent.tickets.act import Act
from agent.tickets.changes import Change, begin_again, ended, heard
from agent.tickets.clocks import PauseReason
from agent.tickets.closing import needs_answer
from agent.tickets.forms import (
    Confirmation,
    FaultCause,
    Outcome,
    Rejection,
    Responsibility,
    Waiver,
)
from agent.tickets.handling import Handling
from agent.tickets.lifecycle import RECOVERED, TRANSITIONS, ActorKind, Guard, require
from agent.tickets.order import (
    LONGEST_TEXT,
    Field,
    Order,
    OrderError,
    choice,
    duration,
    read_fields,
    text,
    time,
)
from agent.tickets.resolution import Resolution, resolution_of
from agent.tickets.severe import customers_responsibility, exclude
from agent.tickets.ticket import Entry, Progress, Ticket
from agent.tickets.times import moment, span

RESOLUTIONS = ("fixed", *(it.value for it in Resolution if it is not Resolution.RESTORED))
"""What a person may say a ticket is closed for; ``fixed`` is the ledger's ``restored``."""
_UNTOLD = frozenset({"contact", "phone", "address"})
"""Fields of the form that name people: they stay out of the timeline."""


@dataclass(frozen=True)
class Case:
    """One order on one ticket, its fields read."""

    order: Order
    given: Mapping[str, Any]
    handling: Handling
    now: float
    alone: bool
    """Whether no other ticket of the same fault stands."""

    @property
    def who(self) -> str:
        """How the timeline calls the actor."""
        return self.order.actor.told

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
        if self.order.act is Act.CONFIRM:
            holds.add(Guard.FORM_FILLED)
        after = require(ticket.stage, stage, frozenset(holds), self.order.actor.kind)
        return replace(ticket, stage=after)


Effect = Callable[[Ticket, Case], Ticket]


@dataclass(frozen=True)
class Deed:
    """One act: its form, what it does, what the sinks hear."""

    effect: Effect
    fields: tuple[Field, ...] = ()
    kind: str = changes.UPDATED
    ended: bool = False
    """Whether it is for tickets that stand no more; all others are for those that stand."""
    to: tuple[Stage, ...] = ()
    """Stages it leads to or through; it is offered where one of them is a step away."""


def perform(
    ticket: Ticket, order: Order, handling: Handling, now: float, *, alone: bool = True
) -> Change:
    """The change that ``order`` makes of ``ticket``; ``alone``: no other of its fault stands.

    Raises:
        OrderError: when the order has no reason, or its fields cannot be read.
        IllegalTransitionError: when the ticket's stage, or who asks, does not allow it.
    """
    deed = DEEDS[order.act]
    reason = mask_text(scrub(order.reason, LONGEST_TEXT)).strip()
    _refuse(ticket, order, deed, reason)
    given = read_fields(deed.fields, order.fields, now, handling.zone)
    after = _settle(deed.effect(ticket, Case(order, given, handling, now, alone)))
    told = _told(reason, deed, given, handling)
    after = replace(
        after,
        revision=ticket.revision + 1,
        changed_at=now,
        timeline=(*after.timeline, Entry(now, order.actor.told, order.act.value, told)),
    )
    return Change(ticket, after, heard(ticket, deed.kind, now))


def _refuse(ticket: Ticket, order: Order, deed: Deed, reason: str) -> None:
    if not reason:
        raise OrderError("reason: is missing, expected why")
    if order.revision is not None and order.revision != ticket.revision:
        raise OrderError(
            f"revision: is {order.revision}, but the ticket has changed since and is at"
            f" {ticket.revision}; look at it again"
        )
    if ticket.open is deed.ended:
        standing = "stands" if ticket.open else f"is {ticket.stage}"
        raise OrderError(f"action: {order.act} is not for a ticket that {standing}")


def _told(reason: str, deed: Deed, given: Mapping[str, Any], handling: Handling) -> str:
    """The reason, and what was filled in beside it but for what names people."""
    shown = [field for field in deed.fields if field.name in given and field.name not in _UNTOLD]
    parts = [f"{it.name} {_shown(it, given[it.name], handling)}" for it in shown]
    return f"{reason} ({', '.join(parts)})" if parts else reason


def _shown(field: Field, value: Any, handling: Handling) -> str:
    if field.kind == "time":
        return moment(value, handling.zone)
    return span(value) if field.kind == "duration" else mask_text(scrub(str(value), 200))


def _settle(ticket: Ticket) -> Ticket:
    """Whose responsibility it is, looked at again after what a person said."""
    if ticket.severe is None:
        return ticket
    reason = customers_responsibility(ticket)
    return ticket if reason == ticket.severe.excluded else exclude(ticket, reason)


def _report(ticket: Ticket, case: Case) -> Ticket:
    return _numbered(case.step(ticket, Stage.REPORTED), case)


def _accept(ticket: Ticket, case: Case) -> Ticket:
    return _contact(_numbered(case.step(ticket, Stage.ACCEPTED), case), case)


def _numbered(ticket: Ticket, case: Case) -> Ticket:
    given = case.given.get("provider_ticket", "")
    return replace(ticket, provider_ticket=given or ticket.provider_ticket)


def _provider_ticket(ticket: Ticket, case: Case) -> Ticket:
    """The provider's own number shows that it has accepted, unless that is long known."""
    before = TRANSITIONS[ticket.stage].get(Stage.ACCEPTED, {})
    if case.order.actor.kind in before:
        return _accept(ticket, case)
    return _numbered(ticket, case)


def _reject(ticket: Ticket, case: Case) -> Ticket:
    ticket = ended(case.step(ticket, Stage.REJECTED), case.now)
    return replace(ticket, resolution=case.given["rejection"], closed_by=case.who)


def _contact(ticket: Ticket, case: Case) -> Ticket:
    return replace(ticket, clocks=clocks.stop(ticket.clocks, case.at(), ClockName.CONTACT))


def _comment(ticket: Ticket, _case: Case) -> Ticket:
    return ticket


def _answer(ticket: Ticket, case: Case) -> Ticket:
    """What was found out, from where the diagnosis goes on (domain.md §2)."""
    told = {case.given["question"]: case.given["answer"]}
    wrong = mistakes(told)
    if wrong:
        raise OrderError(f"fields.answer: {wrong[0]}")
    return replace(ticket, answers={**ticket.answers, **told})


def _diagnose(ticket: Ticket, case: Case) -> Ticket:
    recovered = ticket.stage in RECOVERED
    ticket = case.step(ticket, Stage.DIAGNOSING)
    if not recovered:
        return ticket
    return replace(begin_again(ticket, case.now), progress=Progress())


def _escalate(ticket: Ticket, case: Case) -> Ticket:
    return case.step(ticket, Stage.CARRIER_ESCALATED)


def _dispatch(ticket: Ticket, case: Case) -> Ticket:
    return case.step(ticket, Stage.DISPATCHED)


def _appoint(ticket: Ticket, case: Case) -> Ticket:
    if ticket.stage is not Stage.DISPATCHED:
        ticket = case.step(ticket, Stage.DISPATCHED)
    ticket = replace(ticket, appointment=case.given["time"])
    ticket = _contact(ticket, case)
    if PauseReason.APPOINTMENT not in case.handling.pause_reasons:
        return ticket
    paused = clocks.pause(
        ticket.clocks, PauseReason.APPOINTMENT, case.now, until=case.given["time"]
    )
    return replace(ticket, clocks=paused)


def _arrive(ticket: Ticket, case: Case) -> Ticket:
    if ticket.stage is not Stage.DISPATCHED:
        ticket = case.step(ticket, Stage.DISPATCHED)
    ticket = case.step(ticket, Stage.ON_SITE)
    ledger = clocks.resume(ticket.clocks, PauseReason.APPOINTMENT, case.now)
    ledger = clocks.stop(ledger, case.at(), ClockName.CONTACT, ClockName.ON_SITE)
    return replace(ticket, clocks=ledger, appointment=None)


def _restore(ticket: Ticket, case: Case) -> Ticket:
    ticket = case.step(ticket, Stage.RESTORED)
    at = max(case.at(), clocks.began_at(ticket.clocks) or ticket.started_at)
    return replace(
        ticket, outcome="restored", restored_at=at, clocks=clocks.stop(ticket.clocks, at)
    )


def _repair(ticket: Ticket, case: Case) -> Ticket:
    if ticket.stage is not Stage.RESTORED:
        ticket = _restore(ticket, case)
    return case.step(ticket, Stage.REPAIRED)


def _test(ticket: Ticket, case: Case) -> Ticket:
    if case.given["result"] == "failed":
        return _diagnose(ticket, case)
    return case.step(ticket, Stage.TESTING)


def _confirm(ticket: Ticket, case: Case) -> Ticket:
    """The form, kept whatever it says; only a fault that is over is confirmed by it."""
    given = dict(case.given)
    cause, outcome = FaultCause(given.pop("cause")), Outcome(given.pop("outcome"))
    form = Confirmation(at=case.now, recorded_by=case.who, cause=cause, outcome=outcome, **given)
    case.step(ticket, Stage.CONFIRMED)
    if outcome is Outcome.NOT_FIXED:
        return replace(_diagnose(ticket, case), confirmation=form)
    if outcome is Outcome.OBSERVE:
        return replace(ticket, confirmation=form)
    return replace(case.step(ticket, Stage.CONFIRMED), confirmation=form)


def _waive(ticket: Ticket, case: Case) -> Ticket:
    if case.given.get("what") == "on_site":
        stopped = clocks.stop(ticket.clocks, case.now, ClockName.ON_SITE)
        return replace(ticket, clocks=stopped)
    reason = mask_text(scrub(case.order.reason, LONGEST_TEXT))
    return replace(ticket, waiver=Waiver(case.now, case.who, reason))


def _close(ticket: Ticket, case: Case) -> Ticket:
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


def _reopen(ticket: Ticket, case: Case) -> Ticket:
    """A rejected ticket is taken on again, a closed one begins anew."""
    stage = Stage.ACCEPTED if ticket.stage is Stage.REJECTED else Stage.REOPENED
    ticket = begin_again(case.step(ticket, stage), case.now)
    return replace(ticket, progress=Progress())


def _mute(ticket: Ticket, case: Case) -> Ticket:
    return replace(ticket, muted_until=case.now + case.given["for"])


def _unmute(ticket: Ticket, _case: Case) -> Ticket:
    return replace(ticket, muted_until=None)


def _pause(ticket: Ticket, case: Case) -> Ticket:
    why = PauseReason(case.given["why"])
    if why not in case.handling.pause_reasons:
        known = ", ".join(sorted(case.handling.pause_reasons)) or "none"
        raise OrderError(f"fields.why: the contract does not exclude {why}, expected {known}")
    return replace(
        ticket, clocks=clocks.pause(ticket.clocks, why, case.now, until=case.given.get("until"))
    )


def _resume(ticket: Ticket, case: Case) -> Ticket:
    why = PauseReason(case.given["why"])
    ledger = clocks.resume(ticket.clocks, why, case.now)
    if ledger is ticket.clocks:
        raise OrderError(f"fields.why: nothing is paused for {why}")
    return replace(ticket, clocks=ledger)


def _grade(ticket: Ticket, case: Case) -> Ticket:
    ticket = regraded(ticket, Grade(case.given["grade"]), case.handling, case.now)
    return replace(ticket, graded_by=case.who)


def regraded(ticket: Ticket, grade: Grade, handling: Handling, now: float) -> Ticket:
    """The ticket with another grade; what its clocks have counted stays counted."""
    ledger = clocks.regrade(ticket.clocks, grade, handling.terms[grade], now)
    return replace(ticket, grade=grade, clocks=ledger)


def _attribute(ticket: Ticket, case: Case) -> Ticket:
    return replace(ticket, responsible=case.given["responsible"])


_NUMBER = text("provider_ticket", "the number under which the provider has accepted it")
_AT = time("at", "when it was; now where nothing is said")
_FORM = (
    text("customer", "who confirms for the customer", required=True),
    choice("cause", "where the fault was", tuple(FaultCause)),
    choice("outcome", "how it ended", tuple(Outcome)),
    text("issuing_unit", "who sent the staff"),
    text("contact", "whom they met"),
    text("service", "the service affected"),
    text("phone", "the customer's phone"),
    text("address", "where it was"),
    text("staff", "who went"),
    text("helpers", "who helped"),
    time("arrived_at", "when they arrived"),
    time("ended_at", "when they were done"),
    text("problem", "what was reported"),
    text("findings", "what was found"),
    text("result", "what was done"),
    text("measures", "what keeps it from happening again"),
    text("opinion", "what the customer says of it"),
)

DEEDS: Mapping[Act, Deed] = {
    Act.REPORT: Deed(_report, (_NUMBER,), to=(Stage.REPORTED,)),
    Act.ACCEPT: Deed(_accept, (_NUMBER, _AT), to=(Stage.ACCEPTED,)),
    Act.PROVIDER_TICKET: Deed(
        _provider_ticket, (text("provider_ticket", _NUMBER.about, required=True), _AT)
    ),
    Act.REJECT: Deed(
        _reject,
        (choice("rejection", "why it is given back", tuple(Rejection)),),
        changes.CLOSED,
        to=(Stage.REJECTED,),
    ),
    Act.CONTACT: Deed(_contact, (_AT,)),
    Act.COMMENT: Deed(_comment),
    Act.DIAGNOSE: Deed(_diagnose, to=(Stage.DIAGNOSING,)),
    Act.ESCALATE: Deed(_escalate, kind=changes.ESCALATED, to=(Stage.CARRIER_ESCALATED,)),
    Act.DISPATCH: Deed(_dispatch, (text("staff", "who is sent"),), to=(Stage.DISPATCHED,)),
    Act.APPOINT: Deed(
        _appoint,
        (time("time", "the hour agreed", required=True, future=True),),
        to=(Stage.DISPATCHED, Stage.ON_SITE),
    ),
    Act.ARRIVE: Deed(
        _arrive, (_AT, text("staff", "who arrived")), to=(Stage.ON_SITE, Stage.DISPATCHED)
    ),
    Act.RESTORE: Deed(_restore, (_AT,), changes.RESOLVED, to=(Stage.RESTORED,)),
    Act.REPAIR: Deed(_repair, (_AT,), to=(Stage.REPAIRED, Stage.RESTORED)),
    Act.TEST: Deed(
        _test,
        (choice("result", "how the test went", ("passed", "failed")),),
        to=(Stage.TESTING,),
    ),
    Act.CONFIRM: Deed(_confirm, _FORM, to=(Stage.CONFIRMED,)),
    Act.WAIVE: Deed(
        _waive,
        (choice("what", "what is waived", ("confirmation", "on_site"), required=False),),
    ),
    Act.CLOSE: Deed(
        _close,
        (
            choice("resolution", "why it is closed", RESOLUTIONS),
            text("waiver", "why it is closed without the customer's confirmation"),
        ),
        changes.CLOSED,
        to=(Stage.CLOSED,),
    ),
    Act.REOPEN: Deed(_reopen, kind=changes.REOPENED, ended=True),
    Act.MUTE: Deed(_mute, (duration("for", "how long", required=True),)),
    Act.UNMUTE: Deed(_unmute),
    Act.PAUSE: Deed(
        _pause,
        (
            choice("why", "what the contract excludes", tuple(PauseReason)),
            time("until", "when it ends by itself", future=True),
        ),
    ),
    Act.RESUME: Deed(_resume, (choice("why", "what is over", tuple(PauseReason)),)),
    Act.GRADE: Deed(_grade, (choice("grade", "the grade", tuple(Grade)),)),
    Act.ATTRIBUTE: Deed(_attribute, (choice("responsible", "whose it is", tuple(Responsibility)),)),
    Act.ANSWER: Deed(
        _answer,
        (
            text("question", "the question of the diagnosis that was looked into", required=True),
            text("answer", "what was found out", required=True),
        ),
    ),
}
"""Every act, its form and its effect."""


def offered(ticket: Ticket) -> tuple[Act, ...]:
    """The acts that the ticket's stage lets a person try."""
    return tuple(act for act, deed in DEEDS.items() if _is_offered(ticket, deed))


def _is_offered(ticket: Ticket, deed: Deed) -> bool:
    if ticket.open is deed.ended:
        return False
    ways = (TRANSITIONS[ticket.stage].get(stage, {}) for stage in deed.to)
    return not deed.to or any(ActorKind.PERSON in way for way in ways)
