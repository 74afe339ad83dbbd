"""Asks providers for the receipts of accepted messages, so that accepted is not called arrived."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

import structlog

from agent.sinks.base import SinkError
from agent.sinks.notifications import Notification
from agent.sinks.phone_api import NotificationState
from agent.store import StoreError, UnavailableError
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

INTERVAL = 15.0
"""Seconds between two looks for receipts that are due."""
_WAITS: Final = (30.0, 90.0, 300.0, 900.0, 3600.0)
"""Seconds before each question; most receipts come within a minute. The last one repeats."""
_FAILED: Final = (NotificationState.FAILED, NotificationState.UNKNOWN)


def next_check(checks: int) -> float:
    """Seconds until the next question after ``checks`` of them went unanswered."""
    return _WAITS[min(checks, len(_WAITS) - 1)]


@runtime_checkable
class ReceiptSink(Protocol):
    """A sink whose messages have receipts."""

    name: str

    async def check_receipts(self, now: float) -> Sequence[Notification]:
        """Ask for the receipts that are due; returns the messages whose state became known.

        Raises:
            SinkError: when the provider does not answer.
            StoreError: when the ledger cannot be read or written.
        """


class ReceiptReader:
    """Reads receipts for all sinks, counts what became of messages and logs those that failed.

    Args:
        sinks: The sinks as they are now.
        telemetry: The agent's own metrics.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        sinks: Callable[[], Sequence[object]],
        telemetry: Telemetry,
        clock: Callable[[], float],
    ) -> None:
        self._sinks = sinks
        self._telemetry = telemetry
        self._clock = clock

    async def run(self) -> None:
        """Read receipts until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.read()

    async def read(self) -> None:
        """Read the receipts that are due now, for every sink."""
        for sink in self._sinks():
            if isinstance(sink, ReceiptSink):
                await self._read(sink)

    async def _read(self, sink: ReceiptSink) -> None:
        try:
            settled = await sink.check_receipts(self._clock())
        except SinkError as error:
            log.warning("receipts_unreadable", sink=sink.name, detail=error.detail)
            return
        except UnavailableError:
            return
        except StoreError:
            log.exception("receipts_not_written", sink=sink.name)
            return
        except Exception:
            # The messages are out; a broken sink must not end the reading for the others.
            log.exception("receipts_broken", sink=sink.name)
            return
        for message in settled:
            self._report(message)

    def _report(self, message: Notification) -> None:
        self._telemetry.notifications.labels(message.sink, message.state.value).inc()
        if message.state in _FAILED:
            report_failure(message)


def report_failure(message: Notification) -> None:
    """Log that a message did not arrive, or that nobody knows whether it did."""
    log.warning(
        "notification_not_delivered",
        sink=message.sink,
        ticket=message.ticket_id,
        receiver=message.receiver,
        state=message.state.value,
        detail=message.detail,
    )
