"""The person of the story: closes the ticket of a complaint that no alert explained.

Such a ticket waits for a person, since nothing that is watched shows whether its callers are well
again. Everyone else in the story is the world.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from agent.complaints.complaint import SYMPTOM
from agent.i18n import N_, translate
from agent.store import StoreError
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Ticket

NAME: Final = "Lin Xia"
_WORK_SECONDS: Final = 25.0
"""World seconds that finding and mending the cause takes."""
_REASON: Final = N_(
    "Dialled as the caller does: connected, and not a sound. The provider moved the number to "
    "another media gateway; the caller hears us again."
)


@dataclass
class Clerk:
    """Works on complaints of ``tickets``, in the story's time.

    Args:
        tickets: The open tickets, and what changes them.
        locale: The language of what the clerk writes.
        clock: Epoch seconds.
    """

    tickets: Tickets
    locale: str
    clock: Callable[[], float]
    _seen: dict[str, float] = field(default_factory=dict)

    async def work(self, now: float) -> None:
        """Close what is done at ``now``, in world seconds; to be called again and again."""
        for ticket in _complaints(self.tickets.open):
            if now - self._seen.setdefault(ticket.id, now) >= _WORK_SECONDS:
                await self._close(ticket)

    async def _close(self, ticket: Ticket) -> None:
        reason = translate(self.locale, _REASON)
        actor = Actor(ActorKind.PERSON, NAME)
        request = ActionRequest(TicketAction.CLOSE, actor, reason, {"resolution": "fixed"})
        # Whoever plays with the demo may be faster; then there is nothing left to do.
        with suppress(IllegalTransitionError, StoreError):
            await self.tickets.act(ticket.id, request, self.clock())


def _complaints(tickets: Iterable[Ticket]) -> list[Ticket]:
    return [ticket for ticket in tickets if ticket.subject.symptom == SYMPTOM]
