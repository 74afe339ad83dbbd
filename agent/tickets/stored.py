"""What the manager of tickets reads from the ledger: all at the start, what others write, one."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.config.settings import Tickets as TicketSettings
from agent.tickets.changes import track
from agent.tickets.decide.recovery import resumed
from agent.tickets.landing_ids import LandingIds
from agent.tickets.ledger import Ledger
from agent.tickets.ticket import Ticket


@dataclass(frozen=True)
class StoredTickets:
    """The tickets of a ledger as they are taken up at a start."""

    mark: str
    landing_ids: LandingIds
    comparable: list[Ticket]
    """The open tickets and those that ended a while ago, oldest first."""
    open: dict[str, Ticket]
    """By key."""
    muted: dict[str, Ticket]
    """Those that a person closed while their fault goes on, by key."""

    @classmethod
    async def read(cls, ledger: Ledger, settings: TicketSettings, now: float) -> "StoredTickets":
        """The tickets of ``ledger``; raises StoreError where it cannot be read or written."""
        mark, landing_ids = await ledger.mark(), await ledger.landing_ids()
        comparable = await ledger.comparable(now - settings.reopen_window)
        stored = [ticket for ticket in comparable if ticket.open]
        return cls(
            mark,
            landing_ids,
            comparable,
            {it.key: resumed(it, now, settings.gone_after) for it in stored},
            {it.key: it for it in await ledger.muted_tickets()},
        )


async def follow(
    ledger: Ledger, open_tickets: dict[str, Ticket], muted: dict[str, Ticket]
) -> list[Ticket]:
    """Take what other replicas have written into both; returns the tickets that have changed."""
    known = {it.id: it.revision for it in (*open_tickets.values(), *muted.values())}
    changed = await ledger.changed_since(known)
    for ticket in changed:
        track(open_tickets, ticket, when=ticket.open)
        track(muted, ticket, when=ticket.muted)
    return changed


async def current(
    ledger: Ledger, open_tickets: Mapping[str, Ticket], ticket_id: str
) -> tuple[Ticket, bool] | None:
    """The ticket as it is now, and whether no other of its fault is open; ``None`` without one."""
    stored = await ledger.get(ticket_id)
    if stored is None:
        return None
    # The ticket in memory goes first: it has the progress of its recovery, which the ledger does
    # not. An ended ticket may have been followed by another of its fault.
    newest = open_tickets.get(stored.key, stored)
    return (newest, True) if newest.id == stored.id else (stored, False)
