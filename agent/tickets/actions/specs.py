"""What each act does to a ticket: a table of acts, each with its form and its effect.

An act is tried on the ticket as it is: the table of transitions says whether the stage lets it
happen, the form whether it says enough. Every act leaves its reason in the timeline
(domain.md §3).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.states import Grade, Stage
from agent.tickets import changes
from agent.tickets.actions import effects
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.effects import Case
from agent.tickets.actions.request import (
    LONGEST_TEXT,
    ActionRequest,
    ActionRequestError,
    Field,
    choice,
    duration,
    read_fields,
    text,
    time,
)
from agent.tickets.changes import Change, heard
from agent.tickets.forms import (
    FaultCause,
    Outcome,
    Rejection,
    Resolution,
    Responsibility,
)
from agent.tickets.lifecycle import TRANSITIONS, ActorKind
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.sla.severe_fault import customers_responsibility, exclude
from agent.tickets.ticket import Entry, Ticket
from agent.tickets.times import moment, span

RESOLUTIONS = ("fixed", *(it.value for it in Resolution if it is not Resolution.RESTORED))
"""What a person may say a ticket is closed for; ``fixed`` is the ledger's ``restored``."""
_UNTOLD = frozenset({"contact", "phone", "address"})
"""Fields of the form that name people: they stay out of the timeline."""


Effect = Callable[[Ticket, Case], Ticket]


@dataclass(frozen=True)
class ActionSpec:
    """One act: its form, what it does, what the sinks hear."""

    effect: Effect
    fields: tuple[Field, ...] = ()
    kind: str = changes.UPDATED
    ended: bool = False
    """Whether it is for tickets that stand no more; all others are for those that stand."""
    to: tuple[Stage, ...] = ()
    """Stages it leads to or through; it is offered where one of them is a step away."""


def perform(
    ticket: Ticket, order: ActionRequest, handling: TicketPolicy, now: float, *, alone: bool = True
) -> Change:
    """The change that ``order`` makes of ``ticket``; ``alone``: no other of its fault stands.

    Raises:
        OrderError: when the order has no reason, or its fields cannot be read.
        IllegalTransitionError: when the ticket's stage, or who asks, does not allow it.
    """
    deed = ACTION_SPECS[order.action]
    reason = mask_text(scrub(order.reason, LONGEST_TEXT)).strip()
    _refuse(ticket, order, deed, reason)
    given = read_fields(deed.fields, order.fields, now, handling.zone)
    after = _settle(deed.effect(ticket, Case(order, given, handling, now, alone)))
    told = _told(reason, deed, given, handling)
    after = replace(
        after,
        revision=ticket.revision + 1,
        changed_at=now,
        timeline=(*after.timeline, Entry(now, order.actor.label, order.action.value, told)),
    )
    return Change(ticket, after, heard(ticket, deed.kind, now))


def _refuse(ticket: Ticket, order: ActionRequest, deed: ActionSpec, reason: str) -> None:
    if not reason:
        raise ActionRequestError("reason: is missing, expected why")
    if order.revision is not None and order.revision != ticket.revision:
        raise ActionRequestError(
            f"revision: is {order.revision}, but the ticket has changed since and is at"
            f" {ticket.revision}; look at it again"
        )
    if ticket.open is deed.ended:
        standing = "stands" if ticket.open else f"is {ticket.stage}"
        raise ActionRequestError(f"action: {order.action} is not for a ticket that {standing}")


def _told(reason: str, deed: ActionSpec, given: Mapping[str, Any], handling: TicketPolicy) -> str:
    """The reason, and what was filled in beside it but for what names people."""
    shown = [field for field in deed.fields if field.name in given and field.name not in _UNTOLD]
    parts = [f"{it.name} {_shown(it, given[it.name], handling)}" for it in shown]
    return f"{reason} ({', '.join(parts)})" if parts else reason


def _shown(field: Field, value: Any, handling: TicketPolicy) -> str:
    if field.kind == "time":
        return moment(value, handling.zone)
    return span(value) if field.kind == "duration" else mask_text(scrub(str(value), 200))


def _settle(ticket: Ticket) -> Ticket:
    """Whose responsibility it is, looked at again after what a person said."""
    if ticket.severe is None:
        return ticket
    reason = customers_responsibility(ticket)
    return ticket if reason == ticket.severe.excluded else exclude(ticket, reason)


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

