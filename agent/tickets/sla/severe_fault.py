"""Severe faults: when one is, and whose responsibility takes it out of scoring (domain.md §3)."""

from collections.abc import Mapping

from msgspec.structs import replace

from agent.states import Party, Scope, Severity, Stage
from agent.tickets.forms import CUSTOMERS_CAUSES, Responsibility
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Severe, Ticket

_UNUSABLE = frozenset({"number_down", "binding_down", "provider_outage", "carrier_outage"})
"""Symptoms that leave a number unusable, where their scope is at least a number."""
_NOT_NARROWER = frozenset(Scope) - {Scope.BINDING, Scope.AGENT}
_CUSTOMERS = frozenset(
    {Party.ADMIN, Party.FINANCE, Party.HOLDER, Party.CALLER, Party.BINDING_CARRIER}
)
"""Parties that are the customer's own affair; a bound phone is the customer's choice."""
_SURE = 0.8
"""The confidence from which a diagnosis settles whose responsibility it is."""

_BY_ANSWER: Mapping[str, str] = {
    Responsibility.CUSTOMER.value: "the responsibility is recorded as the customer's",
}


def is_unusable(ticket: Ticket) -> bool:
    """Whether the ticket's fault leaves a number unusable now."""
    standing = ticket.open and ticket.stage is not Stage.SUPPRESSED
    over = ticket.stage in RECOVERED or ticket.progress.verified_at is not None
    subject = ticket.subject
    unusable = subject.symptom in _UNUSABLE and subject.scope in _NOT_NARROWER
    return standing and not over and unusable


def is_severe_by_time(ticket: Ticket, after: float, now: float) -> bool:
    """Whether a number has been unusable for longer than ``after`` seconds."""
    return is_unusable(ticket) and now - ticket.started_at > after


def customers_responsibility(ticket: Ticket) -> str:
    """Why the responsibility is the customer's; empty where it is not, or is unclear.

    A person's word goes before the form, the form before a diagnosis that is sure of itself.
    """
    if ticket.responsible:
        return _BY_ANSWER.get(ticket.responsible, "")
    if ticket.confirmation is not None:
        cause = ticket.confirmation.cause
        return f"the form says {cause}" if cause in CUSTOMERS_CAUSES else ""
    verdict = ticket.diagnosis
    if verdict is not None and verdict.party in _CUSTOMERS and verdict.confidence >= _SURE:
        return f"the diagnosis says {verdict.cause}, for {verdict.party}"
    return ""


def is_scored(ticket: Ticket) -> bool:
    """Whether the ticket counts as a severe fault, now or for scoring."""
    return ticket.severe is not None and not ticket.severe.excluded


def at_least(ticket: Ticket, severity: Severity) -> Severity:
    """``severity``, or critical while the ticket is a severe fault that is scored."""
    return Severity.CRITICAL if is_scored(ticket) and ticket.open else severity


def exclude(ticket: Ticket, reason: str) -> Ticket:
    """The severe fault taken out of scoring, or put back by an empty ``reason``."""
    assert ticket.severe is not None
    return replace(ticket, severe=replace(ticket.severe, excluded=reason))


def declare(ticket: Ticket, reason: str, now: float) -> Ticket:
    """The ticket as a severe fault."""
    return replace(ticket, severe=Severe(now, reason), severity=Severity.CRITICAL)
