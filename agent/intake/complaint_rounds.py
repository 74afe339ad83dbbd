"""Complaints in step with tickets: before each round what they tell, after it where they went."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Protocol

import structlog
from msgspec.structs import replace

from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.intake.complaint_alerts import (
    Place,
    alert_of,
    closed_before,
    covering,
    is_own,
    repaired,
)
from agent.intake.complaints import Complaints, Kept, by_number, repeats
from agent.model import Alert
from agent.states import Stage
from agent.tickets.complaint import Complaint
from agent.tickets.key import key_of
from agent.tickets.ledger import Filter, Page
from agent.tickets.particulars import find_number
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

    async def hear(self, told: dict[str, Sequence[Complaint]], now: float) -> dict[str, str]:
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

    async def before(self, fleet: Fleet, now: float) -> tuple[Alert, ...]:
        """What complaints tell, as the round's alerts; those of known faults find their ticket.

        Raises:
            StoreError: when the ledger refuses.
        """
        if not self._complaints.waiting:
            return ()
        placed = self._placed(fleet)
        self._count(placed)
        for number, place in placed.items():
            await self._look_back(number, place, now)
        await self._put(placed, now)
        stands = self._settings().intake.complaints.stands
        waiting = by_number(self._complaints.waiting.values())
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
        fresh = [it.complaint for name, it in waiting.items() if name not in self._counted]
        known = [waiting[name] for name in self._counted]
        for complaint in fresh:
            if complaint.number in placed:
                if not repeats(complaint, known):
                    place = placed[complaint.number]
                    self._telemetry.complaints.labels(*place, complaint.number).inc()
                self._counted.add(complaint.id)
                known.append(waiting[complaint.id])

    async def _look_back(self, number: str, place: Place, now: float) -> None:
        """Note which complaints came after a repair, and let go those of what is over."""
        changed: dict[str, Kept] = {}
        answered: list[str] = []
        for kept in self._fresh(number):
            at = kept.complaint.at
            if covering(number, place, at, self._tickets.open) is not None:
                continue
            ticket = repaired(number, place, at, self._tickets.open)
            if ticket is None:
                ticket = await self._closed(number, place, now)
            if ticket is None:
                continue
            if ticket.open or at > (ticket.restored_at or ticket.closed_at or 0.0):
                changed[kept.complaint.id] = replace(kept, again=ticket.subject)
            else:
                changed[kept.complaint.id] = replace(kept, ticket_id=ticket.id)
                answered.append(kept.complaint.id)
        await self._complaints.note(changed, answered, now)

    def _fresh(self, number: str) -> list[Kept]:
        waiting = by_number(self._complaints.waiting.values()).get(number, [])
        return [kept for kept in waiting if not kept.ticket_id and kept.again is None]

    async def _closed(self, number: str, place: Place, now: float) -> Ticket | None:
        page = await self._ledger.list(Filter(number=number, open=False), _RECENT)
        window = self._settings().tickets.reopen_window
        return closed_before(number, place, now, window, page.tickets)

    async def _put(self, placed: dict[str, Place], now: float) -> None:
        """Put every complaint to the ticket it belongs to."""
        tickets = self._tickets.open
        told: dict[str, list[Kept]] = {}
        for number, kept in by_number(self._complaints.waiting.values()).items():
            if number in placed:
                for one in kept:
                    target = _target(one, placed[number], tickets)
                    if target is not None and target.id != one.ticket_id:
                        told.setdefault(target.key, []).append(one)
        if not told:
            return
        spoken = {key: [it.complaint for it in kept] for key, kept in told.items()}
        ids = await self._tickets.hear(dict(spoken), now)
        heard = chain.from_iterable(((it, ids[key]) for it in told[key]) for key in ids)
        await self._note(heard, now)

    async def _note(self, heard: Iterable[tuple[Kept, str]], now: float) -> None:
        changed = {it.complaint.id: replace(it, ticket_id=found) for it, found in heard}
        await self._complaints.note(changed, (), now)
        for name, kept in changed.items():
            log.info("complaint_put_to_ticket", complaint=name, ticket=kept.ticket_id)


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
