"""``POST /hooks/alertmanager``: written down, then answered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog
from aiohttp import web

from agent.config.settings import AlertmanagerIntake
from agent.webhooks.alertmanager.external_alerts import ExternalAlerts, TooManyAlertsError
from agent.webhooks.alertmanager.payload import EXPECTED, InvalidMessageError, Message, read_message
from agent.webhooks.alertmanager.record import Outcome, Trust
from agent.webhooks.alertmanager.source_alert import SourceAlert
from agent.webhooks.auth import denial_reason
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    acceptance_response,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import OverloadedError, RequestLimiter, RequestSlot
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

PATH = "/hooks/alertmanager"
INVALID = "invalid"
"""The outcome of an entry that is no alert."""

_TO_ASK_ABOUT = frozenset({Outcome.ENDING, Outcome.LATE, Outcome.UNPROVEN})
"""After these it is worth asking Alertmanager at once what really fires."""


class AlertmanagerHook(WebhookHandler):
    """Takes Alertmanager's messages.

    Args:
        alerts: Where they are kept.
        settings: The hook's section of the configuration, as it is now.
        is_foreign: Whether labels name nothing that this agent watches.
        ask: Called when the source had better be asked what really fires; must not block.
        telemetry: Counts requests and alerts.
        clock: Epoch seconds.
        limiter: Limits what is in progress at once.
    """

    def __init__(
        self,
        alerts: ExternalAlerts,
        settings: Callable[[], AlertmanagerIntake],
        is_foreign: Callable[[SourceAlert], bool],
        ask: Callable[[], None],
        telemetry: Telemetry,
        clock: Callable[[], float],
        limiter: RequestLimiter | None = None,
    ) -> None:
        super().__init__(alerts.source, PATH, telemetry, limiter)
        self._alerts = alerts
        self._settings = settings
        self._is_foreign = is_foreign
        self._ask = ask
        self._clock = clock
        for name in (*(outcome.value for outcome in Outcome), INVALID):
            telemetry.intake_alerts.labels(alerts.source, name)

    def _authorize(self, request: web.Request) -> None:
        settings = self._settings()
        if not settings.enabled:
            text = "intake.alertmanager.enabled is false"
            raise RequestRefusedError(RequestOutcome.CLOSED, text, "nothing: this hook is not open")
        tokens = [it for it in (settings.token, settings.former_token) if it is not None]
        why = denial_reason(request, tokens)
        if why:
            expected = "an Authorization header with intake.alertmanager.token as bearer token"
            raise RequestRefusedError(RequestOutcome.UNAUTHORIZED, why, expected)
        require_json(request)

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        settings = self._settings()
        body = await read_whole_body(
            request, settings.max_body, "intake.alertmanager.max_body", slot
        )
        message = await _message(body, request.charset)
        outcomes = await self._keep(message, settings)
        self._count_alerts(message, outcomes)
        if message.truncated or outcomes.keys() & _TO_ASK_ABOUT:
            self._ask()
        return acceptance_response(outcomes.total(), message.invalid)

    async def _keep(self, message: Message, settings: AlertmanagerIntake) -> Counter[Outcome]:
        is_asked = settings.url is not None

        def trust(told: SourceAlert) -> Trust:
            return Trust(not message.truncated, is_asked and self._is_foreign(told))

        try:
            outcomes = await self._alerts.take(message.alerts, trust, self._clock())
        except TooManyAlertsError as error:
            raise OverloadedError(str(error)) from error
        self._telemetry.intake_firing.labels(self._alerts.source).set(self._alerts.count())
        return outcomes

    def _count_alerts(self, message: Message, outcomes: Counter[Outcome]) -> None:
        counter = self._telemetry.intake_alerts
        for outcome, count in outcomes.items():
            counter.labels(self._alerts.source, outcome.value).inc(count)
        counter.labels(self._alerts.source, INVALID).inc(len(message.invalid))
        if message.invalid:
            log.warning("alerts_skipped", count=len(message.invalid), first=message.invalid[0])


async def _message(body: bytes, charset: str | None) -> Message:
    try:
        return await asyncio.to_thread(read_message, body, charset)
    except InvalidMessageError as error:
        raise RequestRefusedError(RequestOutcome.INVALID, str(error), EXPECTED) from None
