"""Finds the ticket a complaint belongs to, and the alert that complaints raise; pure.

A complaint about a number whose fault has a ticket belongs to that ticket, or to the ticket of its
common cause. A complaint after the repair says that the repair failed. Any other reports a fault
that monitoring does not see, and gets a ticket of its own (docs/reference/domain.md §3).
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from agent.complaints.complaint import SYMPTOM, first_times, severe_by_complaints
from agent.complaints.repository import StoredComplaint
from agent.i18n import Message, plural
from agent.model import AccountKey, Alert
from agent.rules.alerts_in_code import COMPLAINT_AFTER_REPAIR, COMPLAINT_WITHOUT_ALARM
from agent.states import Scope, Severity, Stage
from agent.tickets.key import id_prefix, key_of
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.text import bilingual
from agent.tickets.ticket import Subject, Ticket

ALONE, AGAIN = COMPLAINT_WITHOUT_ALARM, COMPLAINT_AFTER_REPAIR
UNUSABLE = frozenset({"number_down", "binding_down", "network_mismatch"})
"""Symptoms of a number that callers notice."""


def complaint_subject(number: str, account: AccountKey) -> Subject:
    """The subject of a ticket that complaints alone opened."""
    provider, account_id = account
    return Subject(Scope.NUMBER, SYMPTOM, provider=provider, account=account_id, number=number)


def is_complaint_ticket(identity: str, number: str, account: AccountKey) -> bool:
    """Whether ``identity`` is the id of a ticket that complaints about the number opened."""
    # After the key come the ledger's mark, if it had one, and the episode; any will do.
    return identity.startswith(id_prefix(key_of(complaint_subject(number, account))))


def tickets_by_number(
    numbers: Collection[str], tickets: Iterable[Ticket]
) -> dict[str, list[Ticket]]:
    """The tickets about each of ``numbers``: its own and those it is a member of.

    A ticket that its common cause suppresses comes after the ticket of that cause.
    """
    by_id = {ticket.id: ticket for ticket in tickets}
    by_number: dict[str, list[Ticket]] = {number: [] for number in numbers}
    for ticket in by_id.values():
        concerned = {ticket.subject.number, *(member.subject.number for member in ticket.members)}
        for number in concerned & by_number.keys():
            parent = by_id.get(ticket.parent) if ticket.stage is Stage.SUPPRESSED else None
            by_number[number] += [ticket] if parent is None else [parent, ticket]
    return by_number


def find_covering(
    number: str, account: AccountKey, at: float, tickets: Iterable[Ticket]
) -> Ticket | None:
    """The open ticket that a complaint of trouble at ``at`` belongs to: the root's, if any.

    A ticket whose fault was seen to be over before ``at`` does not cover it. A fault's ticket is
    preferred to one that complaints opened.
    """
    tickets = list(tickets)
    covering = [
        ticket
        for ticket in tickets
        if _covers(ticket, number, account, at) and not _is_over(ticket, at)
    ]
    parents = {ticket.parent for ticket in covering if ticket.stage is Stage.SUPPRESSED}
    roots = [ticket for ticket in tickets if ticket.id in parents]
    return next(iter(roots), None) or min(covering, key=_covering_order, default=None)


def find_repaired(
    number: str, account: AccountKey, at: float, tickets: Iterable[Ticket]
) -> Ticket | None:
    """The number's open ticket whose recovery was seen before the trouble at ``at``."""
    for ticket in tickets:
        if _is_about(ticket, number, account) and _is_over(ticket, at):
            return ticket
    return None


def find_closed_within(
    number: str, account: AccountKey, now: float, window: float, tickets: Iterable[Ticket]
) -> Ticket | None:
    """The number's ticket that was closed in the last ``window`` seconds; never a muted one."""
    for ticket in tickets:
        recent = ticket.closed_at is not None and now - ticket.closed_at <= window
        if recent and not ticket.muted and _is_about(ticket, number, account):
            return ticket
    return None


def find_closed_covering(
    number: str, account: AccountKey, at: float, tickets: Iterable[Ticket]
) -> Ticket | None:
    """The closed ticket of a common cause that the number was a member of at ``at``."""
    for ticket in tickets:
        covers = ticket.started_at <= at and _covers(ticket, number, account, at)
        if covers and not _is_over(ticket, at):
            return ticket
    return None


