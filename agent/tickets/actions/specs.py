"""The actions on a ticket: for each its form, its effect and what the sinks receive.

The table of stages (``agent/tickets/lifecycle.py``) says whether an action is allowed, the form
whether the request says enough. Every action leaves its reason in the timeline
(docs/reference/domain.md §3).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.i18n import N_, Message, contextual
from agent.i18n.words import STAGES, word
from agent.masking import REFERENCES, mask_reference, mask_text
from agent.net.scrub import scrub
from agent.states import Grade, Stage
from agent.tickets import changes
from agent.tickets.actions import effects, joint_tests, visits
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.effects import ActionContext
from agent.tickets.actions.quality import quality_check
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
from agent.tickets.changes import Change, changed, moment, span
from agent.tickets.forms import (
    CheckResult,
    FaultCause,
    Outcome,
    Rejection,
    Resolution,
    Responsibility,
)
from agent.tickets.lifecycle import ActorKind, is_allowed
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.sla.severe_fault import customers_responsibility, exclude
from agent.tickets.ticket import Entry, Ticket

RESOLUTIONS = ("fixed", *(it.value for it in Resolution if it is not Resolution.RESTORED))
"""Resolutions a person may close with; ``fixed`` is stored as ``restored``."""
_PERSONAL = frozenset({"contact", "phone", "address"})
"""Fields of the form that identify people: they stay out of the timeline."""
_LONGEST_VALUE = 200

Effect = Callable[[Ticket, ActionContext], Ticket]


@dataclass(frozen=True)
class ActionSpec:
    """One action."""

    effect: Effect
    fields: tuple[Field, ...] = ()
    kind: str = changes.UPDATED
    """The webhook's type."""
    for_ended: bool | None = False
    """Whether it is for ended tickets, or for open ones; ``None`` is for both."""
    stages: tuple[Stage, ...] = ()
    """Stages it leads to or through; it is offered where one of them is a step away."""
    applies: Callable[[Ticket], bool] = lambda _ticket: True
    """Whether it makes sense for the ticket as it is, whatever its stage."""


_NUMBER = text("provider_ticket", N_("the number under which the provider has accepted it"))
_AT = time("at", N_("when it was; now where nothing is said"))
_CONFIRMATION_FORM = (
    text("customer", N_("who confirms for the customer"), required=True),
    choice("cause", N_("where the fault was"), tuple(FaultCause)),
    choice("outcome", N_("how it ended"), tuple(Outcome)),
    text("issuing_unit", N_("who sent the staff")),
    text("contact", N_("whom they met")),
    text("service", N_("the service affected")),
    text("phone", N_("the customer's phone")),
    text("address", N_("where it was")),
    text("staff", N_("who went")),
    text("helpers", N_("who helped")),
    time("arrived_at", N_("when they arrived")),
    time("ended_at", N_("when they were done")),
    time("left_at", N_("when they left")),
    text("work_done", N_("the work that was done")),
    text("spare_parts", N_("the spare parts that were used")),
    text("problem", N_("what was reported")),
    text("findings", N_("what was found")),
    text("result", N_("what was done")),
    text("measures", N_("what keeps it from happening again")),
    text("opinion", N_("what the customer says of it")),
)

_OPEN = contextual("filter", "open")