ACTION_SPECS: Mapping[TicketAction, ActionSpec] = {
    TicketAction.REPORT: ActionSpec(effects.report, (_NUMBER,), to=(Stage.REPORTED,)),
    TicketAction.ACCEPT: ActionSpec(effects.accept, (_NUMBER, _AT), to=(Stage.ACCEPTED,)),
    TicketAction.PROVIDER_TICKET: ActionSpec(
        effects.provider_ticket, (text("provider_ticket", _NUMBER.about, required=True), _AT)
    ),
    TicketAction.REJECT: ActionSpec(
        effects.reject,
        (choice("rejection", "why it is given back", tuple(Rejection)),),
        changes.CLOSED,
        to=(Stage.REJECTED,),
    ),
    TicketAction.CONTACT: ActionSpec(effects.contact, (_AT,)),
    TicketAction.COMMENT: ActionSpec(effects.comment),
    TicketAction.DIAGNOSE: ActionSpec(effects.diagnose, to=(Stage.DIAGNOSING,)),
    TicketAction.ESCALATE: ActionSpec(
        effects.escalate, kind=changes.ESCALATED, to=(Stage.CARRIER_ESCALATED,)
    ),
    TicketAction.DISPATCH: ActionSpec(
        effects.dispatch, (text("staff", "who is sent"),), to=(Stage.DISPATCHED,)
    ),
    TicketAction.APPOINT: ActionSpec(
        effects.appoint,
        (time("time", "the hour agreed", required=True, future=True),),
        to=(Stage.DISPATCHED, Stage.ON_SITE),
    ),
    TicketAction.ARRIVE: ActionSpec(
        effects.arrive, (_AT, text("staff", "who arrived")), to=(Stage.ON_SITE, Stage.DISPATCHED)
    ),
    TicketAction.RESTORE: ActionSpec(
        effects.restore, (_AT,), changes.RESOLVED, to=(Stage.RESTORED,)
    ),
    TicketAction.REPAIR: ActionSpec(effects.repair, (_AT,), to=(Stage.REPAIRED, Stage.RESTORED)),
    TicketAction.TEST: ActionSpec(
        effects.test,
        (choice("result", "how the test went", ("passed", "failed")),),
        to=(Stage.TESTING,),
    ),
    TicketAction.CONFIRM: ActionSpec(effects.confirm, _FORM, to=(Stage.CONFIRMED,)),
    TicketAction.WAIVE: ActionSpec(
        effects.waive,
        (choice("what", "what is waived", ("confirmation", "on_site"), required=False),),
    ),
    TicketAction.CLOSE: ActionSpec(
        effects.close,
        (
            choice("resolution", "why it is closed", RESOLUTIONS),
            text("waiver", "why it is closed without the customer's confirmation"),
        ),
        changes.CLOSED,
        to=(Stage.CLOSED,),
    ),
    TicketAction.REOPEN: ActionSpec(effects.reopen, kind=changes.REOPENED, ended=True),
    TicketAction.MUTE: ActionSpec(effects.mute, (duration("for", "how long", required=True),)),
    TicketAction.UNMUTE: ActionSpec(effects.unmute),
    TicketAction.PAUSE: ActionSpec(
        effects.pause,
        (
            choice("why", "what the contract excludes", tuple(PauseReason)),
            time("until", "when it ends by itself", future=True),
        ),
    ),
    TicketAction.RESUME: ActionSpec(
        effects.resume, (choice("why", "what is over", tuple(PauseReason)),)
    ),
    TicketAction.GRADE: ActionSpec(effects.grade, (choice("grade", "the grade", tuple(Grade)),)),
    TicketAction.ATTRIBUTE: ActionSpec(
        effects.attribute, (choice("responsible", "whose it is", tuple(Responsibility)),)
    ),
    TicketAction.ANSWER: ActionSpec(
        effects.answer,
        (
            text("question", "the question of the diagnosis that was looked into", required=True),
            text("answer", "what was found out", required=True),
        ),
    ),
}
"""Every act, its form and its effect."""


def offered(ticket: Ticket) -> tuple[TicketAction, ...]:
    """The acts that the ticket's stage lets a person try."""
    return tuple(act for act, deed in ACTION_SPECS.items() if _is_offered(ticket, deed))


def _is_offered(ticket: Ticket, deed: ActionSpec) -> bool:
    if ticket.open is deed.ended:
        return False
    ways = (TRANSITIONS[ticket.stage].get(stage, {}) for stage in deed.to)
    return not deed.to or any(ActorKind.PERSON in way for way in ways)
