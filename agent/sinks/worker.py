"""One sink's worker: takes what is due, sends it, and keeps to the sink's pace."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from agent.sinks.backoff import wait_after
from agent.sinks.base import Digesting, Sink, SinkError, SinkFailure
from agent.sinks.budget import Budget
from agent.sinks.condition import LONGEST_PAUSE, Condition
from agent.store.errors import StoreError
from agent.tickets.outbox.outbox import Outbox, Queue, Row
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

IDLE_SECONDS = 5.0
"""The longest a worker sleeps without looking into the queue again."""
MOST_TICKETS_A_DIGEST = 50
STEPS = ("update", "restored", "closed", "reopened")
"""What a ticket system may refuse to let us do."""
_SECOND_OPINION_EVERY = 5
"""Failed attempts of the oldest row after which another ticket's row is tried beside it."""
_REPORT_EVERY = 1.0


class Worker:
    """Delivers one sink's rows, the most important first, until told to stop.

    A failed row waits by its own attempts and lets the others go. A sink that is down is
    probed with its oldest row, and where that fails with one of another ticket, so that
    neither the order is lost nor one bad row keeps an outage up. A chat hears of many tickets
    at once where many wait.
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
        self._budget = Budget(sink.windows)
        self._singly = 0
        self._held = False
        self._reported_at = 0.0
        telemetry.sink_deliveries.labels(sink.name)
        telemetry.sink_held.labels(sink.name).set(0)
        for step in STEPS:
            telemetry.sink_steps_refused.labels(sink.name, step)
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
        await self._remember()
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

    async def _remember(self) -> None:
        """What was sent before a restart counts against the sink's budget still."""
        if not self._budget.longest:
            return
        try:
            since = self._clock() - self._budget.longest
            self._budget.recall(await self._outbox.attempts_since(self._sink.name, since))
        except StoreError:
            log.exception("outbox_unreadable", sink=self._sink.name)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), IDLE_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Deliver all that is due; gives the seconds until more will be."""
        while self._held_up() <= 0:
            if not await (self._probe() if self._condition.is_down else self._next()):
                break
            if self._clock() - self._reported_at >= _REPORT_EVERY:
                await self._report()
        await self._report()
        due = await self._outbox.next_due(self._sink.name)
        if due is None:
            return IDLE_SECONDS
        wait = self._held_up()
        return wait if self._condition.is_down else max(due - self._clock(), wait)

    def _held_up(self) -> float:
        """Seconds until the sink may be sent anything."""
        now = self._clock()
        return max(self._condition.paused_until - now, self._budget.wait(now))

    async def _next(self) -> bool:
        """Attempt what is due, if there is anything."""
        rows = await self._claim()
        if not rows:
            return False
        await self._attempt(rows)
        return True

    async def _claim(self) -> list[Row]:
        name, now = self._sink.name, self._clock()
        if isinstance(self._sink, Digesting):
            most = 1 if self._singly else MOST_TICKETS_A_DIGEST
            self._singly = max(self._singly - 1, 0)
            return await self._outbox.claim_together(name, now, self._sink.digest_from, most)
        row = await self._outbox.claim(name, now)
        return [row] if row else []

    async def _probe(self) -> bool:
        """Attempt the oldest row, and now and then one of another ticket where it fails.

        The oldest goes first, so that a sink that is back hears everything in order; but it may
        be the one row that the sink will never take.
        """
        name = self._sink.name
        first = await self._outbox.claim(name, self._clock(), early=True)
        if first is None:
            return False
        await self._attempt([first])
        second_opinion = first.attempts % _SECOND_OPINION_EVERY == 0
        if second_opinion and self._condition.is_down and not self._condition.asked:
            other = await self._outbox.claim(
                name, self._clock(), early=True, besides=first.ticket_id
            )
            if other is not None:
                await self._attempt([other])
        return True

    async def _attempt(self, rows: Sequence[Row]) -> None:
        now = self._clock()
        self._telemetry.sink_deliveries.labels(self._sink.name).inc()
        self._budget.note(now)
        try:
            if isinstance(self._sink, Digesting):
                await self._sink.deliver_together(rows, now)
            else:
                await self._sink.deliver(rows[0], now)
        except SinkError as error:
            await self._failure(rows, error)
        except Exception as error:
            log.exception("sink_broken", sink=self._sink.name)
            await self._failure(rows, SinkError(SinkFailure.INTERNAL, type(error).__name__))
        else:
            await self._success(rows)

    async def _success(self, rows: Sequence[Row]) -> None:
        now = self._clock()
        await self._outbox.delivered(rows, now)
        self._condition.taken_at = now
        if self._condition.failures == 0:
            return
        log.info("sink_recovered", sink=self._sink.name, failed_attempts=self._condition.failures)
        self._held = False
        self._telemetry.sink_held.labels(self._sink.name).set(0)
        was_down = self._condition.is_down
        self._condition.recover()
        if was_down:
            await self._outbox.wake(self._sink.name, now)

    async def _failure(self, rows: Sequence[Row], error: SinkError) -> None:
        now = self._clock()
        self._telemetry.sink_failures.labels(self._sink.name, error.reason.value).inc()
        if error.permanent and len({row.ticket_id for row in rows}) > 1:
            # One of them may be what is wrong; it must not take the others with it.
            self._singly = len(rows)
            for row in rows:
                await self._outbox.retry(row, error.reason.value, now, now)
            return
        held = error.hold and not self._condition.proved_since(rows[0].first_attempt_at)
        last = [row for row in rows if self._is_last(row, error, held=held)]
        for row in last:
            await self._give_up(row, error, now)
        if len(last) < len(rows):
            await self._postpone([row for row in rows if row not in last], error, held=held)

    def _is_last(self, row: Row, error: SinkError, *, held: bool) -> bool:
        first = self._clock() if row.first_attempt_at is None else row.first_attempt_at
        aged = self._clock() - first >= self._sink.pace.give_up_after
        return error.permanent or (aged and not held)

    async def _postpone(self, rows: Sequence[Row], error: SinkError, *, held: bool) -> None:
        now, pace = self._clock(), self._sink.pace
        self._log_failing(error, held=held)
        asked, chance = error.retry_after or 0.0, self._chance()
        grown = wait_after(self._condition.failures + 1, pace, chance)
        first_wait = wait_after(1, pace, chance)
        # A wait for one ticket's sake (is it made already?) is not the sink's.
        everybody = 0.0 if error.reason is SinkFailure.UNCERTAIN else asked
        tickets = [row.ticket_id for row in rows]
        self._condition.fail(tickets, now, (first_wait, grown), everybody, whole=held)
        for row in rows:
            wait = max(wait_after(row.attempts, pace, chance), asked)
            wait = min(wait, max(LONGEST_PAUSE, asked)) if held else wait
            await self._outbox.retry(row, error.reason.value, now + wait, now)

    def _log_failing(self, error: SinkError, *, held: bool) -> None:
        told = {"sink": self._sink.name, "reason": error.reason.value, "detail": error.detail}
        if held and not self._held:
            self._held = True
            self._telemetry.sink_held.labels(self._sink.name).set(1)
            log.error("sink_held", **told, remedy="mend the sink's settings; nothing is lost")
        elif self._condition.failures == 0:
            log.warning("sink_failing", **told)

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
