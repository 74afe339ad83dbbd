"""Complaints in step with tickets: before each round what they tell, after it where they went."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Protocol

import structlog
from msgspec.structs import replace

from agent.complaints.alerts import (
    Place,
    alert_of,
    closed_before,
    concerning,
    covered,
    covering,
    is_own,
    repaired,
)
from agent.complaints.complaint import Complaint
from agent.complaints.repository import Complaints, Kept, by_number
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Alert
from agent.states import Stage
from agent.tickets.key import key_of
from agent.tickets.ledger import Filter, Page
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_RECENT = 20
"""Tickets of a number looked at for one that was closed lately."""


def is_listed(number: str, fleet: Fleet, settings: Settings) -> bool | None:
    """Whether an account has ``number``; ``None`` while one has not told all it has."""
    if any(find_number(snapshot, number) is not None for snapshot in fleet.snapshots()):
        return True
    told = (
        fleet.get(provider.name, account.id)
        for provider in settings.providers
        for account in provider.accounts
    )
    unknown = any(snapshot is None or snapshot.listing is None for snapshot in told)
    return None if unknown else False


class Ledger(Protocol):
    """Where ended tickets are found."""

    async def list(self, wanted: Filter, limit: int = 100, offset: int = 0) -> Page:
        """The tickets that fit ``wanted``, newest first."""
        ...


class Tickets(Protocol):
    """Where complaints are put to tickets."""

    @property
    def open(self) -> tuple[Ticket, ...]:
        """The open tickets as last written."""
        ...

    async def attach_complaints(
        self, told: dict[str, Sequence[Complaint]], now: float
    ) -> dict[str, str]:
        """Put complaints to the open tickets of these keys; gives the ticket's id of each."""
        ...


