"""What numwatch notices and does, as lines of the story: made by comparing two moments."""

from collections.abc import Iterable, Iterator

from agent.demo.state import AccountRow, Happening
from agent.states import Stage
from agent.tickets.ticket import Ticket

_STAGE_WORDS = {
    Stage.REOPENED: "reopens the ticket",
    Stage.RESTORED: "sees it working again, and watches",
    Stage.OBSERVING: "sees it working again, and watches",
    Stage.CLOSED: "closes the ticket: recovery seen and held",
    Stage.SUPPRESSED: "sees that this belongs to a wider fault",
}


class Narrator:
    """Remembers the last moment and tells what is new."""

    def __init__(self) -> None:
        self._answering: dict[str, bool] = {}
        self._stages: dict[str, Stage] = {}

    def tell(
        self, at: float, accounts: Iterable[AccountRow], tickets: Iterable[Ticket]
    ) -> list[Happening]:
        """The lines for everything that changed since the last call."""
        told = [*self._about_accounts(accounts), *self._about_tickets(tickets)]
        return [Happening(at, "numwatch", text) for text in told]

    def _about_accounts(self, accounts: Iterable[AccountRow]) -> Iterator[str]:
        for row in accounts:
            before = self._answering.get(row.name, True)
            self._answering[row.name] = row.answering
            if before and not row.answering:
                yield f"gets no answer for {row.name} ({row.reason}): unknown, not down"
            elif row.answering and not before:
                yield f"gets answers for {row.name} again"

    def _about_tickets(self, tickets: Iterable[Ticket]) -> Iterator[str]:
        for ticket in tickets:
            before = self._stages.get(ticket.id)
            self._stages[ticket.id] = ticket.stage
            if before is None:
                yield f"opens a ticket: {ticket.text.title}{_blame(ticket)}"
            elif before is not ticket.stage and ticket.stage in _STAGE_WORDS:
                yield f"{_STAGE_WORDS[ticket.stage]}: {ticket.text.title}"


def _blame(ticket: Ticket) -> str:
    if ticket.diagnosis is None:
        return ""
    return f" ({ticket.diagnosis.cause}, {ticket.diagnosis.party}'s job)"
