"""Assembles the inbound webhooks over the alerts and complaints that the ledger stores."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from agent.complaints.recorder import ComplaintRecorder
from agent.complaints.repository import ComplaintRepository
from agent.complaints.webhook import PATH as COMPLAINTS_PATH
from agent.complaints.webhook import ComplaintWebhook
from agent.config.settings import Settings
from agent.model import Alert
from agent.sinks.callback import Callback, CallbackOutcome
from agent.sinks.callback_hook import PATH as CALLBACKS_PATH
from agent.sinks.callback_hook import ApplyCallback, CallbackHook
from agent.store.database import Database
from agent.webhooks.alertmanager.payload import SourceAlert
from agent.webhooks.alertmanager.reconciler import AlertmanagerReconciler
from agent.webhooks.alertmanager.repository import ExternalAlertRepository
from agent.webhooks.alertmanager.translate import WatchedAccounts, is_foreign
from agent.webhooks.alertmanager.webhook import PATH as ALERTMANAGER_PATH
from agent.webhooks.alertmanager.webhook import AlertmanagerWebhook
from agent.webhooks.auth import TokenCheck
from agent.webhooks.pushes.intake import NoTarget, PushIntake, PushTarget
from exporters.telemetry import Telemetry

ALERTMANAGER = "alertmanager"
"""Alertmanager as a source of alerts, in the ledger and in metrics."""


def _listing_unknown(_number: str) -> bool | None:
    return None


async def _reject_callback(_callback: Callback) -> CallbackOutcome:
    return CallbackOutcome.UNKNOWN


@dataclass(frozen=True)
class Targets:
    """What the requests of other systems are handed on to."""

    is_listed: Callable[[str], bool | None] = _listing_unknown
    """Returns whether an account has a number; ``None`` while that is unknown."""
    apply_callback: ApplyCallback = _reject_callback
    """Applies a callback of a ticket system to our ticket."""
    pushes: PushTarget = field(default_factory=NoTarget)
    """Merges what providers push."""


class InboundWebhooks:
    """The webhooks of Alertmanager, of complaints, of ticket systems and of providers.

    Make one with :meth:`open`. :meth:`start` and :meth:`stop` concern the reconciliation with
    Alertmanager; the webhooks themselves live as long as the web application that serves
    :meth:`routes`.
    """

    def __init__(
        self,
        repositories: tuple[ExternalAlertRepository, ComplaintRepository],
        settings: Settings,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        targets: Targets | None = None,
        tokens: TokenCheck | None = None,
    ) -> None:
        tokens, targets = tokens or TokenCheck(), targets or Targets()
        alerts, complaints = repositories
        self.external_alerts = alerts
        self.complaints = complaints
        self._telemetry = telemetry
        self._clock = clock
        self._use(settings)
        self._reconciler = self._make_reconciler()
        self._alertmanager = AlertmanagerWebhook(
            alerts,
            lambda: self._settings.intake.alertmanager,
            self._is_foreign,
            lambda: self._reconciler.reconcile_soon(),  # noqa: PLW0108 - a reload replaces it
            telemetry,
            clock,
            tokens,
        )
        self.recorder = ComplaintRecorder(
            complaints, lambda: self._settings, targets.is_listed, clock
        )
        self._complaint_webhook = ComplaintWebhook(
            self.recorder, lambda: self._settings, telemetry, clock, tokens
        )
        self._callback_webhook = CallbackHook(
            targets.apply_callback, lambda: self._settings, telemetry, clock, tokens
        )
        self._pushes = PushIntake(alerts.database, targets.pushes, telemetry, clock, tokens)
        telemetry.intake_firing.labels(ALERTMANAGER).set(alerts.count_firing())

    @classmethod
    async def open(
        cls,
        database: Database,
        settings: Settings,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        targets: Targets | None = None,
        tokens: TokenCheck | None = None,
    ) -> "InboundWebhooks":
        """Make the webhooks, with the alerts and complaints of earlier requests.

        Args:
            database: The ledger.
            settings: The configuration.
            telemetry: Counts requests, alerts and repairs.
            clock: Epoch seconds.
            targets: What the requests are handed on to.
            tokens: Checks tokens; without it only the webhooks' own tokens are accepted.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        alerts = await ExternalAlertRepository.open(database, ALERTMANAGER)
        complaints = await ComplaintRepository.open(database)
        made = cls((alerts, complaints), settings, telemetry, clock, targets, tokens)
        await made._pushes.open(settings)
        return made

    def start(self) -> None:
        """Start the reconciliation with Alertmanager, if it is configured."""
        self._reconciler.start()

    async def stop(self) -> None:
        """Stop the reconciliation with Alertmanager."""
        await self._reconciler.stop()

    async def reconfigure(self, settings: Settings) -> None:
        """Use ``settings`` from now on."""
        changed = settings.intake != self._settings.intake
        self._use(settings)
        await self._pushes.reconfigure(settings)
        if changed:
            await self._reconciler.stop()
            self._reconciler = self._make_reconciler()
            self._reconciler.start()

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The webhooks by method and path, for the web application."""
        return (
            web.post(ALERTMANAGER_PATH, self._alertmanager.post),
            web.post(COMPLAINTS_PATH, self._complaint_webhook.post),
            web.post(CALLBACKS_PATH, self._callback_webhook.post),
            *self._pushes.routes(),
        )

    def share(self) -> None:
        """Mind that other replicas store alerts, complaints and pushes as well."""
        self.external_alerts.is_shared = self.complaints.is_shared = True
        self._pushes.share()

    async def follow(self) -> None:
        """Take over the alerts and complaints that other replicas have stored.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        await self.external_alerts.follow()
        await self.complaints.follow()

    async def firing_alerts(self) -> tuple[Alert, ...]:
        """The alerts that Alertmanager reports as firing; none while its webhook is disabled."""
        if not self._settings.intake.alertmanager.enabled:
            return ()
        return await asyncio.to_thread(self.external_alerts.firing, self._accounts)

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._accounts: WatchedAccounts = {
            provider.name: frozenset(account.id for account in provider.accounts)
            for provider in settings.providers
        }

    def _make_reconciler(self) -> AlertmanagerReconciler:
        section = self._settings.intake.alertmanager
        return AlertmanagerReconciler(self.external_alerts, section, self._telemetry, self._clock)

    def _is_foreign(self, alert: SourceAlert) -> bool:
        return is_foreign(alert.labels, self._accounts)
