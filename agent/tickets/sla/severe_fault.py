"""Severe faults: when one is, and whose responsibility excludes it from scoring.

See docs/reference/domain.md §3.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec.structs import replace

from agent.states import Party, Scope, Severity, Stage
from agent.tickets.forms import CUSTOMERS_CAUSES, FaultCause, Responsibility
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Severe, Ticket

UNUSABLE = frozenset({"number_down", "binding_down", "provider_outage", "carrier_outage"})
"""Symptoms that make a number unusable, where their scope is at least a number."""
_NOT_NARROWER = frozenset(Scope) - {Scope.BINDING, Scope.AGENT}
_CUSTOMERS = frozenset(
    {Party.ADMIN, Party.FINANCE, Party.SECURITY, Party.HOLDER, Party.CALLER, Party.BINDING_CARRIER}
)
"""Parties within the customer's responsibility; a bound phone is the customer's choice."""
_DECISIVE = 0.8
"""The confidence from which a diagnosis decides whose responsibility it is."""

_BY_RESPONSIBILITY: Mapping[str, str] = {
    Responsibility.CUSTOMER.value: "the responsibility is recorded as the customer's",
}


def is_unusable(ticket: Ticket) -> bool:
    """Whether the ticket's fault makes a number unusable now."""
    is_active = ticket.open and ticket.stage is not Stage.SUPPRESSED
    over = ticket.stage in RECOVERED or ticket.progress.verified_at is not None
    subject = ticket.subject
    unusable = subject.symptom in UNUSABLE and subject.scope in _NOT_NARROWER
    return is_active and not over and unusable


def is_severe_by_time(ticket: Ticket, after: float, lasted: float) -> bool:
    """Whether a number has been unusable for longer than ``after`` seconds.

    ``lasted`` is for how many seconds the fault has been there.
    """
    return is_unusable(ticket) and lasted > after


class _Form(Protocol):
    @property
    def cause(self) -> FaultCause: ...


class _Verdict(Protocol):
    @property
    def cause(self) -> str: ...
    @property
    def party(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Attributed(Protocol):
    """What of a ticket says whose responsibility it was."""

    @property
    def responsible(self) -> str:
        """What a person says."""

    @property
    def confirmation(self) -> _Form | None:
        """The signed form."""

    @property
    def diagnosis(self) -> _Verdict | None:
        """The diagnosis."""


def customers_responsibility(ticket: Attributed) -> str:
    """Why the responsibility is the customer's; empty where it is not, or is unclear.

    A person's decision goes before the form, and the form before a confident diagnosis.
    """
    if ticket.responsible:
        return _BY_RESPONSIBILITY.get(ticket.responsible, "")
    if ticket.confirmation is not None:
        cause = ticket.confirmation.cause
        return f"the form says {cause}" if cause in CUSTOMERS_CAUSES else ""
    verdict = ticket.diagnosis
    if verdict is not None and verdict.party in _CUSTOMERS and verdict.confidence >= _DECISIVE:
        return f"the diagnosis says {verdict.cause}, for {verdict.party}"
    return ""


def is_scored(ticket: Ticket) -> bool:
    """Whether the ticket counts as a severe fault in the scoring."""
    return ticket.severe is not None and not ticket.severe.excluded


def at_least(ticket: Ticket, severity: Severity) -> Severity:
    """``severity``, but critical while the ticket is open and scored as a severe fault."""
    return Severity.CRITICAL if is_scored(ticket) and ticket.open else severity


def exclude(ticket: Ticket, reason: str) -> Ticket:
    """Excludes the severe fault from scoring; an empty ``reason`` includes it again."""
    assert ticket.severe is not None
    return replace(ticket, severe=replace(ticket.severe, excluded=reason))


def declare(ticket: Ticket, reason: str, now: float) -> Ticket:
    """Declares the ticket a severe fault, which makes it critical."""
    return replace(ticket, severe=Severe(now, reason), severity=Severity.CRITICAL)