class ComplaintRounds:
    """Keeps complaints and tickets together, round by round.

    Args:
        complaints: All complaints.
        tickets: Where they are put.
        ledger: Where tickets that are closed already are found.
        settings: The configuration as it is now.
        telemetry: Counts callers by number.
    """

    def __init__(
        self,
        complaints: Complaints,
        tickets: Tickets,
        ledger: Ledger,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
    ) -> None:
        self._complaints = complaints
        self._tickets = tickets
        self._ledger = ledger
        self._settings = settings
        self._telemetry = telemetry
        self._counted = set(complaints.waiting)
        self._looked_back: set[str] = set()

    async def before(self, fleet: Fleet, now: float) -> tuple[Alert, ...]:
        """What complaints tell, as the round's alerts; those of known faults find their ticket.

        Raises:
            StoreError: when the ledger refuses.
        """
        if not self._complaints.waiting:
            return ()
        # One that comes in while the others are put to their tickets waits for its own turn.
        due = set(self._complaints.waiting)
        placed = self._placed(fleet)
        self._count(placed)
        await self._look_back(placed, now)
        await self._put(placed, now)
        stands = self._settings().intake.complaints.stands
        waiting = by_number(kept for name, kept in self._complaints.waiting.items() if name in due)
        told = (
            alert_of(number, place, waiting[number], stands, now)
            for number, place in placed.items()
            if number in waiting
        )
        return tuple(alert for alert in told if alert is not None)

    async def after(self, fleet: Fleet, now: float) -> None:
        """Put to their tickets what the round opened them for; let go what is answered.

        Raises:
            StoreError: when the ledger refuses.
        """
        if not self._complaints.waiting:
            return
        placed = self._placed(fleet)
        self._count(placed)
        await self._put(placed, now)
        standing = {ticket.id for ticket in self._tickets.open}
        answered = [
            name
            for name, kept in self._complaints.waiting.items()
            if kept.ticket_id and kept.ticket_id not in standing
        ]
        await self._complaints.note({}, answered, now)

    def _placed(self, fleet: Fleet) -> dict[str, Place]:
        """Where the numbers that are complained of are listed; one that is nowhere is left out."""
        snapshots = fleet.snapshots()
        found: dict[str, Place] = {}
        for number in by_number(self._complaints.waiting.values()):
            for snapshot in snapshots:
                if find_number(snapshot, number) is not None:
                    found[number] = snapshot.provider, snapshot.account
                    break
        return found

    def _count(self, placed: dict[str, Place]) -> None:
        """A caller counts once for as long as nobody has answered (ticketing.md §4, 5)."""
        waiting = self._complaints.waiting
        self._counted &= waiting.keys()
        known = {_caller(waiting[name]) for name in self._counted}
        for name, kept in waiting.items():
            place = placed.get(kept.complaint.number)
            if name not in self._counted and place is not None:
                if _caller(kept) not in known:
                    self._telemetry.complaints.labels(*place, kept.complaint.number).inc()
                self._counted.add(name)
                known.add(_caller(kept))

    async def _look_back(self, placed: dict[str, Place], now: float) -> None:
        """Note which complaints came after a repair, and let go those of what is over."""
        waiting = self._complaints.waiting
        self._looked_back &= waiting.keys()
        fresh = [
            kept
            for name, kept in waiting.items()
            if not kept.ticket_id
            and name not in self._looked_back
            and kept.complaint.number in placed
        ]
        tickets = concerning({it.complaint.number for it in fresh}, self._tickets.open)
        for kept in fresh:
            number = kept.complaint.number
            former = await self._former(kept, placed[number], tickets[number], now)
            if former is not None:
                await self._note_former(kept, former, now)
            self._looked_back.add(kept.complaint.id)

    async def _note_former(self, kept: Kept, former: Ticket, now: float) -> None:
        name = kept.complaint.id
        if _over_at(former) < kept.complaint.at:
            await self._complaints.note({name: replace(kept, again=former.subject)}, (), now)
        else:
            await self._complaints.note({name: replace(kept, ticket_id=former.id)}, (name,), now)

    async def _former(
        self, kept: Kept, place: Place, tickets: Sequence[Ticket], now: float
    ) -> Ticket | None:
        """The ticket that was, where no open one covers the complaint."""
        number, at = kept.complaint.number, kept.complaint.at
        if covering(number, place, at, tickets) is not None:
            return None
        found = repaired(number, place, at, tickets)
        if found is not None:
            return found
        window = self._settings().tickets.reopen_window
        page = await self._ledger.list(Filter(number=number, open=False), _RECENT)
        found = closed_before(number, place, now, window, page.tickets)
        if found is not None:
            return found
        page = await self._ledger.list(Filter(provider=place[0], open=False), _RECENT)
        return covered(number, place, at, page.tickets)

    async def _put(self, placed: dict[str, Place], now: float) -> None:
        """Put every complaint to the ticket it belongs to."""
        tickets = concerning(placed.keys(), self._tickets.open)
        told: dict[str, list[Kept]] = {}
        for kept in self._complaints.waiting.values():
            number = kept.complaint.number
            if number in placed:
                target = _target(kept, placed[number], tickets[number])
                if target is not None and target.id != kept.ticket_id:
                    told.setdefault(target.key, []).append(kept)
        if not told:
            return
        spoken = {key: [it.complaint for it in kept] for key, kept in told.items()}
        ids = await self._tickets.attach_complaints(dict(spoken), now)
        heard = chain.from_iterable(((it, ids[key]) for it in told[key]) for key in ids)
        await self._note(heard, now)

    async def _note(self, heard: Iterable[tuple[Kept, str]], now: float) -> None:
        changed = {it.complaint.id: replace(it, ticket_id=found) for it, found in heard}
        await self._complaints.note(changed, (), now)
        for name, kept in changed.items():
            log.info("complaint_put_to_ticket", complaint=name, ticket=kept.ticket_id)


def _caller(kept: Kept) -> tuple[str, str]:
    return kept.complaint.number, kept.complaint.who


def _over_at(ticket: Ticket) -> float:
    """When the ticket's fault was over; an open one was seen to be before the complaint."""
    return 0.0 if ticket.open else ticket.restored_at or ticket.closed_at or 0.0


def _target(kept: Kept, place: Place, tickets: Sequence[Ticket]) -> Ticket | None:
    """The open ticket a complaint belongs to now; ``None`` when it is where it belongs."""
    number, at = kept.complaint.number, kept.complaint.at
    if kept.again is not None and not kept.ticket_id:
        key = key_of(kept.again)
        again = next((it for it in tickets if it.key == key), None)
        if again is not None and again.stage is not Stage.OBSERVING:
            return again
    if kept.ticket_id and not is_own(kept.ticket_id, number, place):
        return None
    return covering(number, place, at, tickets)
