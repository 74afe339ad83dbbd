"""Asks the ticket systems how our tickets stand, and puts right what differs from the ledger.

A message may be lost on either side: our close that never arrived, a close by people there that
no callback told of. What differs is repaired through the same doors as everything else, so it
is in the ticket's timeline; how often is a metric (ticketing.md §4, 8).
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum, unique

import structlog

from agent.sinks.base import Sink
from agent.sinks.links import Link, Links
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.changes import CLOSED, OPENED, REOPENED, Change
from agent.tickets.forms import Resolution, resolution_of
from agent.tickets.ledger import Ledger
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

RECENT = 86400.0
"""Seconds for which a ticket that has ended is still compared."""
_A_ROUND = 200
"""The most tickets that one system is asked about in one round."""


@unique
class TicketSystemRepair(StrEnum):
    """What a difference was, and so what was done."""

    CLOSED_THERE = "closed_there"
    """People closed or deleted it there and nothing told of it: it is closed here as they said."""
    REOPENED_THERE = "reopened_there"
    """People reopened it there after our close had arrived: it is reopened here."""
    LOST_RESOLVE = "lost_resolve"
    """It stands there although it ended here: its end is told again."""
    LOST_REOPEN = "lost_reopen"
    """It is closed there as we asked, and was reopened here since: that is told again."""
    LOST_TICKET = "lost_ticket"
    """It is not there: it is told from its beginning."""


Perform = Callable[[str, ActionRequest, float], Awaitable[Change | None]]
"""``agent.tickets.manager.Tickets.act``."""
Redeliver = Callable[[str, str, str, float], Awaitable[Change | None]]
"""``agent.tickets.manager.Tickets.tell_again``."""


def difference(
    ticket: Ticket, standing: RemoteTicket, link: Link | None
) -> TicketSystemRepair | None:
    """Where the two differ; nothing where they agree or where it is not known."""
    if ticket.open:
        return _WHILE_OPEN.get(standing.state)
    if standing.state is not RemoteState.OPEN:
        return None
    arrived = link is not None and link.moved == "closed"
    return TicketSystemRepair.REOPENED_THERE if arrived else TicketSystemRepair.LOST_RESOLVE


_WHILE_OPEN = {
    RemoteState.CLOSED_BY_HUMAN: TicketSystemRepair.CLOSED_THERE,
    RemoteState.CLOSED: TicketSystemRepair.LOST_REOPEN,
    RemoteState.ABSENT: TicketSystemRepair.LOST_TICKET,
    # To delete it is a rude way to close it: if the fault goes on it is reopened and made anew.
    RemoteState.GONE: TicketSystemRepair.CLOSED_THERE,
}
_TOLD_AGAIN = {
    TicketSystemRepair.LOST_RESOLVE: CLOSED,
    TicketSystemRepair.LOST_REOPEN: REOPENED,
    TicketSystemRepair.LOST_TICKET: OPENED,
}


class TicketSystemReconciler:
    """Compares the ledger with every system that can be asked. Runs between start and stop.

    Args:
        sinks: The systems as they are now.
        ledger: Our tickets.
        outbox: What the systems have not been told yet.
        links: What our tickets are called there.
        act: Closes and reopens.
        tell_again: Queues what was lost.
        telemetry: Counts the repairs.
        interval: Seconds between two rounds.
        clock: Epoch seconds.
    """

    def __init__(  # noqa: PLR0913 - each is a door of its own
        self,
        *,
        sinks: Callable[[], Sequence[Sink]],
        ledger: Ledger,
        outbox: Outbox,
        links: Links,
        act: Perform,
        redeliver: Redeliver,
        telemetry: Telemetry,
        interval: Callable[[], float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sinks = sinks
        self._ledger = ledger
        self._outbox = outbox
        self._links = links
        self._act = act
        self._redeliver = redeliver
        self._telemetry = telemetry
        self._interval = interval
        self._clock = clock
        self._reached: dict[str, str] = {}
        self._refused: dict[tuple[str, str], RemoteState] = {}
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of(
        cls,
        database: Database,
        tickets: Tickets,
        sinks: Callable[[], Sequence[Sink]],
        telemetry: Telemetry,
        interval: Callable[[], float],
        clock: Callable[[], float],
    ) -> "TicketSystemReconciler":
        """One over ``database`` that acts through ``tickets``."""
        return cls(
            sinks=sinks,
            ledger=Ledger(database),
            outbox=Outbox(database),
            links=Links(database),
            act=tickets.act,
            redeliver=tickets.redeliver,
            telemetry=telemetry,
            interval=interval,
            clock=clock,
        )

    def start(self) -> None:
        """Begin to compare."""
        self._task = asyncio.create_task(self._run(), name="desk reconciler")

    async def stop(self) -> None:
        """Compare no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval())
            try:
                await self.reconcile()
            except Exception:
                # It must go on comparing whatever comes.
                log.exception("desk_reconcile_failed")

    async def reconcile(self) -> Counter[tuple[str, TicketSystemRepair]]:
        """One round over all systems; gives what was repaired, by sink and kind.

        Raises:
            StoreError: when the ledger refuses.
        """
        repaired: Counter[tuple[str, TicketSystemRepair]] = Counter()
        compared = await self._ledger.comparable(self._clock() - RECENT)
        for sink in self._sinks():
            waiting = await self._outbox.waiting_tickets(sink.name)
            settled = [ticket for ticket in compared if ticket.id not in waiting]
            for ticket in self._next(sink.name, settled):
                repair = await self._compare(sink, ticket)
                if repair is not None:
                    repaired[sink.name, repair] += 1
        if repaired:
            told = {f"{sink}/{repair}": count for (sink, repair), count in repaired.items()}
            log.info("desks_put_right", **told)
        return repaired

    def _next(self, sink: str, tickets: Iterable[Ticket]) -> list[Ticket]:
        """The next stretch of the tickets, in turn."""
        ordered = sorted(tickets, key=lambda it: it.id)
        later = [it for it in ordered if it.id > self._reached.get(sink, "")]
        some = (later or ordered)[:_A_ROUND]
        self._reached[sink] = some[-1].id if some else ""
        return some

    async def _compare(self, sink: Sink, ticket: Ticket) -> TicketSystemRepair | None:
        standing = await sink.look_up(ticket.id)
        link = await self._links.get(sink.name, ticket.id)
        repair = difference(ticket, standing, link)
        if repair is None:
            return None
        try:
            changed = await self._repair(repair, sink.name, ticket, standing)
        except (IllegalTransitionError, ActionRequestError) as error:
            await self._note_refusal(sink.name, ticket, standing, str(error))
            return None
        if changed is None:
            return None
        self._telemetry.desk_repairs.labels(sink.name, repair.value).inc()
        return repair

    async def _note_refusal(
        self, sink: str, ticket: Ticket, standing: RemoteTicket, why: str
    ) -> None:
        """Once for each state found there: people have to know that it is not followed here."""
        if self._refused.get((sink, ticket.id)) is standing.state:
            return
        self._refused[sink, ticket.id] = standing.state
        log.warning("desk_not_put_right", sink=sink, ticket=ticket.id, reason=why)
        told = f"{standing.state} there, which is not followed here: {why}"
        order = ActionRequest(TicketAction.COMMENT, Actor(ActorKind.TICKET_SYSTEM, sink), told)
        with contextlib.suppress(IllegalTransitionError, ActionRequestError):
            await self._act(ticket.id, order, self._clock())

    async def _repair(
        self, repair: TicketSystemRepair, sink: str, ticket: Ticket, standing: RemoteTicket
    ) -> Change | None:
        status = standing.status.partition("\n")[0] or standing.state.value
        now = self._clock()
        if repair in _TOLD_AGAIN:
            reason = f"{repair.value}: {sink} has it as {status}"
            return await self._redeliver(ticket.id, _TOLD_AGAIN[repair], reason, now)
        actor = Actor(ActorKind.TICKET_SYSTEM, sink)
        reason = f"found {status} there; nothing had told of it"
        if repair is TicketSystemRepair.REOPENED_THERE:
            return await self._act(
                ticket.id, ActionRequest(TicketAction.REOPEN, actor, reason), now
            )
        resolution = resolution_of(standing.resolution)
        word = "fixed" if resolution is Resolution.RESTORED else resolution.value
        order = ActionRequest(TicketAction.CLOSE, actor, reason, {"resolution": word})
        return await self._act(ticket.id, order, now)
