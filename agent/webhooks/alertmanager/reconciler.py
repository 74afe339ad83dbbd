"""Asks Alertmanager what really fires, and puts right what was lost on the way."""

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
from agent.store.errors import StoreError
from agent.webhooks.alertmanager.comparison import Answer, Differences, Repair, Suspicion, compare
from agent.webhooks.alertmanager.external_alerts import ExternalAlerts
from agent.webhooks.alertmanager.listing import read_listing, read_started_at
from agent.webhooks.alertmanager.payload import unescaped
from agent.webhooks.alertmanager.record import Record
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_LARGEST_ANSWER = 64 * 1024 * 1024
_EVERYTHING = tuple((state, "true") for state in ("active", "silenced", "inhibited", "unprocessed"))
_LEDGER = "ledger"
"""The reason of a failure that is the ledger's, not Alertmanager's."""


class Reconciler:
    """Compares what a source told with what it answers. Runs between start and stop.

    Args:
        alerts: What was told.
        settings: The hook's section of the configuration; without ``url`` nothing is asked.
        telemetry: Tells when it last worked, how it failed, and what it put right.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        alerts: ExternalAlerts,
        settings: AlertmanagerIntake,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alerts = alerts
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._suspicion = Suspicion()
        self._failing = False
        self._wake = asyncio.Event()
        self._task = BackgroundTask("alertmanager reconciler", self._run)
        self._door: HttpClient | None = None

    def start(self) -> None:
        """Begin to ask, where there is someone to ask.

        Raises:
            OSError: when the file of authorities cannot be read.
        """
        if self._settings.url is None or not self._settings.enabled:
            return
        self._declare()
        self._door = _door(self._settings, self._clock)
        self._task.start()

    async def stop(self) -> None:
        """Ask no more."""
        await self._task.stop()
        if self._door is not None:
            await self._door.close()

    def ask_soon(self) -> None:
        """Ask at the next opportunity instead of at the end of the interval."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._try()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.interval):
                    await self._wake.wait()
                    # What was told is still under way through Alertmanager's own pipeline.
                    await asyncio.sleep(min(1.0, self._settings.interval))
            self._wake.clear()

    async def _try(self) -> None:
        try:
            await self._reconcile()
        except ProviderError as error:
            self._fail(error.kind.value, error.detail)
        except StoreError as error:
            self._fail(_LEDGER, str(error))
        except Exception as error:
            # It must go on asking whatever comes.
            log.exception("reconcile_failed")
            self._fail(PollFailure.SCHEMA.value, type(error).__name__)
        else:
            self._succeed()

    async def _reconcile(self) -> None:
        asked_at = self._clock()
        tree = await self._get("alerts", _EVERYTHING)
        listing = await asyncio.to_thread(read_listing, tree)
        answer = Answer(listing, asked_at, await self._is_settled())
        found: list[Differences] = []

        def repair(records: Mapping[str, Record]) -> Mapping[str, Record]:
            now = self._clock()
            found.append(compare(records, answer, self._suspicion, self._is_ours, now))
            return found[0].changed

        await self._alerts.put_right(repair, self._clock())
        self._suspicion = found[0].suspicion
        self._tell(found[0].repairs)

    def _is_ours(self, receivers: frozenset[str]) -> bool:
        return any(self._settings.receiver in (name, unescaped(name)) for name in receivers)

    async def _is_settled(self) -> bool:
        """Whether Alertmanager has been up long enough; one that has just begun knows nothing."""
        started_at = read_started_at(await self._get("status"))
        skew = (self._door.skew if self._door else None) or 0.0
        now = self._clock() + skew
        return started_at is not None and now - started_at >= self._settings.settle

    async def _get(self, what: str, params: tuple[tuple[str, str], ...] = ()) -> object:
        assert self._door is not None
        assert self._settings.url is not None
        headers = {name: value.reveal() for name, value in self._settings.headers.items()}
        address = f"{self._settings.url.rstrip('/')}/api/v2/{what}"
        answer = await self._door.fetch(Request("GET", address, params, headers, label=what))
        return await decode_json(answer, what)

    def _declare(self) -> None:
        source = self._alerts.source
        for repair in Repair:
            self._telemetry.reconcile_repairs.labels(source, repair.value)
        for reason in (*(it.value for it in PollFailure), _LEDGER):
            self._telemetry.reconcile_failures.labels(source, reason)

    def _tell(self, repairs: Mapping[str, Repair]) -> None:
        source = self._alerts.source
        counted = Counter(repairs.values())
        for repair, count in counted.items():
            self._telemetry.reconcile_repairs.labels(source, repair.value).inc(count)
        self._telemetry.intake_firing.labels(source).set(self._alerts.count())
        if counted:
            told = {repair.value: count for repair, count in counted.items()}
            log.info("external_alerts_put_right", source=source, **told)

    def _fail(self, reason: str, detail: str) -> None:
        self._telemetry.reconcile_failures.labels(self._alerts.source, reason).inc()
        if not self._failing:
            log.warning("reconcile_stopped", source=self._alerts.source, error=detail)
        self._failing = True

    def _succeed(self) -> None:
        self._telemetry.reconcile_success.labels(self._alerts.source).set(self._clock())
        if self._failing:
            log.info("reconcile_works_again", source=self._alerts.source)
        self._failing = False


def _door(settings: AlertmanagerIntake, clock: Callable[[], float]) -> HttpClient:
    limits = HttpClientLimits(
        connect_timeout=min(5.0, settings.timeout),
        request_timeout=settings.timeout,
        max_body=_LARGEST_ANSWER,
        connections=2,
    )
    return HttpClient(
        limits, egress_allow=settings.egress_allow, ca_file=settings.ca_file, clock=clock
    )
