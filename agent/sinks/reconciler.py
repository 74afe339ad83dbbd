"""Compares our tickets with the ticket systems, and repairs what differs from the ledger.

A message may be lost on either side: our close that never arrived, or a close by people there
that no callback reported. Every repair is an ordinary action or an ordinary delivery, so that it
is in the ticket's timeline; a metric counts them (docs/reference/ticketing.md §4, gap 8).
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum, unique

import structlog

from agent.event_loop import BackgroundTask
from agent.sinks.base import RemoteState, RemoteStatus, Sink
from agent.sinks.callback_actions import PerformAction
from agent.sinks.links import Link, Links
from agent.store import UnavailableError
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

COMPARED_AFTER_END = 86400.0
"""Seconds for which a ticket that has ended is still compared."""
_MAX_QUERIES = 200
"""The most tickets that one system is queried about in one round."""


@unique
class TicketSystemRepair(StrEnum):
    """A difference between the ledger and a ticket system, and so its repair."""

    CLOSED_THERE = "closed_there"
    """People closed or deleted it there and no callback came: it is closed here with their
    resolution."""
    REOPENED_THERE = "reopened_there"
    """People reopened it there after our close had arrived: it is reopened here."""
    LOST_RESOLVE = "lost_resolve"
    """It is open there although it ended here: its end is sent again."""
    LOST_REOPEN = "lost_reopen"
    """We closed it there and it was reopened here since: the reopening is sent again."""
    LOST_TICKET = "lost_ticket"
    """It does not exist there: it is sent from its beginning."""


Redeliver = Callable[[str, str, str, float], Awaitable[Change | None]]
"""``agent.tickets.manager.Tickets.redeliver``."""


def difference(
    ticket: Ticket, remote: RemoteStatus, link: Link | None
) -> TicketSystemRepair | None:
    """How the two differ; ``None`` if they agree or if the remote state is unknown."""
    if ticket.open:
        return _WHILE_OPEN.get(remote.state)
    if remote.state is not RemoteState.OPEN:
        return None
    close_arrived = link is not None and link.last_move == "closed"
    return TicketSystemRepair.REOPENED_THERE if close_arrived else TicketSystemRepair.LOST_RESOLVE


_WHILE_OPEN = {
    RemoteState.CLOSED_BY_HUMAN: TicketSystemRepair.CLOSED_THERE,
    RemoteState.CLOSED: TicketSystemRepair.LOST_REOPEN,
    RemoteState.ABSENT: TicketSystemRepair.LOST_TICKET,
    # Deleting counts as closing: if the fault persists, ours is reopened and another is created.
    RemoteState.GONE: TicketSystemRepair.CLOSED_THERE,
}
_EVENT_TO_SEND = {
    TicketSystemRepair.LOST_RESOLVE: CLOSED,
    TicketSystemRepair.LOST_REOPEN: REOPENED,
    TicketSystemRepair.LOST_TICKET: OPENED,
}


class TicketSystemReconciler:
    """Compares the ledger with every system that can be queried, from start to stop.

    Args:
        sinks: Returns the sinks as they are now.
        ledger: Our tickets.
        outbox: The changes that have not been delivered yet.
        links: The ids of our tickets there.
        act: Closes and reopens.
        redeliver: Queues an event that was lost.
        telemetry: Counts the repairs.
        interval: Returns the seconds between two rounds.
        clock: Epoch seconds.
    """

    def __init__(  # noqa: PLR0913 - the collaborators have nothing in common to bundle
        self,
        *,
        sinks: Callable[[], Sequence[Sink]],
        ledger: Ledger,
        outbox: Outbox,
        links: Links,
        act: PerformAction,
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
        self._last_compared: dict[str, str] = {}
        self._refused: dict[tuple[str, str], RemoteState] = {}
        self._task = BackgroundTask("ticket-system-reconciler", self._run)

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
        """A reconciler over ``database`` that acts through ``tickets``."""
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
        """Start comparing in a task."""
        self._task.start()

    async def stop(self) -> None:
        """Cancel the task and wait for its end."""
        await self._task.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval())
            try:
                await self.reconcile()
            except UnavailableError:
                pass
            except Exception:
                # One failed round must not end the task: the next may succeed.
                log.exception("desk_reconcile_failed")

    async def reconcile(self) -> Counter[tuple[str, TicketSystemRepair]]:
        """Compare once with every system; returns the number of repairs by sink and kind.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        repairs: Counter[tuple[str, TicketSystemRepair]] = Counter()
        ids = await self._ledger.comparable_ids(self._clock() - COMPARED_AFTER_END)
        for sink in self._sinks():
            for ticket in await self._next_batch(sink.name, ids):
                repair = await self._compare(sink, ticket)
                if repair is not None:
                    repairs[sink.name, repair] += 1
        if repairs:
            counts = {f"{sink}/{repair}": count for (sink, repair), count in repairs.items()}
            log.info("desks_put_right", **counts)
        return repairs

    async def _next_batch(self, sink: str, ids: Iterable[str]) -> list[Ticket]:
        """The tickets that follow those of the last round, from the start again at the end.

        What is still queued is not lost: a ticket is compared once everything was sent. Only these
        few tickets are read, of the many that may have ended within a day.
        """
        waiting = await self._outbox.waiting_tickets(sink)
        settled = [it for it in ids if it not in waiting]
        later = [it for it in settled if it > self._last_compared.get(sink, "")]
        batch = (later or settled)[:_MAX_QUERIES]
        self._last_compared[sink] = batch[-1] if batch else ""
        tickets = await self._ledger.several(batch)
        # Again: what was queued since, the tickets that were read may have already.
        waiting = await self._outbox.waiting_tickets(sink)
        return [ticket for ticket in tickets if ticket.id not in waiting]

    async def _compare(self, sink: Sink, ticket: Ticket) -> TicketSystemRepair | None:
        remote = await sink.look_up(ticket.id)
        link = await self._links.get(sink.name, ticket.id)
        repair = difference(ticket, remote, link)
        if repair is None:
            return None
        try:
            change = await self._repair(repair, sink.name, ticket, remote)
        except (IllegalTransitionError, ActionRequestError) as error:
            await self._note_refusal(sink.name, ticket, remote, str(error))
            return None
        if change is None:
            return None
        self._telemetry.ticket_system_repairs.labels(sink.name, repair.value).inc()
        return repair

    async def _note_refusal(
        self, sink: str, ticket: Ticket, remote: RemoteStatus, why: str
    ) -> None:
        """Comment in the timeline that the systems differ, once for each state seen there."""
        if self._refused.get((sink, ticket.id)) is remote.state:
            return
        self._refused[sink, ticket.id] = remote.state
        log.warning("desk_not_put_right", sink=sink, ticket=ticket.id, reason=why)
        text = f"{remote.state} there, which is not followed here: {why}"
        comment = ActionRequest(TicketAction.COMMENT, Actor(ActorKind.TICKET_SYSTEM, sink), text)
        with contextlib.suppress(IllegalTransitionError, ActionRequestError):
            await self._act(ticket.id, comment, self._clock())

    async def _repair(
        self, repair: TicketSystemRepair, sink: str, ticket: Ticket, remote: RemoteStatus
    ) -> Change | None:
        status = remote.status.partition("\n")[0] or remote.state.value
        now = self._clock()
        if repair in _EVENT_TO_SEND:
            reason = f"{repair.value}: {sink} has it as {status}"
            return await self._redeliver(ticket.id, _EVENT_TO_SEND[repair], reason, now)
        actor = Actor(ActorKind.TICKET_SYSTEM, sink)
        reason = f"{status} there, which no callback reported"
        if repair is TicketSystemRepair.REOPENED_THERE:
            request = ActionRequest(TicketAction.REOPEN, actor, reason)
        else:
            resolution = resolution_of(remote.resolution)
            word = "fixed" if resolution is Resolution.RESTORED else resolution.value
            request = ActionRequest(TicketAction.CLOSE, actor, reason, {"resolution": word})
        return await self._act(ticket.id, request, now)
