"""``POST /hooks/complaints``: reads a complaint strictly, stores it, then answers.

The fields are those of docs/reference/domain.md §3; every text is sanitized.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from agent.complaints.complaint import ComplaintReport
from agent.complaints.recorder import ComplaintRecorder
from agent.complaints.report import InvalidComplaintError, identity_of, report_of
from agent.complaints.repository import TooManyComplaintsError
from agent.config.secret import Secret
from agent.config.settings import ComplaintIntake, Settings
from agent.i18n import Message
from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.webhook_signature import (
    SignatureError,
    check_headers,
    is_signed,
    verify,
    webhook_id,
)
from agent.webhooks.auth import TokenCheck
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    json_response,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import OverloadedError, RequestSlot
from exporters.telemetry import Telemetry

PATH = "/hooks/complaints"
PROGRESS_PATH = "/api/complaints"
"""Where it can be asked later how a complaint stands."""
SOURCE = "complaints"
EXPECTED = (
    'a JSON object {"number": "4006220001", "caller": "their number", "prompt": "what was heard",'
    ' "at": "2027-03-01T08:00:00+08:00", "channel": "hotline|web|mail|shop|other",'
    ' "content": "...", "reference": "..."}, and of a fault report kind, company, symptom, pattern,'
    " callers and contact; all but number may be left out"
)
_EXPECTED_SIGNATURE = (
    "a delivery signed with intake.complaints.secret as Standard Webhooks asks, or"
    " intake.complaints.token as bearer token; where neither is set, web.token or what access.token"
    " in the data folder holds as bearer token"
)
_EXPECTED_NUMBER = "a number that one of the configured accounts has"


class ComplaintWebhook(WebhookHandler):
    """Stores complaints.

    Args:
        recorder: Records the complaints.
        settings: The configuration in force.
        telemetry: Counts requests.
        clock: Epoch seconds.
        tokens: Checks the tokens of requests.
    """

    def __init__(
        self,
        recorder: ComplaintRecorder,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, tokens)
        self._recorder = recorder
        self._settings = settings
        self._clock = clock

    @property
    def _section(self) -> ComplaintIntake:
        return self._settings().intake.complaints

    def _authorize(self, request: web.Request) -> bool:
        section = self._section
        if not section.enabled:
            raise RequestRefusedError(
                RequestOutcome.CLOSED,
                "intake.complaints.enabled is false",
                "nothing: this hook is not open",
            )
        # A signature covers the body, so it is verified once the body has been read.
        if is_signed(request.headers) and _secrets(section):
            self._check_signature_headers(request)
            return False
        self._authorize_by_token(request, section)
        # Only now: whoever has no credential learns nothing else.
        require_json(request)
        return True

    def _check_signature_headers(self, request: web.Request) -> None:
        try:
            check_headers(request.headers, self._clock())
        except SignatureError as error:
            raise _unauthorized(str(error)) from None

    def _authorize_by_token(self, request: web.Request, section: ComplaintIntake) -> None:
        tokens = [token for token in (section.token, section.former_token) if token is not None]
        if not tokens and _secrets(section):
            reason = "the delivery is not signed"
        else:
            reason = self._tokens.denial_reason(request, tokens)
        if reason:
            raise _unauthorized(reason)

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        section = self._section
        body = await read_whole_body(request, section.max_body, "intake.complaints.max_body", slot)
        delivery_id = self._verified_id(request, body, section)
        require_json(request)
        report = self._read_report(body, request.charset)
        return await self._store(report, identity_of(delivery_id, report))

    def _verified_id(self, request: web.Request, body: bytes, section: ComplaintIntake) -> str:
        """The delivery's id, empty if it has none; a signature must be valid if there is one."""
        try:
            if is_signed(request.headers) and (secrets := _secrets(section)):
                return verify(request.headers, body, secrets, self._clock())
            return webhook_id(request.headers)
        except SignatureError as error:
            raise _unauthorized(str(error)) from None

    def _read_report(self, body: bytes, charset: str | None) -> ComplaintReport:
        try:
            report = read_report(body, charset, self._clock())
        except InvalidComplaintError as error:
            raise RequestRefusedError(RequestOutcome.INVALID, str(error), EXPECTED) from None
        if self._recorder.is_listed(report.number) is False:
            text = f"no account has the number {report.number}"
            raise RequestRefusedError(RequestOutcome.UNKNOWN, text, _EXPECTED_NUMBER)
        return report

    async def _store(self, report: ComplaintReport, identity: str | None) -> web.Response:
        try:
            recorded = await self._recorder.record(report, identity)
        except TooManyComplaintsError as error:
            raise OverloadedError(str(error)) from error
        acknowledged = {"taken": recorded.is_new, "id": recorded.id, "ticket": recorded.ticket}
        return json_response(acknowledged | {"progress": f"{PROGRESS_PATH}/{recorded.id}"})


def read_report(body: bytes, charset: str | None, now: float) -> ComplaintReport:
    """The complaint in ``body``.

    A time in the future counts as ``now``, because a sender's clock may be ahead.

    Raises:
        InvalidComplaintError: when it is not a complaint; the text has every mistake.
    """
    return report_of(_read_object(body, charset), now)


def _unauthorized(reason: str) -> RequestRefusedError:
    return RequestRefusedError(RequestOutcome.UNAUTHORIZED, reason, _EXPECTED_SIGNATURE)


def _secrets(section: ComplaintIntake) -> list[Secret]:
    return [secret for secret in (section.secret, section.former_secret) if secret is not None]


def _read_object(body: bytes, charset: str | None) -> dict[str, Any]:
    try:
        raw = decode_body(body, charset, "the body")
    except ProviderError as error:
        raise InvalidComplaintError({"": Message("{reason}", {"reason": error.detail})}) from None
    if not isinstance(raw, dict):
        raise InvalidComplaintError({"": Message("the body is not an object")})
    return raw
