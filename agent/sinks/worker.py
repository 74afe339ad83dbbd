"""One sink's worker: takes what is due, sends it, and keeps to the sink's pace."""

import asyncio
from collections.abc import Callable

import structlog

from agent.sinks.backoff import wait_after
from agent.sinks.base import Sink, SinkError, SinkFailure
from agent.sinks.condition import Condition
from agent.store.errors import StoreError
from agent.tickets.outbox import Outbox, Queue, Row
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

IDLE_SECONDS = 5.0
"""The longest a worker sleeps without looking into the queue again."""
_SECOND_OPINION_EVERY = 5
"""Failed attempts of the oldest row after which another ticket's row is tried beside it."""
_REPORT_EVERY = 1.0


class Worker:
    """Delivers one sink's rows, one at a time and oldest first, until told to stop.

    A failed row waits by its own attempts and lets the others go. A sink that is down is
    probed with its oldest row, and where that fails with one of another ticket, so that
    neither the order is lost nor one bad row keeps an outage up.
    """

    def __init__(
        self,
        sink: Sink,
        outbox: Outbox,
        telemetry: Telemetry,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._outbox = outbox
        self._telemetry = telemetry
        self._clock = clock
        self._chance = chance
        self._wake = asyncio.Event()
        self._stopping = False
        self._waiting = False
        self._condition = Condition()
        self._reported_at = 0.0
        telemetry.sink_deliveries.labels(sink.name)
        for reason in SinkFailure:
            telemetry.sink_failures.labels(sink.name, reason.value)

    @property
    def idle(self) -> bool:
        """Whether all that was due has been tried and the worker waits."""
        return self._waiting and not self._wake.is_set()

    def wake(self) -> None:
        """Look into the queue now."""
        self._wake.set()

    def finish(self) -> None:
        """Deliver what is due now, then end :meth:`run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until :meth:`finish` is called or the task is cancelled."""
        while True:
            self._wake.clear()
            try:
                wait = await self._round()
            except StoreError:
                log.exception("outbox_unreadable", sink=self._sink.name)
                wait = IDLE_SECONDS
            if self._stopping:
                return
            self._waiting = True
            await self._sleep(wait)
            self._waiting = False

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), IDLE_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Deliver all that is due; gives the seconds until more will be."""
        while self._clock() >= self._condition.paused_until:
            if not await (self._probe() if self._condition.is_down else self._next()):
                break
            if self._clock() - self._reported_at >= _REPORT_EVERY:
                await self._report()
        await self._report()
        due = await self._outbox.next_due(self._sink.name)
        if due is None:
            return IDLE_SECONDS
        paused_until = self._condition.paused_until
        soonest = paused_until if self._condition.is_down else max(due, paused_until)
        return soonest - self._clock()

    async def _next(self) -> bool:
        """Attempt the oldest row that is due, if there is one."""
        row = await self._outbox.claim(self._sink.name, self._clock())
        if row is None:
            return False
        await self._attempt(row)
        return True

    async def _probe(self) -> bool:
        """Attempt the oldest row, and now and then one of another ticket where it fails.

        The oldest goes first, so that a sink that is back hears everything in order; but it may
        be the one row that the sink will never take.
        """
        name = self._sink.name
        first = await self._outbox.claim(name, self._clock(), early=True)
        if first is None:
            return False
        await self._attempt(first)
        second_opinion = first.attempts % _SECOND_OPINION_EVERY == 0
        if second_opinion and self._condition.is_down and not self._condition.asked:
            other = await self._outbox.claim(
                name, self._clock(), early=True, besides=first.ticket_id
            )
            if other is not None:
                await self._attempt(other)
        return True

    async def _attempt(self, row: Row) -> None:
        self._telemetry.sink_deliveries.labels(self._sink.name).inc()
        try:
            await self._sink.deliver(row, self._clock())
        except SinkError as error:
            await self._failure(row, error)
        except Exception as error:
            log.exception("sink_broken", sink=self._sink.name)
            await self._failure(row, SinkError(SinkFailure.INTERNAL, type(error).__name__))
        else:
            await self._success(row)

    async def _success(self, row: Row) -> None:
        now = self._clock()
        await self._outbox.delivered(row, now)
        if self._condition.failures == 0:
            return
        log.info("sink_recovered", sink=self._sink.name, failed_attempts=self._condition.failures)
        was_down = self._condition.is_down
        self._condition.recover()
        if was_down:
            await self._outbox.wake(self._sink.name, now)

    async def _failure(self, row: Row, error: SinkError) -> None:
        now, pace = self._clock(), self._sink.pace
        self._telemetry.sink_failures.labels(self._sink.name, error.reason.value).inc()
        first = now if row.first_attempt_at is None else row.first_attempt_at
        if error.permanent or now - first >= pace.give_up_after:
            await self._give_up(row, error, now)
            return
        if self._condition.failures == 0:
            self._log_failing(error)
        asked, chance = error.retry_after or 0.0, self._chance()
        grown = wait_after(self._condition.failures + 1, pace, chance)
        first_wait = wait_after(1, pace, chance)
        self._condition.fail(row.ticket_id, now, (first_wait, grown), asked)
        wait = max(wait_after(row.attempts, pace, chance), asked)
        await self._outbox.retry(row, error.reason.value, now + wait, now)

    def _log_failing(self, error: SinkError) -> None:
        log.warning(
            "sink_failing",
            sink=self._sink.name,
            reason=error.reason.value,
            detail=error.detail,
        )

    async def _give_up(self, row: Row, error: SinkError, now: float) -> None:
        await self._outbox.bury(row, error.reason.value, now)
        log.error(
            "delivery_given_up",
            sink=self._sink.name,
            ticket=row.ticket_id,
            kind=row.type,
            attempts=row.attempts,
            reason=error.reason.value,
            detail=error.detail,
        )

    async def _report(self) -> None:
        name = self._sink.name
        self._reported_at = self._clock()
        queue = (await self._outbox.queues()).get(name, Queue())
        self._telemetry.outbox_pending.labels(name).set(queue.pending)
        self._telemetry.outbox_oldest.labels(name).set(queue.oldest or 0.0)
        self._telemetry.dead_letters.labels(name).set(queue.dead)
