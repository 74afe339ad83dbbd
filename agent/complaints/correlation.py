"""Correlates complaints with tickets, before and after each evaluation of the rules.

An evaluation calls, in this order: :meth:`ComplaintCorrelator.collect_alerts`, the tickets'
observation of all alerts, :meth:`ComplaintCorrelator.attach_and_release`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from msgspec.structs import replace

from agent.complaints.alerts import (
    complaint_alert,
    find_closed_covering,
    find_closed_within,
    find_covering,
    find_repaired,
    is_complaint_ticket,
    tickets_by_number,
)
from agent.complaints.repository import ComplaintRepository, StoredComplaint
from agent.complaints.series import ComplaintSeries, recent_callers
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import AccountKey, Alert
from agent.states import Stage
from agent.tickets.key import key_of
from agent.tickets.ledger import Filter, Ledger
from agent.tickets.manager import Tickets
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_MOST_TICKETS = 1000
"""How many closed tickets of the time in question are searched for the one a complaint follows."""


def is_listed(number: str, fleet: Fleet, settings: Settings) -> bool | None:
    """Whether an account has ``number``; ``None`` while some account was not listed completely."""
    if any(find_number(snapshot, number) is not None for snapshot in fleet.snapshots()):
        return True
    snapshots = (
        fleet.get(provider.name, account.id)
        for provider in settings.providers
        for account in provider.accounts
    )
    unknown = any(snapshot is None or snapshot.listing is None for snapshot in snapshots)
    return None if unknown else False


class ComplaintCorrelator:
    """Attaches complaints to tickets, and raises alerts for those that have none.

    Args:
        complaints: All complaints.
        tickets: The open tickets.
        ledger: All tickets, for those that are closed already.
        settings: The configuration in force.
        telemetry: Counts callers by number.
    """

    def __init__(
        self,
        complaints: ComplaintRepository,
        tickets: Tickets,
        ledger: Ledger,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
    ) -> None:
        self._complaints = complaints
        self.tickets = tickets
        self._ledger = ledger
        self.settings = settings
        self._telemetry = telemetry
        self._counted = set(complaints.waiting)
        self._checked_for_former: set[str] = set()
        self._series = ComplaintSeries(telemetry)
        self.lock = asyncio.Lock()
        """Held by whoever reads stored complaints and writes them changed: a round, who has just
        recorded one, who acts on one. Else the later would undo what the other wrote."""
        self._fleet: Fleet | None = None

    def withdraw_series(self) -> None:
        """Show no counts any more: another replica collects the alerts from now on."""
        self._series.withdraw()

    async def attach(self, now: float) -> None:
        """Attach complaints to the open tickets they belong to, between two evaluations.

        Raises:
            StoreError: when the ledger refuses.
        """
        async with self.lock:
            if self._fleet is not None:
                await self._attach(self._accounts_of_numbers(self._fleet), now)

    async def collect_alerts(self, fleet: Fleet, now: float) -> tuple[Alert, ...]:
        """Attach complaints to the open tickets they belong to; return the others' alerts.

        Raises:
            StoreError: when the ledger refuses.
        """
        async with self.lock:
            self._fleet = fleet
            return await self._collect_alerts(fleet, now)

    async def _collect_alerts(self, fleet: Fleet, now: float) -> tuple[Alert, ...]:
        accounts = self._accounts_of_numbers(fleet)
        waiting = [stored.complaint for stored in self._complaints.waiting.values()]
        overdue = self._complaints.owed.overdue(now)
        self._series.show(recent_callers(waiting, accounts, now), overdue)
        if not waiting:
            return ()
        # Attaching awaits the ledger, and complaints received meanwhile are not attached yet:
        # an alert for them now would open a second ticket. They wait for the next evaluation.
        due = set(self._complaints.waiting)
        self._count_callers(accounts)
        await self._find_former_tickets(accounts, now)
        await self._attach(accounts, now)
        by_number = _by_number(
            stored for name, stored in self._complaints.waiting.items() if name in due
        )
        stands = self.settings().intake.complaints.stands
        alerts = (
            complaint_alert(number, account, by_number[number], stands, now)
            for number, account in accounts.items()
            if number in by_number
        )
        return tuple(alert for alert in alerts if alert is not None)

    async def attach_and_release(self, fleet: Fleet, now: float) -> None:
        """Attach complaints to the tickets just opened for them, and release answered ones.

        A complaint is answered when its ticket is no longer open.

        Raises:
            StoreError: when the ledger refuses.
        """
        async with self.lock:
            await self._attach_and_release(fleet, now)

    async def _attach_and_release(self, fleet: Fleet, now: float) -> None:
        if not self._complaints.waiting:
            return
        accounts = self._accounts_of_numbers(fleet)
        self._count_callers(accounts)
        await self._attach(accounts, now)
        open_ids = {ticket.id for ticket in self.tickets.open}
        answered = [
            name
            for name, stored in self._complaints.waiting.items()
            if stored.ticket_id and stored.ticket_id not in open_ids
        ]
        await self._complaints.update({}, answered, now)

    def _accounts_of_numbers(self, fleet: Fleet) -> dict[str, AccountKey]:
        """The account that lists each number with a complaint; unlisted numbers are left out."""
        snapshots = fleet.snapshots()
        accounts: dict[str, AccountKey] = {}
        for number in _by_number(self._complaints.waiting.values()):
            for snapshot in snapshots:
                if find_number(snapshot, number) is not None:
                    accounts[number] = snapshot.provider, snapshot.account
                    break
        return accounts

    def _count_callers(self, accounts: Mapping[str, AccountKey]) -> None:
        """Count each caller of a number once, for as long as a complaint of theirs is waiting.

        See docs/reference/ticketing.md §4 (complaint intake).
        """
        waiting = self._complaints.waiting
        self._counted &= waiting.keys()
        callers = {_caller(waiting[name]) for name in self._counted}
        for name, stored in waiting.items():
            account = accounts.get(stored.complaint.number)
            if name not in self._counted and account is not None:
                if _caller(stored) not in callers:
                    self._telemetry.complaints.labels(*account, stored.complaint.number).inc()
                self._counted.add(name)
                callers.add(_caller(stored))

    async def _find_former_tickets(self, accounts: Mapping[str, AccountKey], now: float) -> None:
        """Note which new complaints came after a repair; release those about a former fault."""
        waiting = self._complaints.waiting
        self._checked_for_former &= waiting.keys()
        new = [
            stored
            for name, stored in waiting.items()
            if not stored.ticket_id
            and name not in self._checked_for_former
            and stored.complaint.number in accounts
        ]
        tickets = tickets_by_number({stored.complaint.number for stored in new}, self.tickets.open)
        for stored in new:
            number = stored.complaint.number
            former = await self._former_ticket(stored, accounts[number], tickets[number], now)
            if former is not None:
                await self._note_former(stored, former, now)
            self._checked_for_former.add(stored.complaint.id)

    async def _note_former(self, stored: StoredComplaint, former: Ticket, now: float) -> None:
        name = stored.complaint.id
        if _recovered_at(former) < stored.complaint.at:
            changed = replace(stored, repaired_subject=former.subject)
            await self._complaints.update({name: changed}, (), now)
        else:
            changed = replace(stored, ticket_id=former.id)
            await self._complaints.update({name: changed}, (name,), now)

    async def _former_ticket(
        self, stored: StoredComplaint, account: AccountKey, tickets: Sequence[Ticket], now: float
    ) -> Ticket | None:
        """The repaired or closed ticket that the complaint follows, if no open one covers it."""
        number, at = stored.complaint.number, stored.complaint.at
        if find_covering(number, account, at, tickets) is not None:
            return None
        former = find_repaired(number, account, at, tickets)
        if former is not None:
            return former
        window = self.settings().tickets.reopen_window
        closed = Filter(number=number, open=False)
        recent = await self._ledger.ended_since(now - window, closed, _MOST_TICKETS)
        former = find_closed_within(number, account, now, window, recent)
        if former is not None:
            return former
        # One that was over before the trouble does not cover it, and it is closed after that.
        closed = Filter(provider=account[0], open=False)
        later = await self._ledger.ended_since(at, closed, _MOST_TICKETS)
        return find_closed_covering(number, account, at, later)

    async def _attach(self, accounts: Mapping[str, AccountKey], now: float) -> None:
        """Attach every complaint to the open ticket it belongs to."""
        tickets = tickets_by_number(accounts.keys(), self.tickets.open)
        by_key: dict[str, list[StoredComplaint]] = {}
        for stored in self._complaints.waiting.values():
            number = stored.complaint.number
            if number in accounts:
                ticket = _ticket_to_attach_to(stored, accounts[number], tickets[number])
                if ticket is not None and ticket.id != stored.ticket_id:
                    by_key.setdefault(ticket.key, []).append(stored)
        if not by_key:
            return
        complaints = {
            key: [stored.complaint for stored in attached] for key, attached in by_key.items()
        }
        # A ticket may have been closed since: only keys with an open ticket are returned.
        ticket_ids = await self.tickets.attach_complaints(complaints, now)
        changed = {
            stored.complaint.id: replace(stored, ticket_id=identity)
            for key, identity in ticket_ids.items()
            for stored in by_key[key]
        }
        await self._complaints.update(changed, (), now)
        for name, stored in changed.items():
            log.info("complaint_put_to_ticket", complaint=name, ticket=stored.ticket_id)


def _by_number(complaints: Iterable[StoredComplaint]) -> dict[str, list[StoredComplaint]]:
    """``complaints`` by the number they are about, in order."""
    by_number: dict[str, list[StoredComplaint]] = {}
    for stored in complaints:
        by_number.setdefault(stored.complaint.number, []).append(stored)
    return by_number


def _caller(stored: StoredComplaint) -> tuple[str, str]:
    return stored.complaint.number, stored.complaint.who


def _recovered_at(ticket: Ticket) -> float:
    """When the ticket's fault was over; for an open one, before any complaint that follows it."""
    return 0.0 if ticket.open else ticket.restored_at or ticket.closed_at or 0.0


def _ticket_to_attach_to(
    stored: StoredComplaint, account: AccountKey, tickets: Sequence[Ticket]
) -> Ticket | None:
    """The open ticket a complaint belongs to now; ``None`` when it is attached where it belongs."""
    number, at = stored.complaint.number, stored.complaint.at
    if stored.repaired_subject is not None and not stored.ticket_id:
        key = key_of(stored.repaired_subject)
        repaired = next((ticket for ticket in tickets if ticket.key == key), None)
        if repaired is not None and repaired.stage is not Stage.OBSERVING:
            return repaired
    # A fault's ticket keeps its complaints; one that complaints opened may give way to it.
    if stored.ticket_id and not is_complaint_ticket(stored.ticket_id, number, account):
        return None
    return find_covering(number, account, at, tickets)
