"""Observes the agent every few seconds and writes what it saw, hour by hour."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import structlog

from agent.checks.result import CheckResult
from agent.history.aggregate import FleetHour
from agent.history.database import HistoryDatabase
from agent.history.hours import HistoryError, hour_of
from agent.history.retention import HistoryRetention
from agent.history.writer import HistoryWriter
from agent.model import AccountKey
from agent.states import Severity
from agent.store import StoreError

log = structlog.get_logger(__name__)

SAMPLE_SECONDS: Final = 5.0
"""Seconds between two looks; polls are further apart."""
WRITE_SECONDS: Final = 900.0
"""Seconds between two writes of the running hour: what a crash may lose."""
_LONGEST_STEP: Final = 60.0
"""A longer time between two looks was not observed: the machine slept."""
_MOST_UNWRITTEN: Final = 6
"""Hours that wait for a database that refuses; older ones are dropped."""

Results = Callable[[], Mapping[AccountKey, CheckResult]]


class HistoryRecorder:
    """Writes the history while it runs.

    Args:
        database: Where to.
        results: The newest check result of every account.
        severities: The severity of every open ticket.
        clock: Epoch seconds.
        expiry: The time before which hours have expired, in epoch seconds.
    """

    def __init__(
        self,
        database: HistoryDatabase,
        results: Results,
        severities: Callable[[], Iterable[Severity]],
        clock: Callable[[], float],
        expiry: Callable[[], Awaitable[float]],
    ) -> None:
        self._writer = HistoryWriter(database)
        self._retention = HistoryRetention(database)
        self._results = results
        self._severities = severities
        self._clock = clock
        self._expiry = expiry
        self._hour = FleetHour(hour_of(clock()))
        self._unwritten: deque[FleetHour] = deque(maxlen=_MOST_UNWRITTEN)
        self._observed_at: float | None = None
        self._written_at = clock()
        self._is_failing = False

    async def run(self) -> None:
        """Observe and write until cancelled; then write once more."""
        try:
            while True:
                await asyncio.sleep(SAMPLE_SECONDS)
                await self._observe_or_log()
        finally:
            await self.write()

    async def _observe_or_log(self) -> None:
        try:
            await self.observe()
        except Exception:
            # A mistake of ours must not end the history for good.
            log.exception("history_not_observed")

    async def observe(self) -> None:
        """Look once; write what is due."""
        now = self._clock()
        if hour_of(now) != self._hour.hour:
            await self._begin_hour(hour_of(now))
        before = now if self._observed_at is None else self._observed_at
        elapsed = min(max(now - before, 0.0), _LONGEST_STEP) or 1.0
        self._observed_at = now
        results = dict(self._results())
        counts = Counter({severity.value: 0 for severity in Severity})
        counts.update(severity.value for severity in self._severities())
        await asyncio.to_thread(self._hour.observe, results, now, elapsed)
        self._hour.observe_tickets(counts)
        if not 0 <= now - self._written_at < WRITE_SECONDS:
            await self.write()

    async def _begin_hour(self, hour: int) -> None:
        ended, self._hour = self._hour, self._hour.next(hour)
        self._unwritten.append(ended)
        await self.write()
        await self._delete_expired()

    async def write(self) -> None:
        """Write every hour that is not written yet, the running one as far as it is.

        What cannot be written is logged and written later.
        """
        self._written_at = self._clock()
        try:
            while self._unwritten:
                await self._writer.write(self._unwritten[0])
                self._unwritten.popleft()
            await self._writer.write(self._hour)
        except HistoryError as error:
            if not self._is_failing:
                log.error("history_not_written", error=str(error))  # noqa: TRY400 - the text says it
            self._is_failing = True
        else:
            self._is_failing = False

    async def _delete_expired(self) -> None:
        try:
            await self._retention.delete_expired(await self._expiry())
        except (HistoryError, StoreError) as error:
            log.warning("history_not_deleted", error=str(error))