ACTION_SPECS: Mapping[TicketAction, ActionSpec] = {
    TicketAction.REPORT: ActionSpec(effects.report, (_NUMBER,), stages=(Stage.REPORTED,)),
    TicketAction.ACCEPT: ActionSpec(effects.accept, (_NUMBER, _AT), stages=(Stage.ACCEPTED,)),
    TicketAction.PROVIDER_TICKET: ActionSpec(
        effects.provider_ticket, (text("provider_ticket", _NUMBER.about, required=True), _AT)
    ),
    TicketAction.REJECT: ActionSpec(
        effects.reject,
        (choice("rejection", N_("why it is given back"), tuple(Rejection)),),
        changes.CLOSED,
        stages=(Stage.REJECTED,),
    ),
    TicketAction.CONTACT: ActionSpec(effects.contact, (_AT,)),
    TicketAction.COMMENT: ActionSpec(effects.comment),
    TicketAction.DIAGNOSE: ActionSpec(effects.diagnose, stages=(Stage.DIAGNOSING,)),
    TicketAction.ESCALATE: ActionSpec(
        effects.escalate, kind=changes.ESCALATED, stages=(Stage.CARRIER_ESCALATED,)
    ),
    TicketAction.DISPATCH: ActionSpec(
        visits.dispatch, (text("staff", N_("who is sent")),), stages=(Stage.DISPATCHED,)
    ),
    TicketAction.APPOINT: ActionSpec(
        visits.appoint,
        (time("time", N_("the hour agreed"), required=True, future=True),),
        stages=(Stage.DISPATCHED, Stage.ON_SITE),
    ),
    TicketAction.ARRIVE: ActionSpec(
        visits.arrive,
        (_AT, text("staff", N_("who arrived")), text("helpers", N_("who helped"))),
        stages=(Stage.ON_SITE, Stage.DISPATCHED),
    ),
    TicketAction.RESTORE: ActionSpec(
        effects.restore, (_AT,), changes.RESOLVED, stages=(Stage.RESTORED,)
    ),
    TicketAction.REPAIR: ActionSpec(
        effects.repair, (_AT,), stages=(Stage.REPAIRED, Stage.RESTORED)
    ),
    TicketAction.TEST: ActionSpec(
        effects.test,
        (choice("result", N_("how the test went"), ("passed", "failed")),),
        stages=(Stage.TESTING,),
    ),
    TicketAction.TEST_CALLS: ActionSpec(joint_tests.test_calls, applies=joint_tests.can_be_called),
    TicketAction.CONFIRM: ActionSpec(
        effects.confirm, _CONFIRMATION_FORM, stages=(Stage.CONFIRMED,)
    ),
    TicketAction.WAIVE: ActionSpec(
        effects.waive,
        (choice("what", N_("what is waived"), ("confirmation", "on_site"), required=False),),
    ),
    TicketAction.CLOSE: ActionSpec(
        effects.close,
        (
            choice("resolution", N_("why it is closed"), RESOLUTIONS),
            text("waiver", N_("why it is closed without the customer's confirmation")),
        ),
        changes.CLOSED,
        stages=(Stage.CLOSED,),
    ),
    TicketAction.REOPEN: ActionSpec(effects.reopen, kind=changes.REOPENED, for_ended=True),
    TicketAction.MUTE: ActionSpec(effects.mute, (duration("for", N_("how long"), required=True),)),
    TicketAction.UNMUTE: ActionSpec(effects.unmute),
    TicketAction.PAUSE: ActionSpec(
        effects.pause,
        (
            choice("why", N_("what the contract excludes"), tuple(PauseReason)),
            time("until", N_("when it ends by itself"), future=True),
        ),
    ),
    TicketAction.RESUME: ActionSpec(
        effects.resume, (choice("why", N_("what is over"), tuple(PauseReason)),)
    ),
    TicketAction.GRADE: ActionSpec(
        effects.grade, (choice("grade", N_("the grade"), tuple(Grade)),)
    ),
    TicketAction.ATTRIBUTE: ActionSpec(
        effects.attribute, (choice("responsible", N_("whose it is"), tuple(Responsibility)),)
    ),
    TicketAction.ASSIGN: ActionSpec(
        effects.assign, (text("assignee", N_("who is to work on it"), required=True),)
    ),
    TicketAction.UNASSIGN: ActionSpec(effects.unassign),
    TicketAction.HAND_OVER: ActionSpec(
        effects.assign,
        (text("assignee", N_("who goes on with it"), required=True),),
        applies=lambda ticket: bool(ticket.assignee),
    ),
    TicketAction.ABSENT: ActionSpec(
        visits.absent,
        (duration("waited", N_("how long staff waited"), required=True), _AT),
        stages=(Stage.ON_SITE,),
    ),
    TicketAction.DEPART: ActionSpec(visits.depart, (_AT,), applies=visits.has_arrived),
    TicketAction.CONDUCT: ActionSpec(
        visits.conduct,
        tuple(
            choice(item.value, about, ("yes", "no"), required=False)
            for item, about in visits.CONDUCT_ITEMS.items()
        ),
        applies=visits.has_arrived,
    ),
    TicketAction.QUALITY_CHECK: ActionSpec(
        quality_check,
        (
            choice("result", N_("what came of it"), tuple(CheckResult)),
            text("handler", N_("whose work it was; whoever has the ticket where not said")),
        ),
        for_ended=None,
    ),
    TicketAction.ANSWER: ActionSpec(
        effects.answer,
        (
            text(
                "question", N_("the question of the diagnosis that was looked into"), required=True
            ),
            text("answer", N_("what was found out"), required=True),
        ),
    ),
}
"""Every action with its form and its effect."""


