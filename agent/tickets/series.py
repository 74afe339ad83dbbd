"""Open tickets and their deadlines as series (docs/reference/interface.md, Metrics)."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

import numpy as np

from agent.model import AccountKey
from agent.states import Severity, Stage
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_KINDS = tuple(product(map(str, Stage), map(str, Severity)))
_KINDS_FRAME = Frame.of(("stage", "severity"), tuple(zip(*_KINDS, strict=True)))


def tickets_summary(
    tickets: Iterable[Ticket], now: float, waiting: Iterable[AccountKey] = ()
) -> tuple[Block, ...]:
    """The number of open tickets, the deadlines of their running clocks, and their last changes.

    A paused clock's deadline moves along with ``now``, so that the time left stays the same.
    ``waiting`` are the accounts that have so many open tickets that further faults get none.
    Every stage and severity has a series, most of them 0: ``increase()`` sees the first ticket.
    """
    open_tickets = [ticket for ticket in tickets if ticket.open]
    blocks = (
        _counts(open_tickets),
        _deadlines(open_tickets, now),
        _changes(open_tickets),
        _repeats(open_tickets),
        _limits(waiting),
    )
    return tuple(block for block in blocks if block is not None)


def _counts(tickets: list[Ticket]) -> Block:
    counted = Counter((it.stage.value, it.severity.value) for it in tickets)
    values = np.array([counted[kind] for kind in _KINDS], dtype=np.float64)
    return Block(FAMILIES["numwatch_tickets"], _KINDS_FRAME, values)


def _deadlines(tickets: list[Ticket], now: float) -> Block | None:
    rows = [
        ((ticket.id, ticket.grade.value, clock.name.value), clock.deadline)
        for ticket in tickets
        for clock in readings(ticket.clocks, now)
        if clock.stopped_at is None and clock.deadline is not None
    ]
    labels = ("ticket", "grade", "clock")
    return _block("numwatch_ticket_sla_deadline_timestamp_seconds", labels, rows)


def _changes(tickets: list[Ticket]) -> Block | None:
    rows = [((ticket.id, ticket.stage.value), ticket.changed_at) for ticket in tickets]
    return _block("numwatch_ticket_changed_timestamp_seconds", ("ticket", "stage"), rows)


def _repeats(tickets: list[Ticket]) -> Block | None:
    """Faults that came again; of several tickets about one number the most counts."""
    most: dict[tuple[str, ...], float] = {}
    for ticket in tickets:
        if ticket.repeats:
            subject = ticket.subject
            labels = (subject.provider, subject.account, subject.number)
            most[labels] = max(most.get(labels, 0.0), ticket.repeats)
    labels = ("provider", "account", "number")
    return _block("numwatch_number_fault_repeats", labels, most.items())


def _limits(waiting: Iterable[AccountKey]) -> Block | None:
    rows = [((*account, "tickets"), 1.0) for account in waiting]
    return _block("numwatch_account_over_limit", ("provider", "account", "limit"), rows)


def _block(
    name: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]
) -> Block | None:
    listed = list(rows)
    if not listed:
        return None
    columns = list(zip(*(row for row, _value in listed), strict=True))
    values = np.array([value for _row, value in listed], dtype=np.float64)
    return Block(FAMILIES[name], Frame.of(labels, columns), values)


def accounts_of(tickets: Iterable[Ticket]) -> frozenset[AccountKey]:
    """The accounts that ``tickets`` are about."""
    subjects = (ticket.subject for ticket in tickets)
    return frozenset((it.provider, it.account) for it in subjects if it.account)
