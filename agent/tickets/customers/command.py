"""Who commands a fault: the province a severe one, a city its own (docs/reference/domain.md §3)."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from agent.config.customers import Command
from agent.states import Grade, Severity
from agent.tickets.customers.affected import Affected, AffectedCustomer
from agent.tickets.customers.directory import CustomerDirectory
from agent.tickets.sla.severe_fault import is_unusable
from agent.tickets.ticket import Ticket

_BEST_FIRST = tuple(Grade)


class Tier(msgspec.Struct, frozen=True):
    """On which tiers a fault is commanded and watched."""

    province: bool = False
    """Whether it is severe, so that the province's room commands."""
    cities: tuple[str, ...] = ()
    """The cities whose fault it is."""
    grade: Grade | None = None
    """The best grade of the customers for whom leaders are told; ``None`` where nobody is."""


def tier_of(
    ticket: Ticket, affected: Affected, command: Command, directory: CustomerDirectory
) -> Tier:
    """The tiers of ``ticket``; a fault whose customers have no city is no city's."""
    is_severe = ticket.open and ticket.severe is not None and not ticket.severe.excluded
    if not is_severe and not (is_unusable(ticket) and ticket.severity is Severity.CRITICAL):
        return Tier()
    cities = _cities(affected, 1 if is_severe else command.city_numbers, directory)
    grades = {
        customer.grade
        for customer in affected.customers
        if customer.present and (customer.important or not command.important_only)
    }
    best = min(grades, key=_BEST_FIRST.index, default=None) if is_severe else None
    return Tier(is_severe, tuple(sorted(set(cities))), best)


def _cities(affected: Affected, least: int, directory: CustomerDirectory) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for customer in affected.customers:
        counts.update(customer.by_city)
        yield from _whole_cities(customer, directory)
    yield from (city for city, count in counts.items() if count >= least)


def _whole_cities(customer: AffectedCustomer, directory: CustomerDirectory) -> Iterator[str]:
    """The cities in which none of an important customer's numbers works any more."""
    if customer.important and customer.company:
        for city, count in customer.by_city.items():
            if count >= directory.numbers_in(customer.company, city):
                yield city