def complaint_alert(
    number: str,
    account: AccountKey,
    complaints: Sequence[StoredComplaint],
    stands: float,
    now: float,
) -> Alert | None:
    """The alert that the complaints about one number raise; ``None`` when they have a ticket.

    Complaints after a repair keep the repaired ticket open for ``stands`` seconds; after that,
    polled facts decide again.
    """
    recent = [
        stored
        for stored in complaints
        if stored.repaired_subject is not None and now - stored.complaint.received_at < stands
    ]
    if recent and (subject := recent[-1].repaired_subject) is not None:
        return _alert(AGAIN, subject, recent)
    alone = [
        stored
        for stored in complaints
        if not stored.ticket_id or is_complaint_ticket(stored.ticket_id, number, account)
    ]
    return _alert(ALONE, complaint_subject(number, account), alone) if alone else None


def _covers(ticket: Ticket, number: str, account: AccountKey, at: float) -> bool:
    if _is_about(ticket, number, account):
        return True
    return any(
        (member.left_at is None or member.left_at >= at)
        and member.subject.number == number
        and (member.subject.provider, member.subject.account) == account
        and member.subject.symptom in UNUSABLE
        for member in ticket.members
    )


def _covering_order(ticket: Ticket) -> tuple[bool, float]:
    return ticket.subject.symptom == SYMPTOM, ticket.detected_at


def _is_about(ticket: Ticket, number: str, account: AccountKey) -> bool:
    subject = ticket.subject
    return (
        subject.scope is Scope.NUMBER
        and (subject.provider, subject.account, subject.number) == (*account, number)
        and (subject.symptom in UNUSABLE or subject.symptom == SYMPTOM)
    )


def _is_over(ticket: Ticket, at: float) -> bool:
    """Whether the fault was seen to be over before ``at``."""
    if ticket.stage in RECOVERED or not ticket.open:
        recovered_at = ticket.restored_at
    else:
        observing = ticket.stage is Stage.OBSERVING
        recovered_at = ticket.progress.good_since if observing else None
    return recovered_at is not None and at > recovered_at


def _alert(name: str, subject: Subject, stored: Sequence[StoredComplaint]) -> Alert:
    complaints = [entry.complaint for entry in stored]
    times = first_times(complaints)
    is_severe = severe_by_complaints(times) is not None
    severity = Severity.CRITICAL if is_severe else Severity.WARNING
    return Alert(
        name=name,
        labels={
            "account": subject.account,
            "number": subject.number,
            "provider": subject.provider,
            "scope": subject.scope.value,
            "severity": severity.value,
            "symptom": subject.symptom,
        },
        annotations=_annotations(name, subject.number, len(times), complaints[-1].prompt),
        state="firing",
        active_at=min(complaint.at for complaint in complaints),
        fired_at=min(complaint.received_at for complaint in complaints),
        value=math.nan,
    )


def _annotations(name: str, number: str, callers: int, prompt: str) -> dict[str, str]:
    """Summary and description of an alert, in English and in Chinese."""
    quote = Message(" They heard “{prompt}”.", {"prompt": prompt}) if prompt else ""
    description = _DESCRIPTIONS[name](callers).with_values(number=number, quote=quote)
    return bilingual(_SUMMARIES[name].with_values(number=number), description)


_SUMMARIES: Final[Mapping[str, Message]] = {
    ALONE: Message("Callers complain about {number}, and no alert reported a fault"),
    AGAIN: Message("Callers complain about {number} after its repair"),
}


def _alone(callers: int) -> Message:
    return plural(
        "{count} caller complained that {number} cannot be reached as it should.{quote} At that "
        "time nothing that is watched was wrong with the number: monitoring missed it, or it "
        "concerns only some callers.",
        "{count} callers complained that {number} cannot be reached as it should.{quote} At that "
        "time nothing that is watched was wrong with the number: monitoring missed it, or it "
        "concerns only some callers.",
        callers,
    )


def _again(callers: int) -> Message:
    return plural(
        "{count} caller complained about {number} after its fault was seen to be over.{quote}",
        "{count} callers complained about {number} after its fault was seen to be over.{quote}",
        callers,
    )


_DESCRIPTIONS: Final[Mapping[str, Callable[[int], Message]]] = {ALONE: _alone, AGAIN: _again}
