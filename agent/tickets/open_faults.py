"""What the open tickets say of single numbers, for the health of these."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import is_

from agent.health.faults import AccountFaults, OpenFault, OpenFaults, effect_of, worst_first
from agent.model import AccountKey
from agent.states import Stage
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Subject, Ticket

_OVER = RECOVERED | {Stage.SUPPRESSED}
"""A suppressed ticket's number is a member of the ticket that it was suppressed for."""

_ANYWHERE: AccountKey = ("", "")
"""The account of a subject that names none."""


def open_faults(tickets: Iterable[Ticket]) -> OpenFaults:
    """By account and number, what ``tickets`` say; those that are closed say nothing."""
    faults: dict[AccountKey, dict[str, dict[str, OpenFault]]] = {}
    for ticket in tickets:
        for subject in _subjects(ticket):
            account = subject.provider, subject.account
            account = account if all(account) else _ANYWHERE
            of_number = faults.setdefault(account, {}).setdefault(subject.number, {})
            fault = _fault(ticket, subject)
            # A number and its phones may be in the same ticket: the worst of them counts.
            former = of_number.get(ticket.id, fault)
            of_number[ticket.id] = worst_first((former, fault))[0]
    by_account = {account: _sorted(numbers) for account, numbers in faults.items()}
    anywhere = by_account.pop(_ANYWHERE, {})
    return OpenFaults(by_account, anywhere)


def _sorted(numbers: dict[str, dict[str, OpenFault]]) -> AccountFaults:
    return {number: worst_first(of_number.values()) for number, of_number in numbers.items()}


def _subjects(ticket: Ticket) -> Iterator[Subject]:
    """The subjects with a number that the ticket is about now."""
    if ticket.open:
        members = (member.subject for member in ticket.members if member.left_at is None)
        subjects = (ticket.subject, *ticket.elsewhere, *members)
        yield from (subject for subject in subjects if subject.number)


def _fault(ticket: Ticket, subject: Subject) -> OpenFault:
    is_own = subject.number == ticket.subject.number
    effect = effect_of(
        subject.scope,
        subject.symptom,
        ticket.severity,
        is_over=ticket.stage in _OVER,
        is_observed=ticket.stage is Stage.OBSERVING,
    )
    complaints = len(ticket.complaints) if is_own else 0
    return OpenFault(ticket.id, subject.symptom, effect, complaints)


class OpenFaultsOf:
    """The faults of the open tickets; indexed again only when a ticket changed."""

    def __init__(self, tickets: Callable[[], Sequence[Ticket]]) -> None:
        self._tickets = tickets
        self._indexed: tuple[Sequence[Ticket], OpenFaults] = ((), OpenFaults())

    def __call__(self) -> OpenFaults:
        """The faults as of now."""
        tickets, (former, faults) = self._tickets(), self._indexed
        if len(tickets) == len(former) and all(map(is_, tickets, former)):
            return faults
        faults = open_faults(tickets)
        self._indexed = (tickets, faults)
        return faults
