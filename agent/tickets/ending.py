"""How a ticket ended: when, what was seen then, and how; beside the cause that it was about."""

from typing import Final

import msgspec

from agent.states import Stage
from agent.tickets.forms import Resolution
from agent.tickets.ticket import Ticket

_SEEN_IN: Final = ("recovery_seen", "restored", "restore", "repair", "close", "closed")
"""Events of the timeline whose reason says what was seen."""


class Ending(msgspec.Struct, frozen=True):
    """The end of a fault."""

    at: float
    """When it was over, epoch seconds."""
    seen: str
    """What was seen at the end, as the timeline has it; a person's words or the agent's."""
    how: str
    """A word of :class:`~agent.tickets.forms.Resolution`, or ``rejected``."""


def ending_of(ticket: Ticket) -> Ending | None:
    """How ``ticket`` ended; ``None`` while its fault goes on, as far as is known."""
    if ticket.open and ticket.restored_at is None:
        return None
    last = [entry for entry in ticket.timeline if entry.event in _SEEN_IN]
    seen = next((it for it in reversed(last) if it.event != "closed"), last[-1] if last else None)
    if ticket.resolution == Resolution.GONE and last:
        seen = last[-1]
    is_rejected = ticket.stage is Stage.REJECTED
    return Ending(
        at=ticket.restored_at or ticket.closed_at or ticket.changed_at,
        seen=seen.reason if seen else "",
        how=str(Stage.REJECTED if is_rejected else ticket.resolution or Resolution.RESTORED),
    )
