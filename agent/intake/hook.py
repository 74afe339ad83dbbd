"""``POST /hooks/alertmanager``: written down, then answered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog
from aiohttp import web

from agent.config.settings import AlertmanagerIntake
from agent.intake.access import refusal
from agent.intake.admission import Admission, Held, Overloaded
from agent.intake.alerts import ExternalAlerts, TooManyAlerts
from agent.intake.answers import Refused, RequestOutcome, accept, refuse
from agent.intake.body import TooLarge, TooSlow, read_body
from agent.intake.payload import EXPECTED, Message, NotAMessage, read_message
from agent.intake.record import Outcome, Trust
from agent.intake.told import Told
from agent.store.errors import StoreError
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

PATH = "/hooks/alertmanager"
INVALID = "invalid"
"""The outcome of an entry that is no alert."""

_TYPE = "application/json"
_TO_ASK_ABOUT = frozenset({Outcome.ENDING, Outcome.LATE, Outcome.UNPROVEN})
"""After these it is worth asking Alertmanager at once what really fires."""


class AlertmanagerHook:
    """Takes Alertmanager's messages.

    Args:
        alerts: Where they are kept.
        settings: The hook's section of the configuration, as it is now.
        is_foreign: Whether labels name nothing that this agent watches.
        ask: Called when the source had better be asked what really fires; must not block.
        telemetry: Counts requests and alerts.
        clock: Epoch seconds.
        admission: How much may be under way at once.
    """

    def __init__(
        self,
        alerts: ExternalAlerts,
        settings: Callable[[], AlertmanagerIntake],
        is_foreign: Callable[[Told], bool],
        ask: Callable[[], None],
        telemetry: Telemetry,
        clock: Callable[[], float],
        admission: Admission | None = None,
    ) -> None:
        self._alerts = alerts
        self._settings = settings
        self._is_foreign = is_foreign
        self._ask = ask
        self._telemetry = telemetry
        self._clock = clock
        self._admission = admission or Admission()
        self._refusing: Refused | None = None
        self._declare()

    async def post(self, request: web.Request) -> web.Response:
        """Take one message; 2xx only once what it changed is durable."""
        try:
            message, outcomes = await self._take(request)
        except Refused as refused:
            self._count(refused.outcome)
            self._tell(refused)
            return refuse(refused)
        self._count(RequestOutcome.ACCEPTED)
        self._count_alerts(message, outcomes)
        self._tell(None)
        if message.truncated or outcomes.keys() & _TO_ASK_ABOUT:
            self._ask()
        return accept(outcomes.total(), message.invalid)

    async def _take(self, request: web.Request) -> tuple[Message, Counter[Outcome]]:
        settings = self._settings()
        _let_in(request, settings)
        try:
            with self._admission.one() as held:
                message = await _message(request, settings.max_body, held)
                return message, await self._keep(message, settings)
        except (Overloaded, TooManyAlerts) as error:
            text = f"the agent is overloaded: {error}"
            raise Refused(RequestOutcome.OVERLOADED, text, "the same again, a little later") from (
                error
            )
        except StoreError as error:
            log.exception("alerts_not_kept")
            text = "the ledger refused; the agent's log says why"
            raise Refused(RequestOutcome.UNAVAILABLE, text, "the same again, later") from error

    async def _keep(self, message: Message, settings: AlertmanagerIntake) -> Counter[Outcome]:
        is_asked = settings.url is not None

        def trust(told: Told) -> Trust:
            return Trust(not message.truncated, is_asked and self._is_foreign(told))

        outcomes = await self._alerts.take(message.alerts, trust, self._clock())
        self._telemetry.intake_firing.labels(self._alerts.source).set(self._alerts.count())
        return outcomes

    def _declare(self) -> None:
        for outcome in RequestOutcome:
            self._telemetry.intake_requests.labels(self._alerts.source, outcome.value)
        for name in (*(outcome.value for outcome in Outcome), INVALID):
            self._telemetry.intake_alerts.labels(self._alerts.source, name)

    def _count(self, outcome: RequestOutcome) -> None:
        self._telemetry.intake_requests.labels(self._alerts.source, outcome.value).inc()

    def _count_alerts(self, message: Message, outcomes: Counter[Outcome]) -> None:
        counter = self._telemetry.intake_alerts
        for outcome, count in outcomes.items():
            counter.labels(self._alerts.source, outcome.value).inc(count)
        counter.labels(self._alerts.source, INVALID).inc(len(message.invalid))
        if message.invalid:
            log.warning("alerts_skipped", count=len(message.invalid), first=message.invalid[0])

    def _tell(self, refused: Refused | None) -> None:
        """One line when requests begin to be refused for a reason, one when they are taken."""
        before, self._refusing = self._refusing, refused
        if refused is not None and (before is None or before.outcome is not refused.outcome):
            outcome = refused.outcome.value
            log.warning("hook_refuses", path=PATH, outcome=outcome, error=refused.error)
        elif refused is None and before is not None:
            log.info("hook_takes_again", path=PATH)


def _let_in(request: web.Request, settings: AlertmanagerIntake) -> None:
    if not settings.enabled:
        text = "intake.alertmanager.enabled is false"
        raise Refused(RequestOutcome.CLOSED, text, "nothing: this hook is not open")
    tokens = [it for it in (settings.token, settings.former_token) if it is not None]
    why = refusal(request, tokens)
    if why:
        expected = "an Authorization header with intake.alertmanager.token as bearer token"
        raise Refused(RequestOutcome.UNAUTHORIZED, why, expected)
    if request.content_type != _TYPE:
        # A page of another site can have a browser post a form, but not JSON.
        raise Refused(RequestOutcome.MEDIA_TYPE, "the body is of another type", _TYPE)


async def _message(request: web.Request, most: int, held: Held) -> Message:
    try:
        body = await read_body(request, most, held)
        return await asyncio.to_thread(read_message, body, request.charset)
    except TooLarge:
        expected = f"at most {most} bytes (intake.alertmanager.max_body)"
        raise Refused(RequestOutcome.TOO_LARGE, "the body is too large", expected) from None
    except TooSlow:
        raise Refused(
            RequestOutcome.TOO_SLOW, "the body did not arrive whole in time", "the same again"
        ) from None
    except NotAMessage as error:
        raise Refused(RequestOutcome.INVALID, str(error), EXPECTED) from None
