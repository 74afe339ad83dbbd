"""Drafts the changes that the decisions of one round make, before any of them is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import msgspec
import structlog
from msgspec.structs import replace

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Alert
from agent.states import Severity
from agent.tickets.changes import Change
from agent.tickets.decide.decision import ON_ENDED, Decision, Finding, Recovery, Transition
from agent.tickets.decide.diagnosis import FaultDiagnoser, is_material
from agent.tickets.decide.faults import Fault
from agent.tickets.decide.recovery_facts import is_assessed
from agent.tickets.decide.view import View
from agent.tickets.number_details import find_number, grade_now, particulars_of
from agent.tickets.outbox.rows import encode_payload
from agent.tickets.policy import TicketPolicy
from agent.tickets.sla.clocks import Terms
from agent.tickets.sla.kinds import Kind, kind_of, terms_for
from agent.tickets.sla.time_policies import apply_time_policies
from agent.tickets.text import text_of
from agent.tickets.ticket import Subject, Text, Ticket
from agent.tickets.transitions import Opening, carry_out, merged, open_ticket, reopen_ticket
from agent.verdict import Verdict

log = structlog.get_logger(__name__)

_TICKETS_A_TRANSACTION = 200
_RETOLD = frozenset({Transition.SEVERITY, Transition.MOVE})
"""Decisions after which what people read first says something else."""

_T = TypeVar("_T")


class PreparedChange(msgspec.Struct, frozen=True):
    """A change, ready to be written with the payload of its deliveries."""

    change: Change
    payload: bytes


def prepare(changes: Iterable[Change | None]) -> list[PreparedChange]:
    """Encodes the payload of each change; slow for tickets with many members."""
    return [PreparedChange(it, encode_payload(it)) for it in changes if it is not None]


class Round(msgspec.Struct, frozen=True):
    """The facts and settings of one round; the same from its first decision to its last."""

    view: View
    fleet: Fleet
    settings: Settings
    policy: TicketPolicy
    diagnoser: FaultDiagnoser
    now: float
    ledger_mark: str
    recovery: Recovery

    def revisions(self, tickets: Iterable[tuple[Ticket, Fault]]) -> list[Decision]:
        """The decisions to revise the diagnosis of ``tickets``, each with its fault."""
        revisions = (
            (ticket, self.diagnoser.revision(ticket, fault, self.fleet, self.now, self.settings))
            for ticket, fault in tickets
        )
        return [it for ticket, it in revisions if it is not None and not self._is_over(ticket)]

    def _is_over(self, ticket: Ticket) -> bool:
        """Whether newer facts than its alert's show the ticket's fault to be over.

        What else they show is not why it was there: the ticket keeps the cause it was about.
        """
        subject = ticket.subject
        if not is_assessed(subject.symptom):
            return False
        assessment = self.recovery(subject, self.fleet, self.now)
        return assessment is not None and assessment.finding is Finding.GOOD

    def revised(self, ticket: Ticket, fault: Fault) -> Verdict | None:
        """Another verdict on the ticket's fault as it is now; ``None`` where it says the same.

        What people read and the diagnosis are of one moment then.
        """
        verdict = self.diagnoser.verdict_on(fault, self.fleet, self.now)
        is_news = is_material(ticket.diagnosis, verdict) and not self._is_over(ticket)
        return verdict if is_news else None

    def text_of(self, subject: Subject, alert: Alert, verdict: Verdict | None) -> Text:
        """What a ticket opened for ``alert`` says, as the configuration wants it."""
        return text_of(subject, alert, verdict, self.settings.locale, self.settings.timezone)

    def time_changes(self, tickets: Iterable[Ticket]) -> list[PreparedChange]:
        """The changes that the passing of time makes of ``tickets``."""
        return prepare(
            apply_time_policies(
                ticket,
                self.policy,
                self.now,
                grade_now(ticket.subject, self.fleet, self.settings),
            )
            for ticket in tickets
        )


class Draft:
    """The tickets as they will be once a batch of decisions is written.

    Args:
        open_tickets: The open tickets by key, as last written.
        muted: The muted tickets by key.
        round_: The round the decisions belong to.
    """

    def __init__(
        self, open_tickets: Mapping[str, Ticket], muted: Mapping[str, Ticket], round_: Round
    ) -> None:
        self._open = open_tickets
        self._muted = muted
        self._round = round_
        self._changed: dict[str, Ticket] = {}
        self.prepared: list[PreparedChange] = []

    def add(self, groups: Mapping[str, Sequence[Decision]]) -> None:
        """Carries out decisions by their ticket's key.

        A ticket whose decisions fail is left as it was and logged: it never stops the others,
        and the next round decides about it again.
        """
        for key, decisions in groups.items():
            try:
                prepared = prepare(self._changes(key, decisions))
            except Exception:
                actions = [decision.transition for decision in decisions]
                log.exception("ticket_change_failed", key=key, actions=actions)
                continue
            self.prepared += prepared
            self._changed.update((it.change.after.key, it.change.after) for it in prepared)

    def _ticket(self, key: str) -> Ticket | None:
        """The open ticket of ``key``, with what this draft has done to it."""
        ticket = self._changed.get(key) or self._open.get(key)
        return ticket if ticket is not None and ticket.open else None

    def _changes(self, key: str, decisions: Sequence[Decision]) -> list[Change]:
        now = self._round.now
        first = decisions[0]
        if first.opens and first.fault is not None:
            opening = self._open_or_reopen(first, first.fault)
            rest = [self._completed(it, opening.after) for it in decisions[1:]]
            return merged(opening, carry_out(opening.after, rest, now))
        ticket = self._ticket(key)
        if ticket is not None:
            return carry_out(ticket, [self._completed(it, ticket) for it in decisions], now)
        is_muting = first.transition is Transition.MUTE
        ended = self._round.view.closed.get(key) if is_muting else self._muted.get(key)
        if ended is None:
            return []
        return carry_out(ended, [it for it in decisions if it.transition in ON_ENDED], now)

    def _open_or_reopen(self, decision: Decision, fault: Fault) -> Change:
        round_ = self._round
        opening = self._opening(fault)
        previous = round_.view.closed.get(fault.key)
        if decision.transition is Transition.REOPEN and previous is not None:
            ended = round_.policy.resumed(previous, round_.now)
            return reopen_ticket(decision, fault, ended, opening, round_.now)
        return open_ticket(decision, fault, previous, opening, round_.now)

    def _opening(self, fault: Fault) -> Opening:
        round_ = self._round
        verdict = round_.diagnoser.verdict_on(fault, round_.fleet, round_.now)
        particulars = particulars_of(fault.subject, round_.fleet, round_.settings)
        return Opening(
            particulars=particulars,
            text=round_.text_of(fault.subject, fault.alerts[0], verdict),
            verdict=verdict,
            ledger_mark=round_.ledger_mark,
            terms=terms_for(
                fault.subject,
                fault.severity,
                round_.policy.terms[particulars.grade],
                _due_in(fault, round_),
            ),
        )

    def _completed(self, decision: Decision, ticket: Ticket) -> Decision:
        """The decision with what is known only here: the root's ticket, the new text."""
        parent = self._ticket(decision.parent)
        if parent is not None:
            return replace(decision, parent=parent.id)
        round_ = self._round
        subject = ticket.subject
        if decision.transition is Transition.MOVE:
            (subject,) = decision.subjects
            customer = particulars_of(subject, round_.fleet, round_.settings)
            decision = replace(decision, particulars=customer)
        if decision.transition is Transition.SEVERITY:
            terms = _new_terms(ticket, decision.severity, round_.policy)
            decision = replace(decision, terms=terms)
        if decision.transition in _RETOLD and decision.fault is not None:
            alert = decision.fault.alerts[0]
            verdict = round_.revised(ticket, decision.fault)
            text = round_.text_of(subject, alert, verdict or ticket.diagnosis)
            return replace(decision, text=text, verdict=verdict)
        return decision


def _due_in(fault: Fault, round_: Round) -> float | None:
    """Seconds until the first contract of the fault's numbers ends; ``None`` where unknown."""
    numbers = (
        find_number(round_.fleet.get(it.provider, it.account), it.number)
        for it in (fault.subject, *fault.samples)
    )
    ends = [it.contract_end for it in numbers if it is not None and it.contract_end is not None]
    return min(ends) - round_.now if ends else None


def _new_terms(ticket: Ticket, severity: Severity | None, policy: TicketPolicy) -> Terms | None:
    """What is promised once a notice has become an outage; ``None`` for any other severity."""
    if severity is None or kind_of(ticket.subject, ticket.severity) is not Kind.NOTICE:
        return None
    is_outage = kind_of(ticket.subject, severity) is Kind.OUTAGE
    return policy.terms[ticket.grade] if is_outage else None


def batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Lists of at most as many items as tickets go into one transaction."""
    remaining = iter(items)
    while batch := list(islice(remaining, _TICKETS_A_TRANSACTION)):
        yield batch
