"""The quality check of how a ticket was handled; what is rejected goes back to its handler.

Somebody may look at any stage (docs/reference/domain.md §6). A rejection takes back what was
claimed: a ticket that counted as repaired is under diagnosis again, a closed one is reopened, and
its clocks have run all along. Whoever had it has it again.
"""

from msgspec.structs import replace

from agent.i18n import Message
from agent.masking import mask_text
from agent.net.scrub import scrub
from agent.tickets.actions.effects import ActionContext, diagnose, reopen
from agent.tickets.actions.request import LONGEST_TEXT, ActionRequestError, person_name
from agent.tickets.forms import CheckResult, QualityCheck
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Ticket

MOST_CHECKS = 20
"""Checks stored with a ticket; the timeline has those beyond."""


def quality_check(ticket: Ticket, context: ActionContext) -> Ticket:
    """Records the check, and gives the ticket back to its handler where it is rejected.

    Raises:
        ActionRequestError: when somebody would check their own work.
        IllegalTransitionError: when another ticket of the same fault is open.
    """
    handler = _handler(ticket, context)
    if handler and handler == context.actor_label:
        problem = Message("is who handled it, expected somebody else")
        raise ActionRequestError(problem, "actor")
    result = CheckResult(context.fields["result"])
    reason = mask_text(scrub(context.request.reason, LONGEST_TEXT))
    check = QualityCheck(context.now, context.actor_label, result, reason, handler)
    if result is CheckResult.REJECTED:
        ticket = replace(_given_back(ticket, context), assignee=handler or ticket.assignee)
    return replace(ticket, quality=(*ticket.quality, check)[-MOST_CHECKS:])


def _handler(ticket: Ticket, context: ActionContext) -> str:
    named = context.fields.get("handler", "")
    if named:
        return person_name(named, "fields.handler")
    if ticket.assignee:
        return ticket.assignee
    # A ticket system is a place, not a person.
    return ticket.closed_by if ":" not in ticket.closed_by else ""


def _given_back(ticket: Ticket, context: ActionContext) -> Ticket:
    if not ticket.open:
        return reopen(ticket, context)
    return diagnose(ticket, context) if ticket.stage in RECOVERED else ticket
