"""Feeds every sink from the outbox, each on its own: one sink's outage delays no other."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence

import structlog

from agent.sinks.base import Sink
from agent.sinks.links import Links
from agent.sinks.remote_ticket import RemoteTicket
from agent.sinks.worker import Worker
from agent.store.database import Database
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

KEEP_DELIVERED = 30 * 86400.0
"""Seconds for which delivered rows stay in the outbox, as a record of what was sent."""
_PRUNE_EVERY = 3600.0


class Dispatcher:
    """Runs one worker per sink. It owns the sinks it is given and closes them.

    Args:
        database: The open ledger.
        sinks: Where tickets go; names must differ.
        telemetry: The agent's own metrics.
        clock: Epoch seconds.
        chance: Draws from 0 to 1, to spread retries.
    """

    def __init__(
        self,
        database: Database,
        sinks: Sequence[Sink],
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = Outbox(database)
        self._links = Links(database)
        self._sinks = tuple(sinks)
        self._telemetry = telemetry
        self._clock = clock
        self._chance = chance
        self._workers: list[Worker] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up where the last run left off.

        Raises:
            StoreError: when the ledger refuses.
        """
        again = await self._outbox.recover()
        if again:
            log.info("deliveries_taken_up_again", rows=again)
        await self._warn_of_orphans()
        self._begin()
        self._keeper = asyncio.create_task(self._keep_house(), name="outbox-keeper")

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Where tickets go now."""
        return self._sinks

    def wake(self) -> None:
        """Something was queued; deliver it now. Hand this to ``Tickets(committed=...)``."""
        for worker in self._workers:
            worker.wake()

    async def look_up(self, ticket_id: str) -> dict[str, RemoteTicket]:
        """How a ticket stands in each system, by the sink's name; all are asked at once."""
        sinks = self._sinks
        found = await asyncio.gather(*(sink.look_up(ticket_id) for sink in sinks))
        return {sink.name: standing for sink, standing in zip(sinks, found, strict=True)}

    async def replay(self, ticket: str | None = None) -> int:
        """Send dead letters again, of one ticket or of all; gives how many.

        Raises:
            StoreError: when the ledger refuses.
        """
        queued = await self._outbox.replay(ticket, self._clock())
        self.wake()
        return queued

    async def replace(self, sinks: Sequence[Sink], grace: float = 5.0) -> None:
        """Go on with other sinks, as after a reload; what was queued for a sink stays queued."""
        await self._end(grace)
        self._sinks = tuple(sinks)
        await self._outbox.recover()
        self._begin()

    async def stop(self, grace: float = 10.0) -> None:
        """Deliver what is due, for at most ``grace`` seconds, then end.

        What could not be delivered stays queued for the next start.
        """
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end(grace)

    def _begin(self) -> None:
        self._workers = [
            Worker(sink, self._outbox, self._telemetry, self._clock, self._chance)
            for sink in self._sinks
        ]
        self._tasks = [
            asyncio.create_task(worker.run(), name=f"sink-{sink.name}")
            for worker, sink in zip(self._workers, self._sinks, strict=True)
        ]

    async def _end(self, grace: float) -> None:
        for worker in self._workers:
            worker.finish()
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._workers, self._tasks = [], []
        for sink in self._sinks:
            await sink.close()

    async def _warn_of_orphans(self) -> None:
        configured = {sink.name for sink in self._sinks}
        for name, queue in (await self._outbox.queues()).items():
            if name not in configured and queue.pending:
                log.warning("sink_not_configured", sink=name, pending=queue.pending)

    async def _keep_house(self) -> None:
        while True:
            try:
                await self._outbox.prune(self._clock() - KEEP_DELIVERED)
                await self._links.prune_callbacks(self._clock() - KEEP_DELIVERED)
            except Exception:
                log.exception("outbox_not_pruned")
            await asyncio.sleep(_PRUNE_EVERY)
