"""Delivers the outbox to every sink, each on its own: one sink's outage delays no other."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import structlog

from agent.clock import SteadyClock
from agent.config.sinks import Sink as SinkSettings
from agent.event_loop import BackgroundTask
from agent.sinks.base import RemoteStatus, Sink
from agent.sinks.delivery_status import DeliveryStatus
from agent.sinks.links import Links
from agent.sinks.notifications import Notifications
from agent.sinks.on_call import LadderClimber
from agent.sinks.receipts import ReceiptReader
from agent.sinks.worker import Worker
from agent.store import StoreError, UnavailableError
from agent.store.acting import acting_under
from agent.store.database import Database
from agent.store.leases import sink_lease
from agent.store.retention import RetentionClock
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

RETENTION = 30 * 86400.0
"""Seconds for which delivered rows stay in the outbox, as a record of what was sent."""
_PRUNE_INTERVAL = 3600.0

SMALLEST_GRACE = 10.0
"""Seconds that sinks have at the end to deliver what is due."""
_GRACE_BEYOND_TIMEOUT = 2.0
"""Seconds of grace beyond the longest timeout of a sink, to record how its request ended."""


def grace_for(sinks: Iterable[SinkSettings]) -> float:
    """Seconds to end in: longer than any request under way, or its outcome stays unknown."""
    longest = max((sink.timeout for sink in sinks), default=0.0)
    return max(SMALLEST_GRACE, longest + _GRACE_BEYOND_TIMEOUT)


class Dispatcher:
    """Runs one worker per sink; owns its sinks and closes them.

    Args:
        database: The open ledger.
        sinks: The sinks to deliver to; names must differ.
        telemetry: The agent's own metrics.
        clock: Epoch seconds.
        jitter: Draws from 0 to 1, to vary the waits between retries.
        steady: Epoch seconds for waits; ``None`` stands for what passes from now on.
        retention: The time by which delivered rows grow old (:mod:`agent.store.retention`).
    """

    def __init__(
        self,
        database: Database,
        sinks: Sequence[Sink],
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        steady: Callable[[], float] | None = None,
        retention: Callable[[], Awaitable[float]] | None = None,
    ) -> None:
        self._outbox = Outbox(database)
        self._links = Links(database)
        self._sinks = tuple(sinks)
        self._telemetry = telemetry
        self._clock = clock
        self._retention = retention or RetentionClock(database, clock).now
        self._steady = steady or SteadyClock(clock)
        self._jitter = jitter
        self.owns: Callable[[str], bool] = lambda _: True
        """Whether a sink is delivered to from here at this moment."""
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._notifications = Notifications(database)
        self.receipts = ReceiptReader(self._owned_sinks, telemetry, clock)
        """Reads whether messages to people have arrived."""
        self.ladder = LadderClimber(database, clock, self.wake)
        """Queues notices to whoever is on call."""
        self._climbing = BackgroundTask("ladder", self.ladder.run)
        self._pruning = BackgroundTask("outbox-pruning", self._prune)
        self._reading = BackgroundTask("receipts", self.receipts.run)

    async def start(self) -> None:
        """Continue where the last run stopped, with the sinks that are owned here.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        await self._report_orphans()
        await self.take({sink.name: None for sink in self._owned_sinks()})
        self._pruning.start()
        self._reading.start()
        self._climbing.start()

    async def take(self, epochs: Mapping[str, int | None]) -> None:
        """Deliver to these sinks from now on, each under the epoch of its lease, if it has one.

        Raises:
            StoreError: when the ledger cannot be read or written; none is delivered to then.
        """
        workers = [it for it in self._make_workers() if it.sink_name in epochs]
        # Before any worker: a row that was being sent when the agent died is claimed by nobody.
        for worker in workers:
            await worker.restore_budget()
            with acting_under(sink_lease(worker.sink_name)):
                recovered = await self._outbox.recover(
                    worker.sink_name, self._steady(), epochs[worker.sink_name]
                )
            if recovered:
                log.info("deliveries_taken_up_again", sink=worker.sink_name, rows=recovered)
        self._start_workers(workers)

    async def leave(self, sinks: Collection[str], grace: float) -> None:
        """Deliver what is due to these sinks, for at most ``grace`` seconds, and nothing after."""
        await self._stop_workers(grace, sinks)
        self._forget(sinks)

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """The sinks that tickets are delivered to now."""
        return self._sinks

    def statuses(self) -> list[DeliveryStatus]:
        """How deliveries to each sink go, in the configuration's order."""
        return [worker.status() for worker in self._workers.values()]

    @property
    def idle(self) -> bool:
        """Whether every worker has tried all that was due and waits."""
        return all(worker.idle for worker in self._workers.values())

    def wake(self) -> None:
        """Query the outbox at once. ``Tickets`` calls this after each commit that queued rows."""
        for worker in self._workers.values():
            worker.wake()

    async def replay(self, ticket: str | None) -> int:
        """Queue the dead letters of ``ticket``, or all of them, again; returns how many."""
        count = await self._outbox.replay(ticket, self._clock())
        self.wake()
        return count

    async def look_up(self, ticket_id: str) -> dict[str, RemoteStatus]:
        """The status of a ticket in every system, by the sink's name; queried concurrently."""
        sinks = self._sinks
        statuses = await asyncio.gather(*(sink.look_up(ticket_id) for sink in sinks))
        return {sink.name: status for sink, status in zip(sinks, statuses, strict=True)}

    async def replace(self, sinks: Sequence[Sink], grace: float = 5.0) -> None:
        """Go on with other sinks, as after a reload; rows queued for a sink stay queued."""
        await self._reading.stop()
        await self._stop_workers(grace, set(self._workers))
        await self._close_sinks()
        former = {sink.name for sink in self._sinks}
        self._sinks = tuple(sinks)
        # A worker that was cancelled after the grace has left its row in the state "sending". Each
        # new worker queues such rows again, and tries until the ledger lets it.
        workers = [it for it in self._make_workers() if self.owns(it.sink_name)]
        for worker in workers:
            await worker.restore_budget()
        self._start_workers(workers)
        self._reading.start()
        self._forget(former - {sink.name for sink in self._sinks})
        try:
            await self._report_orphans()
        except StoreError:
            log.exception("outbox_unreadable")

    async def stop(self, grace: float = 10.0) -> None:
        """Deliver what is due, for at most ``grace`` seconds, then end.

        What could not be delivered stays queued for the next start.
        """
        await self._climbing.stop()
        await self._pruning.stop()
        await self._reading.stop()
        await self._stop_workers(grace, set(self._workers))
        await self._close_sinks()

    def _is_owned(self, sink: str) -> bool:
        return self.owns(sink)

    def _owned_sinks(self) -> tuple[Sink, ...]:
        return tuple(sink for sink in self._sinks if self.owns(sink.name))

    def _make_workers(self) -> list[Worker]:
        return [
            Worker(
                sink,
                self._outbox,
                self._telemetry,
                self._clock,
                self._steady,
                self._jitter,
                partial(self._is_owned, sink.name),
            )
            for sink in self._sinks
        ]

    def _forget(self, sinks: Iterable[str]) -> None:
        """Publish nothing more about the queues of ``sinks``, which nobody measures any more."""
        gauges = (
            self._telemetry.outbox_pending,
            self._telemetry.outbox_oldest,
            self._telemetry.dead_letters,
            self._telemetry.sink_held,
        )
        for sink in sinks:
            for gauge in gauges:
                with contextlib.suppress(KeyError):
                    gauge.remove(sink)

    def _start_workers(self, workers: Iterable[Worker]) -> None:
        for worker in workers:
            name = worker.sink_name
            # What a worker writes, it writes under the lease of its sink.
            with acting_under(sink_lease(name)):
                self._tasks[name] = asyncio.create_task(worker.run(), name=f"sink-{name}")
            self._workers[name] = worker

    async def _stop_workers(self, grace: float, sinks: Collection[str]) -> None:
        for name in sinks:
            if name in self._workers:
                self._workers.pop(name).finish()
        tasks = [self._tasks.pop(name) for name in sinks if name in self._tasks]
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close_sinks(self) -> None:
        for sink in self._sinks:
            await sink.close()

    async def _report_orphans(self) -> None:
        """Log and publish the queues of sinks that are not configured: nobody empties them."""
        configured = {sink.name for sink in self._sinks}
        for name, queue in (await self._outbox.queues()).items():
            if name not in configured and queue.pending:
                log.warning("sink_not_configured", sink=name, pending=queue.pending)
                self._telemetry.outbox_pending.labels(name).set(queue.pending)
                self._telemetry.outbox_oldest.labels(name).set(queue.oldest or 0.0)

    async def _prune(self) -> None:
        while True:
            try:
                before = await self._retention() - RETENTION
                await self._outbox.prune(before)
                await self._links.prune_callbacks(before)
                await self._notifications.prune(before)
            except UnavailableError:
                pass
            except Exception:
                # Rows that stay too long are harmless; a task that has ended prunes no more.
                log.exception("outbox_not_pruned")
            await asyncio.sleep(_PRUNE_INTERVAL)
