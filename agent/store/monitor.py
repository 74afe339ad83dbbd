"""Watches whether the ledger can be written, and publishes it."""

import asyncio
from contextlib import suppress

from agent.event_loop import BackgroundTask
from agent.store.database import Database
from exporters.telemetry import Telemetry

INTERVAL = 10.0
"""Seconds between two trials while nothing is wrong."""
TROUBLE_INTERVAL = 1.0
"""Seconds between two trials while something is."""


class LedgerMonitor:
    """Tries the ledger at intervals and sets ``numwatch_ledger_writable``.

    Args:
        database: The ledger.
        telemetry: The agent's own metrics.
    """

    def __init__(self, database: Database, telemetry: Telemetry) -> None:
        self._database = database
        self._telemetry = telemetry
        self._turned = asyncio.Event()
        self._task = BackgroundTask("ledger-monitor", self._run)

    def start(self) -> None:
        """Begin to watch."""
        self._database.on_turn = self._publish
        self._publish()
        self._task.start()

    async def stop(self) -> None:
        """Stop watching."""
        await self._task.stop()
        self._database.on_turn = lambda: None

    def _publish(self) -> None:
        self._telemetry.ledger_writable.set(self._database.trouble is None)
        self._turned.set()

    async def _run(self) -> None:
        while True:
            await self._database.probe()
            if self._database.trouble is not None:
                await asyncio.sleep(TROUBLE_INTERVAL)
                continue
            self._turned.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._turned.wait(), INTERVAL)
