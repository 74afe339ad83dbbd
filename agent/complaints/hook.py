"""``POST /hooks/complaints``: written down, then answered (ticketing.md §4, 5)."""

from collections.abc import Callable
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.complaints.deadlines import Template, deadlines, regulator
from agent.complaints.payload import (
    EXPECTED,
    Heard,
    InvalidComplaintError,
    identity,
    read_complaint,
)
from agent.complaints.repository import Complaints, Owed, TooManyComplaintsError
from agent.config.secret import Secret
from agent.config.settings import ComplaintIntake, Settings
from agent.net.webhook_signature import SignatureError, is_signed, verify, webhook_id
from agent.webhooks.auth import denial_reason
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import OverloadedError, RequestLimiter, RequestSlot
from exporters.telemetry import Telemetry

PATH = "/hooks/complaints"
SOURCE = "complaints"
_EXPECTED_SIGNED = (
    "a delivery signed with intake.complaints.secret as Standard Webhooks asks, or"
    " intake.complaints.token as bearer token"
)
_EXPECTED_NUMBER = "a number that one of the configured accounts has"


class ComplaintHook(WebhookHandler):
    """Takes complaints.

    Args:
        complaints: Where they are kept.
        settings: The configuration as it is now.
        is_listed: Whether an account has the number; ``None`` while that is not known.
        telemetry: Counts requests.
        clock: Epoch seconds.
        limiter: Limits what is in progress at once.
    """

    def __init__(
        self,
        complaints: Complaints,
        settings: Callable[[], Settings],
        is_listed: Callable[[str], bool | None],
        telemetry: Telemetry,
        clock: Callable[[], float],
        limiter: RequestLimiter | None = None,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, limiter)
        self._complaints = complaints
        self._settings = settings
        self._is_listed = is_listed
        self._clock = clock

    @property
    def _section(self) -> ComplaintIntake:
        return self._settings().intake.complaints

    def _authorize(self, request: web.Request) -> None:
        section = self._section
        if not section.enabled:
            text = "intake.complaints.enabled is false"
            raise RequestRefusedError(RequestOutcome.CLOSED, text, "nothing: this hook is not open")
        require_json(request)
        if not (is_signed(request.headers) and _secrets(section)):
            _let_in_by_token(request, section)

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        section = self._section
        body = await read_whole_body(request, section.max_body, "intake.complaints.max_body", slot)
        known = self._verified(request, body, section)
        heard = self._heard(body, request.charset)
        return await self._keep(heard, identity(known, heard))

    def _verified(self, request: web.Request, body: bytes, section: ComplaintIntake) -> str:
        """The delivery's id, empty where it has none; what is signed must be signed right."""
        try:
            if is_signed(request.headers) and (secrets := _secrets(section)):
                return verify(request.headers, body, secrets, self._clock())
            return webhook_id(request.headers)
        except SignatureError as error:
            raise RequestRefusedError(
                RequestOutcome.UNAUTHORIZED, str(error), _EXPECTED_SIGNED
            ) from None

    def _heard(self, body: bytes, charset: str | None) -> Heard:
        try:
            heard = read_complaint(body, charset, self._clock())
        except InvalidComplaintError as error:
            raise RequestRefusedError(RequestOutcome.INVALID, str(error), EXPECTED) from None
        if self._is_listed(heard.number) is False:
            text = f"no account has the number {heard.number}"
            raise RequestRefusedError(RequestOutcome.UNKNOWN, text, _EXPECTED_NUMBER)
        return heard

    async def _keep(self, heard: Heard, known: str | None) -> web.Response:
        settings = self._settings()
        now = self._clock()
        template = Template(settings.intake.complaints.template)
        zone = settings.timezone
        owed = Owed(deadlines(template, now, zone), regulator(now, zone))
        most = settings.intake.complaints.most_waiting
        try:
            made = await self._complaints.take(known, heard, owed, most, now)
        except TooManyComplaintsError as error:
            raise OverloadedError(str(error)) from error
        body = {"taken": made is not None, "id": made.id if made else known}
        return web.Response(
            body=msgspec.json.encode(body), status=HTTPStatus.OK, content_type="application/json"
        )


def _secrets(section: ComplaintIntake) -> list[Secret]:
    return [it for it in (section.secret, section.former_secret) if it is not None]


def _let_in_by_token(request: web.Request, section: ComplaintIntake) -> None:
    tokens = [it for it in (section.token, section.former_token) if it is not None]
    if not tokens and _secrets(section):
        why = "the delivery is not signed"
    else:
        why = denial_reason(request, tokens)
    if why:
        raise RequestRefusedError(RequestOutcome.UNAUTHORIZED, why, _EXPECTED_SIGNED)