def perform(
    ticket: Ticket,
    request: ActionRequest,
    policy: TicketPolicy,
    now: float,
    *,
    is_only_open: bool = True,
) -> Change:
    """The change that ``request`` makes of ``ticket``.

    Args:
        ticket: The ticket as it is stored.
        request: The action, who asks for it and why.
        policy: The promises and exclusions in force.
        now: The time of the action.
        is_only_open: Whether no other ticket of the same fault is open.

    Raises:
        ActionRequestError: when the request has no reason, names an older revision, or its
            fields cannot be read.
        IllegalTransitionError: when the ticket's stage, or the actor, does not allow it.
    """
    spec = ACTION_SPECS[request.action]
    reason = mask_text(scrub(request.reason, LONGEST_TEXT)).strip()
    _check(ticket, request, spec, reason)
    fields = read_fields(spec.fields, request.fields, now, policy.zone)
    context = ActionContext(request, fields, policy, now, is_only_open)
    after = _with_responsibility(spec.effect(ticket, context))
    shown = _with_fields(reason, spec, fields, policy)
    entry = Entry(now, request.actor.label, request.action.value, shown)
    kind = changes.REOPENED if after.open and not ticket.open else spec.kind
    return changed(ticket, after, [entry], kind, now)


def _check(ticket: Ticket, request: ActionRequest, spec: ActionSpec, reason: str) -> None:
    if not reason:
        raise ActionRequestError(Message("is missing, expected why"), "reason")
    # Two people may act on the same page at the same time: the later one has to look again.
    if request.revision is not None and request.revision != ticket.revision:
        problem = Message(
            "is {sent}, but the ticket has changed since and is at {revision}; look at it again",
            {"sent": request.revision, "revision": ticket.revision},
        )
        raise ActionRequestError(problem, "revision")
    if spec.for_ended is not None and ticket.open is spec.for_ended:
        state = "open" if ticket.open else str(ticket.stage)
        problem = Message(
            "{action} is not for a ticket that is {state}",
            {"action": request.action.value, "state": state},
        )
        words = _OPEN if ticket.open else word(state, STAGES)
        raise ActionRequestError(problem, "action", {"state": words})
    if not spec.applies(ticket):
        problem = Message("{action} makes no sense for the ticket as it is")
        raise ActionRequestError(problem.with_values(action=request.action.value), "action")


def _with_fields(
    reason: str, spec: ActionSpec, fields: Mapping[str, Any], policy: TicketPolicy
) -> str:
    """The reason with the fields of the form, but for those that identify people."""
    shown = [it for it in spec.fields if it.name in fields and it.name not in _PERSONAL]
    parts = [f"{it.name} {_shown(it, fields[it.name], policy)}" for it in shown]
    return f"{reason} ({', '.join(parts)})" if parts else reason


def _shown(field: Field, value: Any, policy: TicketPolicy) -> str:
    if field.kind == "time":
        return moment(value, policy.zone)
    if field.kind == "duration":
        return span(value)
    mask = mask_reference if field.name in REFERENCES else mask_text
    return mask(scrub(str(value), _LONGEST_VALUE))


def _with_responsibility(ticket: Ticket) -> Ticket:
    """Counts or excludes a severe fault anew: an action may have settled whose it is."""
    if ticket.severe is None:
        return ticket
    reason = customers_responsibility(ticket)
    return ticket if reason == ticket.severe.excluded else exclude(ticket, reason)


def offered(ticket: Ticket) -> tuple[TicketAction, ...]:
    """The actions that the ticket's stage allows a person."""
    return tuple(action for action, spec in ACTION_SPECS.items() if _is_offered(ticket, spec))


def _is_offered(ticket: Ticket, spec: ActionSpec) -> bool:
    if spec.for_ended is not None and ticket.open is spec.for_ended:
        return False
    if not spec.applies(ticket):
        return False
    allowed = (is_allowed(ticket.stage, stage, ActorKind.PERSON) for stage in spec.stages)
    return not spec.stages or any(allowed)
