"""Which customers a fault concerns: the companies behind a ticket's numbers. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from agent.config.inventory.inventory import InventoryNumber
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.states import Grade
from agent.tickets.customers.directory import Contact, CustomerDirectory, NumberKey
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.number_details import particulars_of
from agent.tickets.ticket import Subject, Ticket

_BEST_FIRST = tuple(Grade)
RESTORED = "restored"
"""The outcome of a fault, and why a member left, that says that service is back."""


class AffectedCustomer(msgspec.Struct, frozen=True):
    """One company behind a ticket's numbers."""

    company: str
    """Empty for the numbers whose company nobody says."""
    grade: Grade
    """The best grade among its numbers."""
    important: bool
    numbers: tuple[str, ...]
    """Those that are or were affected, in order."""
    present: tuple[str, ...]
    """Those that still are."""
    restored: bool
    """Whether service is back for all of them, as far as was seen."""
    places: tuple[tuple[str, str], ...]
    """Provinces and cities of the numbers that are still affected; of all where none is."""
    contacts: tuple[Contact, ...]
    by_city: Mapping[str, int]
    """How many numbers are still affected, by city; a city that nobody says is left out."""


class Affected(msgspec.Struct, frozen=True):
    """The customers behind a ticket, those of the best grade first."""

    customers: tuple[AffectedCustomer, ...]
    numbers: int
    present: int


class _Number(msgspec.Struct):
    """One number of a ticket, and whether it is still affected."""

    subject: Subject
    is_present: bool
    is_restored: bool


def affected_customers(
    ticket: Ticket, fleet: Fleet, settings: Settings, directory: CustomerDirectory
) -> Affected:
    """The customers behind ``ticket``; a wide fault whose numbers are not known has none."""
    groups: dict[str, list[tuple[_Number, InventoryNumber, Grade]]] = defaultdict(list)
    numbers = list(_numbers(ticket))
    for number in numbers:
        entry = directory.entry(_key(number.subject))
        known = particulars_of(number.subject, fleet, settings)
        company = known.company or entry.company
        if not company and number.subject == ticket.subject:
            company = ticket.company
        graded = entry.grade if known.grade is Grade.STANDARD and entry.grade else known.grade
        groups[company].append((number, entry, graded))
    customers = [_customer(company, group, directory) for company, group in groups.items()]
    return Affected(
        tuple(sorted(customers, key=_order)),
        len(numbers),
        sum(number.is_present for number in numbers),
    )


def _key(subject: Subject) -> NumberKey:
    return subject.provider, subject.account, subject.number


def _numbers(ticket: Ticket) -> Iterator[_Number]:
    """Each number once, however often it joined."""
    is_over = ticket.stage in RECOVERED or not ticket.open
    is_restored = is_over and ticket.restored_at is not None
    if ticket.subject.number:
        yield _Number(ticket.subject, not is_over, is_restored)
        return
    found: dict[NumberKey, _Number] = {}
    for member in ticket.members:
        if not member.subject.number:
            continue
        present = member.left_at is None and not is_over
        back = member.left_for == RESTORED or (member.left_for in ("", "closed") and is_restored)
        # Of a number that joined twice the later time counts.
        found[_key(member.subject)] = _Number(member.subject, present, back)
    yield from found.values()


def _customer(
    company: str,
    group: list[tuple[_Number, InventoryNumber, Grade]],
    directory: CustomerDirectory,
) -> AffectedCustomer:
    keys = [_key(number.subject) for number, _entry, _grade in group]
    present = [(number, entry) for number, entry, _grade in group if number.is_present]
    placed = present or [(number, entry) for number, entry, _grade in group]
    by_city: dict[str, int] = defaultdict(int)
    for _number, entry in present:
        if entry.city:
            by_city[entry.city] += 1
    return AffectedCustomer(
        company=company,
        grade=min((grade for _, _, grade in group), key=_BEST_FIRST.index),
        important=any(entry.important for _number, entry, _grade in group),
        numbers=tuple(sorted({key[2] for key in keys})),
        present=tuple(sorted({number.subject.number for number, _entry in present})),
        restored=all(number.is_restored for number, _entry, _grade in group),
        places=tuple(sorted(_places(entry for _number, entry in placed))),
        contacts=directory.contacts(company, keys),
        by_city=dict(by_city),
    )


def _places(entries: Iterable[InventoryNumber]) -> set[tuple[str, str]]:
    return {(entry.province, entry.city) for entry in entries if entry.province or entry.city}


def _order(customer: AffectedCustomer) -> tuple[int, bool, int, bool, str]:
    grade = _BEST_FIRST.index(customer.grade)
    is_unknown = not customer.company
    return grade, not customer.important, -len(customer.present), is_unknown, customer.company
