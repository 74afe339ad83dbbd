"""The worker of one sink: sends the rows that are due, within the sink's limits."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from agent.sinks.base import DigestingSink, Sink, SinkError, SinkFailure
from agent.sinks.delivery_status import DeliveryStatus
from agent.sinks.pacing import LONGEST_PAUSE, OutageDetector, RateBudget, backoff
from agent.store import StoreError, UnavailableError
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.outbox.rows import Queue, Row
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

IDLE_SECONDS = 5.0
"""The longest a worker sleeps before it queries the outbox again."""
MAX_TICKETS_PER_DIGEST = 50
STEPS = ("update", "restored", "closed", "reopened")
"""Steps that a ticket system may refuse: the values of the label ``step``."""
_OTHER_TICKET_EVERY = 5
"""Failed attempts of the oldest row after which a row of another ticket is tried as well."""
LONGEST_ATTEMPT = 300.0
"""Seconds after which an attempt counts as failed, whatever the sink is doing."""
_METRICS_INTERVAL = 1.0
"""Seconds between two updates of the queue's metrics while rows are being sent."""


class _Result(NamedTuple):
    """What came of an attempt."""

    rows: Sequence[Row]
    error: SinkError | None
    """Why the rows were not accepted; ``None`` if they were."""


class Worker:
    """Delivers one sink's rows, the most important first, until :meth:`finish` is called.

    A failed row waits by the number of its own attempts and does not hold up the others. A sink
    that is down is probed with its oldest row and, if that keeps failing, with one of another
    ticket: the order is kept, and one bad row cannot prolong an outage. A chat gets one message
    about many tickets if many wait.

    A claim lasts for one attempt. When the ledger refuses the attempt's result, the worker keeps
    it and writes it first thing the next time; when it refuses the claim itself, what is marked
    as being sent is queued again.

    Args:
        sink: The sink to deliver to; the caller closes it.
        outbox: The queue.
        telemetry: The agent's own metrics.
        clock: Epoch seconds, for what sinks are told.
        steady: Epoch seconds for waits (:class:`agent.clock.SteadyClock`).
        jitter: Draws from 0 to 1, to vary the waits between retries.
        may_send: Whether anything may be sent to the sink at this moment.
    """

    def __init__(
        self,
        sink: Sink,
        outbox: Outbox,
        telemetry: Telemetry,
        clock: Callable[[], float],
        steady: Callable[[], float],
        jitter: Callable[[], float],
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sink = sink
        self.sink_name = sink.name
        self._may_send = may_send
        self._outbox = outbox
        self._telemetry = telemetry
        self._wall = clock
        self._clock = steady
        self._jitter = jitter
        self._wake = asyncio.Event()
        self._stopping = False
        self._waiting = False
        self._outage = OutageDetector()
        self._budget = RateBudget(sink.rate_limits)
        self._single_deliveries = 0
        self._held = False
        self._newest_error: tuple[SinkError, float] | None = None
        self._unwritten: _Result | None = None
        self._claims_are_known = False
        self._published_at = 0.0
        telemetry.sink_deliveries.labels(sink.name)
        telemetry.sink_held.labels(sink.name).set(0)
        for step in STEPS:
            telemetry.sink_steps_refused.labels(sink.name, step)
        for reason in SinkFailure:
            telemetry.sink_failures.labels(sink.name, reason.value)

    @property
    def idle(self) -> bool:
        """Whether every row that was due has been tried and the worker waits."""
        return self._waiting and not self._wake.is_set()

    def status(self) -> DeliveryStatus:
        """How deliveries go, for people."""
        error, failed_at = self._newest_error or (None, None)
        return DeliveryStatus(
            sink=self._sink.name,
            is_held=self._held,
            is_down=self._outage.is_down,
            failures=self._outage.failures,
            accepted_at=self._outage.accepted_at or None,
            failure=error.reason.value if error else "",
            detail=error.detail if error else "",
            failed_at=failed_at,
            paused_until=self._outage.paused_until or None,
        )

    def wake(self) -> None:
        """Query the outbox now instead of after :data:`IDLE_SECONDS`."""
        self._wake.set()

    def finish(self) -> None:
        """Deliver what is due now, then return from :meth:`run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until :meth:`finish` is called or the task is cancelled."""
        while True:
            self._wake.clear()
            try:
                await self._settle_claims()
                wait = await self._deliver_due()
            except StoreError as error:
                self._claims_are_known = False
                # A ledger that is known to be unavailable has its own log line.
                if not isinstance(error, UnavailableError):
                    log.error("outbox_unreadable", sink=self._sink.name, error=str(error))  # noqa: TRY400 - the text says it
                await self._publish_what_waits()
                wait = IDLE_SECONDS
            if self._stopping:
                return
            self._waiting = True
            await self._sleep(wait)
            self._waiting = False

    async def _settle_claims(self) -> None:
        """Write the result that could not be written, and end every other claim of this sink.

        Nothing is being sent when this is called, so that a row in the state "sending" is a claim
        whose result was never written.
        """
        if self._unwritten is not None:
            await self._record(self._unwritten)
        if not self._claims_are_known:
            released = await self._outbox.release(self._sink.name)
            if released:
                log.warning("deliveries_taken_up_again", sink=self._sink.name, rows=released)
            self._claims_are_known = True

    async def restore_budget(self) -> None:
        """Count what was sent before a restart against the sink's rate limits."""
        if not self._budget.longest_period:
            return
        try:
            since = self._clock() - self._budget.longest_period
            self._budget.restore(await self._outbox.attempts_since(self._sink.name, since))
        except StoreError as error:
            log.error("outbox_unreadable", sink=self._sink.name, error=str(error))  # noqa: TRY400 - the text says it

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), IDLE_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver_due(self) -> float:
        """Deliver every row that is due; returns the seconds until the next one will be."""
        while self._blocked_for() <= 0 and self._may_send():
            if not await (self._probe() if self._outage.is_down else self._attempt_next()):
                break
            if self._clock() - self._published_at >= _METRICS_INTERVAL:
                await self._publish_queue()
        await self._publish_queue()
        due = await self._outbox.next_due(self._sink.name)
        if due is None:
            return IDLE_SECONDS
        wait = self._blocked_for()
        return wait if self._outage.is_down else max(due - self._clock(), wait)

    def _blocked_for(self) -> float:
        """Seconds until anything may be sent to the sink."""
        now = self._clock()
        return max(self._outage.paused_until - now, self._budget.wait(now))

    async def _attempt_next(self) -> bool:
        """Attempt what is due next; returns whether there was anything."""
        rows = await self._claim()
        if not rows:
            return False
        await self._attempt(rows)
        return True

    async def _claim(self) -> list[Row]:
        name, now = self._sink.name, self._clock()
        if isinstance(self._sink, DigestingSink):
            most = 1 if self._single_deliveries else MAX_TICKETS_PER_DIGEST
            self._single_deliveries = max(self._single_deliveries - 1, 0)
            return await self._outbox.claim_together(name, now, self._sink.digest_from, most)
        row = await self._outbox.claim(name, now)
        return [row] if row else []

    async def _probe(self) -> bool:
        """Attempt the oldest row and, if it keeps failing, at times one of another ticket.

        The oldest goes first, so that a sink that is back receives everything in order; but it
        may be the one row that the sink will never accept.
        """
        name = self._sink.name
        first = await self._outbox.claim(name, self._clock(), early=True)
        if first is None:
            return False
        await self._attempt([first])
        try_other = first.attempts % _OTHER_TICKET_EVERY == 0
        if try_other and self._outage.is_down and not self._outage.requested_wait:
            other = await self._outbox.claim(
                name, self._clock(), early=True, besides=first.ticket_id
            )
            if other is not None:
                await self._attempt([other])
        return True

    async def _attempt(self, rows: Sequence[Row]) -> None:
        if not self._may_send():
            # The sink was lost since the claim; its next owner takes the rows up.
            return
        self._telemetry.sink_deliveries.labels(self._sink.name).inc()
        self._budget.record(self._clock())
        await self._record(_Result(rows, await self._try_to_deliver(rows)))

    async def _try_to_deliver(self, rows: Sequence[Row]) -> SinkError | None:
        """Send ``rows``; returns why they were not accepted, ``None`` if they were."""
        now = self._wall()
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT):
                if isinstance(self._sink, DigestingSink):
                    await self._sink.deliver_together(rows, now)
                else:
                    await self._sink.deliver(rows[0], now)
        except SinkError as error:
            return error
        except TimeoutError:
            detail = f"no result within {LONGEST_ATTEMPT:g} s"
            return SinkError(SinkFailure.TIMEOUT, detail, ambiguous=True)
        except Exception as error:
            log.exception("sink_broken", sink=self._sink.name)
            return SinkError(SinkFailure.INTERNAL, type(error).__name__)
        return None

    async def _record(self, result: "_Result") -> None:
        self._unwritten = result
        if result.error is None:
            await self._record_success(result.rows)
        else:
            await self._record_failure(result.rows, result.error)
        self._unwritten = None

    async def _record_success(self, rows: Sequence[Row]) -> None:
        now = self._clock()
        await self._outbox.delivered(rows, now)
        self._outage.accepted_at = now
        if self._outage.failures == 0:
            return
        log.info("sink_recovered", sink=self._sink.name, failed_attempts=self._outage.failures)
        self._held = False
        self._telemetry.sink_held.labels(self._sink.name).set(0)
        was_down = self._outage.is_down
        self._outage.recover()
        if was_down:
            await self._outbox.wake(self._sink.name, now)

    async def _record_failure(self, rows: Sequence[Row], error: SinkError) -> None:
        """Give the rows up, or put them back for a later attempt."""
        now = self._clock()
        self._newest_error = error, now
        self._telemetry.sink_failures.labels(self._sink.name, error.reason.value).inc()
        if error.permanent and len({row.ticket_id for row in rows}) > 1:
            # One ticket may be at fault: each is sent by itself next, so that one is lost at most.
            self._single_deliveries = len(rows)
            for row in rows:
                await self._outbox.retry(row, error.reason.value, now, now)
            return
        held = error.hold and not self._outage.accepted_since(rows[0].first_attempt_at)
        expired = [row for row in rows if self._is_last_attempt(row, error, held=held)]
        for row in expired:
            await self._give_up(row, error, now)
        if len(expired) < len(rows):
            await self._postpone([row for row in rows if row not in expired], error, held=held)

    def _is_last_attempt(self, row: Row, error: SinkError, *, held: bool) -> bool:
        first = self._clock() if row.first_attempt_at is None else row.first_attempt_at
        aged = self._clock() - first >= self._sink.retry_policy.give_up_after
        return error.permanent or (aged and not held)

    async def _postpone(self, rows: Sequence[Row], error: SinkError, *, held: bool) -> None:
        now, policy = self._clock(), self._sink.retry_policy
        self._log_failing(error, held=held)
        requested, jitter = error.retry_after or 0.0, self._jitter()
        waits = backoff(1, policy, jitter), backoff(self._outage.failures + 1, policy, jitter)
        # Waiting until one ticket's search can be believed must not pause the other tickets.
        sink_wait = 0.0 if error.reason is SinkFailure.UNCERTAIN else requested
        tickets = [row.ticket_id for row in rows]
        self._outage.record_failure(tickets, now, waits, sink_wait, sink_wide=held)
        for row in rows:
            wait = max(backoff(row.attempts, policy, jitter), requested)
            wait = min(wait, max(LONGEST_PAUSE, requested)) if held else wait
            await self._outbox.retry(row, error.reason.value, now + wait, now)

    def _log_failing(self, error: SinkError, *, held: bool) -> None:
        fields = {"sink": self._sink.name, "reason": error.reason.value, "detail": error.detail}
        if held and not self._held:
            self._held = True
            self._telemetry.sink_held.labels(self._sink.name).set(1)
            log.error(
                "sink_held", **fields, remedy="correct the sink's settings; the deliveries wait"
            )
        elif self._outage.failures == 0:
            log.warning("sink_failing", **fields)

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

    async def _publish_what_waits(self) -> None:
        """Publish the queue although the ledger refuses something else, if it can be read."""
        with contextlib.suppress(StoreError):
            await self._publish_queue()

    async def _publish_queue(self) -> None:
        name = self._sink.name
        self._published_at = self._clock()
        queue = (await self._outbox.queues()).get(name, Queue())
        self._telemetry.outbox_pending.labels(name).set(queue.pending)
        self._telemetry.outbox_oldest.labels(name).set(queue.oldest or 0.0)
        self._telemetry.dead_letters.labels(name).set(queue.dead)
