"""Whether a ticket may be closed: confirmed or waived, where its grade asks for it."""

from collections.abc import Collection

from agent.states import Grade, Scope, Stage
from agent.tickets.ticket import Ticket

_CUSTOMERS = frozenset({Scope.NUMBER, Scope.BINDING})
"""What one customer can confirm; wider faults are over when all their members are."""


def needs_answer(ticket: Ticket, grades: Collection[Grade]) -> bool:
    """Whether the customer's confirmation, or a recorded waiver, is still to come.

    Only what is one customer's own can be confirmed by one: a number and its phones
    (domain.md §3). A suppressed ticket is over with its parent.
    """
    if ticket.stage is Stage.SUPPRESSED or ticket.subject.scope not in _CUSTOMERS:
        return False
    given = ticket.stage is Stage.CONFIRMED or ticket.waiver is not None
    return ticket.grade in grades and not given
