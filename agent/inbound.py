"""The room's front: what comes in by webhook, as the rest of the agent sees it."""

import asyncio
import time
from collections.abc import Callable

from aiohttp import web

from agent.complaints.api import ComplaintApi
from agent.complaints.hook import PATH as COMPLAINTS_PATH
from agent.complaints.hook import ComplaintHook
from agent.complaints.repository import Complaints
from agent.complaints.rounds import ComplaintRounds, Ledger, Tickets
from agent.config.settings import Settings
from agent.model import Alert
from agent.sinks.callback import Callback, CallbackOutcome
from agent.sinks.callback_hook import PATH as CALLBACKS_PATH
from agent.sinks.callback_hook import CallbackHook, Take
from agent.store.database import Database
from agent.webhooks.alertmanager.external_alerts import ExternalAlerts
from agent.webhooks.alertmanager.hook import PATH, AlertmanagerHook
from agent.webhooks.alertmanager.reconciler import Reconciler
from agent.webhooks.alertmanager.source_alert import SourceAlert
from agent.webhooks.alertmanager.translate import Places, is_foreign
from exporters.telemetry import Telemetry

SOURCE = "alertmanager"


def _nobody_knows(_number: str) -> bool | None:
    return None


async def _unheard(_said: Callback) -> CallbackOutcome:
    return CallbackOutcome.UNKNOWN


class Intake:
    """Everything other systems tell the agent. Make one with :meth:`open`."""

    def __init__(
        self,
        alerts: ExternalAlerts,
        complaints: Complaints,
        settings: Settings,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        is_listed: Callable[[str], bool | None] = _nobody_knows,
        take: Take | None = None,
    ) -> None:
        self._alerts = alerts
        self.complaints = complaints
        self._telemetry = telemetry
        self._clock = clock
        self._desk: ComplaintApi | None = None
        self._use(settings)
        self._reconciler = self._make_reconciler()
        self._hook = AlertmanagerHook(
            alerts,
            lambda: self._settings.intake.alertmanager,
            self._is_foreign,
            lambda: self._reconciler.ask_soon(),  # noqa: PLW0108 - a reload makes another one
            telemetry,
            clock,
        )
        self._complaint_hook = ComplaintHook(
            complaints, lambda: self._settings, is_listed, telemetry, clock
        )
        self._callback_hook = CallbackHook(
            take or _unheard, lambda: self._settings, telemetry, clock
        )
        telemetry.intake_firing.labels(SOURCE).set(alerts.count())

    @classmethod
    async def open(
        cls,
        database: Database,
        settings: Settings,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        is_listed: Callable[[str], bool | None] = _nobody_knows,
        take: Take | None = None,
    ) -> "Intake":
        """Take up what was told before the last stop.

        ``is_listed`` says whether an account has a number, ``None`` while that is not known;
        ``take`` does what ticket systems say.

        Raises:
            StoreError: when the ledger refuses.
        """
        alerts = await ExternalAlerts.open(database, SOURCE)
        complaints = await Complaints.open(database)
        return cls(alerts, complaints, settings, telemetry, clock, is_listed, take)

    def join(self, tickets: Tickets, ledger: Ledger) -> ComplaintRounds:
        """Let complaints be put to ``tickets``; gives what keeps the two together."""
        self._desk = ComplaintApi(self.complaints, tickets, lambda: self._settings, self._clock)
        return ComplaintRounds(
            self.complaints, tickets, ledger, lambda: self._settings, self._telemetry
        )

    def start(self) -> None:
        """Begin to ask what really fires, where the configuration says whom."""
        self._reconciler.start()

    async def stop(self) -> None:
        """Ask no more; the hooks go with the web application."""
        await self._reconciler.stop()

    async def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        changed = settings.intake != self._settings.intake
        self._use(settings)
        if changed:
            await self._reconciler.stop()
            self._reconciler = self._make_reconciler()
            self._reconciler.start()

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The hooks and what goes with them, for the web application."""
        return (
            web.post(PATH, self._hook.post),
            web.post(COMPLAINTS_PATH, self._complaint_hook.post),
            web.post(CALLBACKS_PATH, self._callback_hook.post),
            *(() if self._desk is None else self._desk.routes()),
        )

    async def firing(self) -> tuple[Alert, ...]:
        """All alerts that fire as far as other systems have told."""
        if not self._settings.intake.alertmanager.enabled:
            return ()
        return await asyncio.to_thread(self._alerts.firing, self._places)

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._places: Places = {
            provider.name: frozenset(account.id for account in provider.accounts)
            for provider in settings.providers
        }

    def _make_reconciler(self) -> Reconciler:
        section = self._settings.intake.alertmanager
        return Reconciler(self._alerts, section, self._telemetry, self._clock)

    def _is_foreign(self, told: SourceAlert) -> bool:
        return is_foreign(told.labels, self._places)
