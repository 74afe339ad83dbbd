"""Open tickets and their deadlines as series (contracts.md, Metrics)."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from agent.tickets.ticket import Ticket
from exporters.block import Block, Frame
from exporters.family import FAMILIES


def tickets_summary(tickets: Iterable[Ticket]) -> tuple[Block, ...]:
    """Blocks of ``numwatch_tickets`` and of the deadlines of clocks that still run."""
    standing = [ticket for ticket in tickets if ticket.open]
    blocks = (_counts(standing), _deadlines(standing))
    return tuple(block for block in blocks if block is not None)


def _counts(tickets: list[Ticket]) -> Block | None:
    counted = Counter((it.stage.value, it.severity.value) for it in tickets)
    return _block("numwatch_tickets", ("stage", "severity"), sorted(counted.items()))


def _deadlines(tickets: list[Ticket]) -> Block | None:
    rows = [
        ((ticket.id, ticket.grade.value, clock.name.value), clock.deadline)
        for ticket in tickets
        for clock in ticket.clocks
        if clock.stopped_at is None
    ]
    labels = ("ticket", "grade", "clock")
    return _block("numwatch_ticket_sla_deadline_timestamp_seconds", labels, rows)


def _block(
    name: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]
) -> Block | None:
    held = list(rows)
    if not held:
        return None
    columns = list(zip(*(row for row, _value in held), strict=True))
    values = np.array([value for _row, value in held], dtype=np.float64)
    return Block(FAMILIES[name], Frame.of(labels, columns), values)
