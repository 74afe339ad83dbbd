"""Queries Alertmanager for its firing alerts, and repairs what lost messages left wrong."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping

import structlog

from agent.config.settings import AlertmanagerIntake
from agent.event_loop import BackgroundTask
from agent.net.decode import decode_json
from agent.net.exchange import ProviderError, Request
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.states import PollFailure
from agent.store import StoreError
from agent.webhooks.alertmanager.comparison import (
    AlertRepair,
    Comparison,
    ListingResponse,
    UnconfirmedDifferences,
    compare,
)
from agent.webhooks.alertmanager.external_alert import ExternalAlert
from agent.webhooks.alertmanager.listing import read_listing, read_started_at
from agent.webhooks.alertmanager.payload import unescape_receiver
from agent.webhooks.alertmanager.repository import ExternalAlertRepository
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_MAX_RESPONSE = 64 * 1024 * 1024
_ALL_ALERTS = tuple((state, "true") for state in ("active", "silenced", "inhibited", "unprocessed"))
_LEDGER = "ledger"
"""The failure reason, in metrics, when the ledger failed and not Alertmanager."""
_PIPELINE_DELAY = 1.0
"""Seconds that Alertmanager needs to bring its API in line with a message it just sent."""


class AlertmanagerReconciler:
    """Compares what Alertmanager's messages reported with its alert list, between start and stop.

    Args:
        alerts: The reported alerts.
        settings: The webhook's section of the configuration; without ``url`` it does nothing.
        telemetry: Shows when it last succeeded, why it failed, and what it repaired.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        alerts: ExternalAlertRepository,
        settings: AlertmanagerIntake,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alerts = alerts
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._unconfirmed = UnconfirmedDifferences()
        self._failing = False
        self._wake = asyncio.Event()
        self._task = BackgroundTask("alertmanager reconciler", self._run)
        self._client: HttpClient | None = None

    def start(self) -> None:
        """Start querying, if the webhook is enabled and has a ``url``.

        Raises:
            OSError: when the CA file cannot be read.
        """
        if self._settings.url is None or not self._settings.enabled:
            return
        self._declare_metrics()
        self._client = _make_client(self._settings, self._clock)
        self._task.start()

    async def stop(self) -> None:
        """Stop querying and close the connections."""
        await self._task.stop()
        if self._client is not None:
            await self._client.close()

    def reconcile_soon(self) -> None:
        """Query within a second or so instead of at the end of the interval."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._try_reconcile()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.interval):
                    await self._wake.wait()
                    # The message that woke us may be ahead of what the API lists.
                    await asyncio.sleep(min(_PIPELINE_DELAY, self._settings.interval))
            self._wake.clear()

    async def _try_reconcile(self) -> None:
        try:
            await self._reconcile()
        except ProviderError as error:
            self._record_failure(error.kind.value, error.detail)
        except StoreError as error:
            self._record_failure(_LEDGER, str(error))
        except Exception as error:
            # Whatever went wrong, the next interval must come.
            log.exception("reconcile_failed")
            self._record_failure(PollFailure.SCHEMA.value, type(error).__name__)
        else:
            self._record_success()

    async def _reconcile(self) -> None:
        # Taken before the request: a message that arrives meanwhile is newer than the response.
        requested_at = self._clock()
        tree = await self._get("alerts", _ALL_ALERTS)
        listing = await asyncio.to_thread(read_listing, tree)
        response = ListingResponse(listing, requested_at, await self._is_settled())
        comparisons: list[Comparison] = []

        def find_repairs(alerts: Mapping[str, ExternalAlert]) -> Mapping[str, ExternalAlert]:
            now = self._clock()
            comparisons.append(compare(alerts, response, self._unconfirmed, self._is_ours, now))
            return comparisons[0].changed

        await self._alerts.repair(find_repairs, self._clock())
        self._unconfirmed = comparisons[0].unconfirmed
        self._record_repairs(comparisons[0].repairs)

    def _is_ours(self, receivers: frozenset[str]) -> bool:
        return any(self._settings.receiver in (name, unescape_receiver(name)) for name in receivers)

    async def _is_settled(self) -> bool:
        """Whether Alertmanager has been up long enough to list all that fires.

        It keeps alerts in memory only, so after a restart its list is empty until Prometheus has
        sent them again (docs/reference/ticketing.md §1).
        """
        started_at = read_started_at(await self._get("status"))
        skew = (self._client.skew if self._client else None) or 0.0
        now = self._clock() + skew
        return started_at is not None and now - started_at >= self._settings.settle

    async def _get(self, resource: str, params: tuple[tuple[str, str], ...] = ()) -> object:
        assert self._client is not None
        assert self._settings.url is not None
        headers = {name: value.reveal() for name, value in self._settings.headers.items()}
        url = f"{self._settings.url.rstrip('/')}/api/v2/{resource}"
        request = Request("GET", url, params, headers, label=resource)
        return await decode_json(await self._client.fetch(request), resource)

    def _declare_metrics(self) -> None:
        """Export every label value from the start, so that the first failure is an increase."""
        source = self._alerts.source
        for repair in AlertRepair:
            self._telemetry.reconcile_repairs.labels(source, repair.value)
        for reason in (*(failure.value for failure in PollFailure), _LEDGER):
            self._telemetry.reconcile_failures.labels(source, reason)

    def _record_repairs(self, repairs: Mapping[str, AlertRepair]) -> None:
        source = self._alerts.source
        counts = {repair.value: count for repair, count in Counter(repairs.values()).items()}
        for repair, count in counts.items():
            self._telemetry.reconcile_repairs.labels(source, repair).inc(count)
        self._telemetry.intake_firing.labels(source).set(self._alerts.count_firing())
        if counts:
            log.info("external_alerts_put_right", source=source, **counts)

    def _record_failure(self, reason: str, detail: str) -> None:
        self._telemetry.reconcile_failures.labels(self._alerts.source, reason).inc()
        if not self._failing:
            log.warning("reconcile_stopped", source=self._alerts.source, error=detail)
        self._failing = True

    def _record_success(self) -> None:
        self._telemetry.reconcile_success.labels(self._alerts.source).set(self._clock())
        if self._failing:
            log.info("reconcile_works_again", source=self._alerts.source)
        self._failing = False


def _make_client(settings: AlertmanagerIntake, clock: Callable[[], float]) -> HttpClient:
    limits = HttpClientLimits(
        connect_timeout=min(5.0, settings.timeout),
        request_timeout=settings.timeout,
        max_body=_MAX_RESPONSE,
        connections=2,
    )
    return HttpClient(
        limits, egress_allow=settings.egress_allow, ca_file=settings.ca_file, clock=clock
    )
