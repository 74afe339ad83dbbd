"""The history as the agent runs it: its database, its recorder, and the reader of the pages."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import structlog

from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.history.database import HistoryDatabase
from agent.history.hours import HistoryError, HistoryReader
from agent.history.ledger_reader import LedgerHistory
from agent.history.prometheus import PrometheusHistory
from agent.history.recorder import HistoryRecorder
from agent.model import AccountKey
from agent.states import Severity

log = structlog.get_logger(__name__)


class CheckedFleet(Protocol):
    """Who has the newest check results."""

    @property
    def results(self) -> Mapping[AccountKey, CheckResult]:
        """By account."""
        ...


class OpenTicket(Protocol):
    """A ticket, as far as the history counts it."""

    @property
    def severity(self) -> Severity:
        """How severe it is."""
        ...


class OpenTickets(Protocol):
    """Who has the open tickets."""

    @property
    def open(self) -> Collection[OpenTicket]:
        """All of them."""
        ...


class HistoryService:
    """Records while it runs; the configuration is read at the start.

    Args:
        settings: The configuration in force.
        fleet: Has the newest check results.
        tickets: Has the open tickets.
        clock: Epoch seconds.
        retention: The time by which the history grows old (:mod:`agent.store.retention`).
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        fleet: CheckedFleet,
        tickets: OpenTickets,
        clock: Callable[[], float],
        retention: Callable[[], Awaitable[float]],
    ) -> None:
        self._settings = settings
        self._fleet = fleet
        self._tickets = tickets
        self._clock = clock
        self._retention = retention
        self._reader: HistoryReader | None = None
        self._recording: HistoryRecorder | None = None

    def reader(self) -> HistoryReader | None:
        """The history; ``None`` where none is kept, or it cannot be opened."""
        return self._reader

    async def run(self) -> None:
        """Record until cancelled; the agent goes on without a history that cannot be opened."""
        async with AsyncExitStack() as resources:
            resources.callback(self._forget)
            await self._open(resources)
            if self._recording is not None:
                await self._recording.run()
            await asyncio.Event().wait()

    async def _open(self, resources: AsyncExitStack) -> None:
        settings = self._settings()
        try:
            if settings.history.enabled:
                database = await HistoryDatabase.open(Path(settings.data_dir))
                resources.push_async_callback(database.close)
                self._reader, self._recording = LedgerHistory(database), self._recorder(database)
            if settings.prometheus.url is not None:
                prometheus = PrometheusHistory(settings.prometheus)
                resources.push_async_callback(prometheus.close)
                self._reader = prometheus
        except (HistoryError, OSError) as error:
            log.error("history_not_opened", error=str(error))  # noqa: TRY400 - the text says it

    def _forget(self) -> None:
        self._reader = self._recording = None

    def _recorder(self, database: HistoryDatabase) -> HistoryRecorder:
        return HistoryRecorder(
            database,
            lambda: self._fleet.results,
            lambda: [ticket.severity for ticket in self._tickets.open],
            self._clock,
            self._expiry,
        )

    async def _expiry(self) -> float:
        return await self._retention() - self._settings().history.keep
