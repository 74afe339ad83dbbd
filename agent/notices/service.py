"""Decides who is told of which ticket, writes it, and lets the sinks send it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Protocol

import msgspec
import structlog

from agent.config.service import is_within
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.notices.customers import Telling, end_letters, fault_letters
from agent.notices.ledger import NoticeLedger, NoticeStatus
from agent.notices.notice import Letter
from agent.notices.people import command_letters, dispatch_letters
from agent.states import Severity, Stage
from agent.store import StoreError
from agent.store.database import Database
from agent.tickets.changes import AGENT
from agent.tickets.customers.affected import Affected, affected_customers
from agent.tickets.customers.command import Tier, tier_of
from agent.tickets.customers.directory import CustomerBook, CustomerDirectory
from agent.tickets.ledger import Ledger
from agent.tickets.sla.severe_fault import is_unusable
from agent.tickets.ticket import Ticket

log = structlog.get_logger(__name__)

INTERVAL: Final = 3.0
"""Seconds between two looks for notices that are due."""
KEPT: Final = 400 * 86_400.0
"""Seconds for which it is known who was told."""
_END_WITHIN: Final = 7 * 86_400.0
"""Seconds after which customers are not told any more that service is back."""
_MOST_FOLLOWED: Final = 200
_MOST_AT_ONCE: Final = 500
"""Tickets whose customers are told in one go; the others are in the next."""
_PRUNE_EVERY: Final = 1200
"""Looks between two that delete what is old."""
_GRAVE: Final = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


class CustomersOfTicket(msgspec.Struct, frozen=True):
    """The customers behind a ticket, who commands it, and who was told of what."""

    affected: Affected
    tier: Tier
    notices: list[NoticeStatus]


class OpenTickets(Protocol):
    """Has the open tickets; ``agent.tickets.manager.Tickets`` does."""

    @property
    def open(self) -> Sequence[Ticket]:
        """The open tickets as last written, oldest first."""


class NoticeService:
    """Tells customers, commanders and assignees; one for each ledger.

    Args:
        database: The open ledger.
        fleet: The newest facts.
        customers: What the inventories say of customers, and the configuration as it is now.
        tickets: The manager, for the open tickets as last written.
        clock: Epoch seconds.
        queued: Called after letters were queued.
    """

    def __init__(
        self,
        database: Database,
        fleet: Fleet,
        customers: CustomerBook,
        tickets: OpenTickets,
        clock: Callable[[], float],
        queued: Callable[[], None],
    ) -> None:
        self._ledger = NoticeLedger(database)
        self._stored = Ledger(database)
        self._fleet = fleet
        self._settings = customers.settings
        self._tickets = tickets
        self._clock = clock
        self._queued = queued
        self._customers = customers
        self._written: dict[str, set[str]] = {}
        """By open ticket, the ids of the notices that are known to be written."""
        self._seen: dict[str, tuple[int, Settings]] = {}
        """By ticket, the revision whose customers were looked at last, with the configuration."""
        self._over: dict[str, Settings] = {}
        """The tickets that are over and were looked at since, each with the configuration."""

    async def run(self) -> None:
        """Follow the tickets until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.follow()
                if looks % _PRUNE_EVERY == 0:
                    await self._ledger.prune(self._clock() - KEPT)
                looks += 1
            except StoreError:
                # The ledger has said why, or another replica has written the same just now.
                continue
            except Exception:
                # A task that has ended tells nobody any more.
                log.exception("notices_broken")

    async def follow(self) -> int:
        """Write every notice that is due now; returns how many.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        now, settings = self._clock(), self._settings()
        tickets = [it for it in self._tickets.open if it.stage is not Stage.SUPPRESSED]
        directory = await self._customers.current()
        count = 0
        if settings.dispatch.sinks or settings.command.sinks:
            planned = await asyncio.to_thread(self._plan, tickets, settings, directory, now)
            for ticket, letters in planned:
                count += await self._write(ticket, letters, now)
            self._written = {
                it.id: self._written[it.id] for it in tickets if it.id in self._written
            }
        if settings.customers.sinks:
            count += await self._tell_of_ends(settings, directory, now)
            if settings.customers.automatic:
                count += await self._tell_of_faults(tickets, settings, directory, now)
        if count:
            self._queued()
        return count

    async def of(self, ticket: Ticket) -> CustomersOfTicket:
        """The customers behind ``ticket``, and who was told; raises StoreError."""
        settings, directory = self._settings(), await self._customers.current()
        affected = await asyncio.to_thread(
            affected_customers, ticket, self._fleet, settings, directory
        )
        tier = tier_of(ticket, affected, settings.command, directory)
        return CustomersOfTicket(affected, tier, await self._ledger.of_ticket(ticket.id))

    async def tell(
        self, ticket: Ticket, actor: str, companies: Collection[str] | None = None
    ) -> Telling:
        """Tells the customers behind ``ticket`` who were not told yet; durable when it returns.

        Raises:
            StoreError: when the ledger cannot be read or written; nobody is told then.
        """
        now, settings = self._clock(), self._settings()
        found = await self.of(ticket)
        earlier = [it.notice for it in found.notices]
        letters, telling = fault_letters(
            ticket, found.affected, settings, earlier, actor, now, companies
        )
        if letters:
            await self._ledger.write(ticket, letters, now)
            self._queued()
        return telling

    def _plan(
        self,
        tickets: Sequence[Ticket],
        settings: Settings,
        directory: CustomerDirectory,
        now: float,
    ) -> list[tuple[Ticket, list[Letter]]]:
        planned: list[tuple[Ticket, list[Letter]]] = []
        for ticket in tickets:
            written: Collection[str] = self._written.get(ticket.id, ())
            letters = [
                it
                for it in self._letters(ticket, settings, directory, now)
                if any(notice.id not in written for notice in it.notices)
            ]
            if letters and not _is_muted(ticket, now):
                planned.append((ticket, letters))
        return planned

    def _letters(
        self, ticket: Ticket, settings: Settings, directory: CustomerDirectory, now: float
    ) -> Iterator[Letter]:
        if settings.dispatch.sinks:
            yield from dispatch_letters(ticket, settings, now)
        if settings.command.sinks and (ticket.severe is not None or is_unusable(ticket)):
            affected = affected_customers(ticket, self._fleet, settings, directory)
            tier = tier_of(ticket, affected, settings.command, directory)
            yield from command_letters(ticket, tier, settings, now)

    async def _write(self, ticket: Ticket, letters: Sequence[Letter], now: float) -> int:
        count = await self._ledger.write(ticket, letters, now)
        ids = (notice.id for letter in letters for notice in letter.notices)
        self._written.setdefault(ticket.id, set()).update(ids)
        return count

    async def _tell_of_faults(
        self,
        tickets: Sequence[Ticket],
        settings: Settings,
        directory: CustomerDirectory,
        now: float,
    ) -> int:
        count = 0
        due = [it for it in tickets if self._is_due(it, settings, now)]
        for ticket in due[:_MOST_AT_ONCE]:
            affected = await asyncio.to_thread(
                affected_customers, ticket, self._fleet, settings, directory
            )
            earlier = [it.notice for it in await self._ledger.of_ticket(ticket.id)]
            letters, _ = fault_letters(ticket, affected, settings, earlier, AGENT, now)
            count += await self._ledger.write(ticket, letters, now)
            self._seen[ticket.id] = ticket.revision, settings
        self._seen = {it.id: self._seen[it.id] for it in tickets if it.id in self._seen}
        return count

    def _is_due(self, ticket: Ticket, settings: Settings, now: float) -> bool:
        """Whether the agent tells the ticket's customers now, and has not looked at it yet."""
        policy = settings.customers
        seen = self._seen.get(ticket.id)
        is_new = seen is None or seen[0] != ticket.revision or seen[1] is not settings
        is_grave = _GRAVE.index(ticket.severity) >= _GRAVE.index(policy.severity)
        is_quiet = ticket.severity is not Severity.CRITICAL and is_within(
            policy.quiet_hours, now, settings.timezone
        )
        lasts = now - ticket.detected_at >= policy.after
        return is_new and is_grave and lasts and not is_quiet and not _is_muted(ticket, now)

    async def _tell_of_ends(
        self, settings: Settings, directory: CustomerDirectory, now: float
    ) -> int:
        count = 0
        ids = await self._ledger.tickets_to_follow(now - _END_WITHIN, _MOST_FOLLOWED)
        in_memory = {it.id: it for it in self._tickets.open}
        # One that was opened again is looked at again when it is over.
        self._over = {
            it: looked for it, looked in self._over.items() if it in ids and it not in in_memory
        }
        for ticket_id in ids:
            if self._over.get(ticket_id) is settings:
                continue
            ticket = in_memory.get(ticket_id) or await self._stored.get(ticket_id)
            if ticket is not None:
                count += await self._tell_of_end(ticket, settings, directory, now)
                if not ticket.open:
                    self._over[ticket_id] = settings
        return count

    async def _tell_of_end(
        self, ticket: Ticket, settings: Settings, directory: CustomerDirectory, now: float
    ) -> int:
        affected = await asyncio.to_thread(
            affected_customers, ticket, self._fleet, settings, directory
        )
        if not any(it.restored for it in affected.customers):
            return 0
        earlier = [it.notice for it in await self._ledger.of_ticket(ticket.id)]
        return await self._ledger.write(
            ticket, end_letters(ticket, affected, settings, earlier, now), now
        )


def _is_muted(ticket: Ticket, now: float) -> bool:
    return ticket.muted_until is not None and now < ticket.muted_until
