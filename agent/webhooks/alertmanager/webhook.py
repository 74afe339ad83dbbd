"""``POST /hooks/alertmanager``: Alertmanager's messages, stored before they are answered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog
from aiohttp import web

from agent.config.settings import AlertmanagerIntake
from agent.webhooks.alertmanager.external_alert import MergeOutcome, ResolveTrust
from agent.webhooks.alertmanager.payload import (
    EXPECTED,
    InvalidMessageError,
    SourceAlert,
    WebhookMessage,
    read_message,
)
from agent.webhooks.alertmanager.repository import ExternalAlertRepository, TooManyAlertsError
from agent.webhooks.auth import TokenCheck
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    acceptance_response,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import OverloadedError, RequestSlot
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

PATH = "/hooks/alertmanager"
INVALID = "invalid"
"""The outcome, in metrics, of an entry that is not an alert."""

_DOUBTFUL = frozenset({MergeOutcome.RESOLVE_PENDING, MergeOutcome.LATE, MergeOutcome.UNPROVEN})
"""After these outcomes Alertmanager is queried at once for what really fires."""


class AlertmanagerWebhook(WebhookHandler):
    """Stores the alerts of Alertmanager's messages.

    Args:
        alerts: Where the alerts are stored.
        settings: The webhook's section of the configuration in force.
        is_foreign: Whether an alert's labels name nothing that this agent watches.
        reconcile_soon: Called when Alertmanager should be queried for what really fires; must
            not block.
        telemetry: Counts requests and alerts.
        clock: Epoch seconds.
        tokens: Checks the tokens of requests.
    """

    def __init__(
        self,
        alerts: ExternalAlertRepository,
        settings: Callable[[], AlertmanagerIntake],
        is_foreign: Callable[[SourceAlert], bool],
        reconcile_soon: Callable[[], None],
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        super().__init__(alerts.source, PATH, telemetry, tokens)
        self._alerts = alerts
        self._settings = settings
        self._is_foreign = is_foreign
        self._reconcile_soon = reconcile_soon
        self._clock = clock
        for name in (*(outcome.value for outcome in MergeOutcome), INVALID):
            telemetry.intake_alerts.labels(alerts.source, name)

    def _authorize(self, request: web.Request) -> bool:
        settings = self._settings()
        if not settings.enabled:
            raise RequestRefusedError(
                RequestOutcome.CLOSED,
                "intake.alertmanager.enabled is false",
                "nothing: this hook is not open",
            )
        tokens = [token for token in (settings.token, settings.former_token) if token is not None]
        reason = self._tokens.denial_reason(request, tokens)
        if reason:
            expected = (
                "an Authorization header with intake.alertmanager.token as bearer token; where"
                " that is not set, web.token or what access.token in the data folder holds"
            )
            raise RequestRefusedError(RequestOutcome.UNAUTHORIZED, reason, expected)
        require_json(request)
        return True

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        settings = self._settings()
        key = "intake.alertmanager.max_body"
        body = await read_whole_body(request, settings.max_body, key, slot)
        message = await _read_message(body, request.charset)
        outcomes = await self._store(message, settings)
        self._count_alerts(message, outcomes)
        if message.truncated or outcomes.keys() & _DOUBTFUL:
            self._reconcile_soon()
        return acceptance_response(outcomes.total(), message.invalid)

    async def _store(
        self, message: WebhookMessage, settings: AlertmanagerIntake
    ) -> Counter[MergeOutcome]:
        can_confirm = settings.url is not None

        def trust(alert: SourceAlert) -> ResolveTrust:
            # Polls show whether our own numbers recovered; for a foreign alert only the source
            # itself can confirm the resolve.
            return ResolveTrust(
                complete=not message.truncated,
                needs_confirmation=can_confirm and self._is_foreign(alert),
            )

        try:
            outcomes = await self._alerts.apply(message.alerts, trust, self._clock())
        except TooManyAlertsError as error:
            raise OverloadedError(str(error)) from error
        self._telemetry.intake_firing.labels(self._alerts.source).set(self._alerts.count_firing())
        return outcomes

    def _count_alerts(self, message: WebhookMessage, outcomes: Counter[MergeOutcome]) -> None:
        counter = self._telemetry.intake_alerts
        for outcome, count in outcomes.items():
            counter.labels(self._alerts.source, outcome.value).inc(count)
        counter.labels(self._alerts.source, INVALID).inc(len(message.invalid))
        if message.invalid:
            log.warning("alerts_skipped", count=len(message.invalid), first=message.invalid[0])


async def _read_message(body: bytes, charset: str | None) -> WebhookMessage:
    try:
        return await asyncio.to_thread(read_message, body, charset)
    except InvalidMessageError as error:
        raise RequestRefusedError(RequestOutcome.INVALID, str(error), EXPECTED) from None
