"""``POST /hooks/complaints``: reads a complaint strictly, stores it, then answers.

The fields are those of docs/reference/domain.md §3; every text is sanitized.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC
from typing import Any

import msgspec
from aiohttp import web

from agent.complaints.complaint import Channel, ComplaintReport
from agent.complaints.deadlines import Template, deadlines, regulator_dates
from agent.complaints.repository import (
    ComplaintRepository,
    Obligations,
    TooManyComplaintsError,
)
from agent.config.secret import Secret
from agent.config.settings import ComplaintIntake, Settings
from agent.masking import mask_phone, mask_text
from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.net.timestamps import iso_parser
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
SOURCE = "complaints"
EXPECTED = (
    'a JSON object {"number": "4006220001", "caller": "their number", "prompt": "what was heard",'
    ' "at": "2027-03-01T08:00:00+08:00", "channel": "hotline|web|mail|shop|other",'
    ' "content": "...", "reference": "..."}; all but number may be left out'
)
_EXPECTED_SIGNATURE = (
    "a delivery signed with intake.complaints.secret as Standard Webhooks asks, or"
    " intake.complaints.token as bearer token; where neither is set, web.token or what access.token"
    " in the data folder holds as bearer token"
)
_EXPECTED_NUMBER = "a number that one of the configured accounts has"
_NUMBER = re.compile(r"\d{5,20}", re.ASCII)
_CALLER = re.compile(r"\+?[\d\s\-()]{3,32}", re.ASCII)
_SEPARATORS = re.compile(r"[\s\-()]")
_MOBILE_WITH_ZERO = re.compile(r"01[3-9]\d{9}", re.ASCII)
_TEXT_LIMITS = {"prompt": 200, "content": 2000, "reference": 100, "handler": 100}
_MAX_AGE = 30 * 86400.0
"""Seconds before now that a complaint's time may be; older ones are no matter for monitoring."""
_parse_time = iso_parser(UTC)


class InvalidComplaintError(ValueError):
    """The body is not a complaint; the text says why."""


class ComplaintWebhook(WebhookHandler):
    """Stores complaints.

    Args:
        complaints: Where complaints are stored.
        settings: The configuration in force.
        is_listed: Whether an account has the number; ``None`` while that is unknown.
        telemetry: Counts requests.
        clock: Epoch seconds.
        tokens: Checks the tokens of requests.
    """

    def __init__(
        self,
        complaints: ComplaintRepository,
        settings: Callable[[], Settings],
        is_listed: Callable[[str], bool | None],
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, tokens)
        self._complaints = complaints
        self._settings = settings
        self._is_listed = is_listed
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
        if self._is_listed(report.number) is False:
            text = f"no account has the number {report.number}"
            raise RequestRefusedError(RequestOutcome.UNKNOWN, text, _EXPECTED_NUMBER)
        return report

    async def _store(self, report: ComplaintReport, identity: str | None) -> web.Response:
        settings = self._settings()
        now = self._clock()
        template = Template(settings.intake.complaints.template)
        zone = settings.timezone
        obligations = Obligations(deadlines(template, now, zone), regulator_dates(now, zone))
        limit = settings.intake.complaints.most_waiting
        try:
            complaint = await self._complaints.add(identity, report, obligations, limit, now)
        except TooManyComplaintsError as error:
            raise OverloadedError(str(error)) from error
        complaint_id = complaint.id if complaint else identity
        return json_response({"taken": complaint is not None, "id": complaint_id})


def read_report(body: bytes, charset: str | None, now: float) -> ComplaintReport:
    """The complaint in ``body``.

    A time in the future counts as ``now``, because a sender's clock may be ahead.

    Raises:
        InvalidComplaintError: when it is not a complaint.
    """
    raw = _read_object(body, charset)
    unknown = sorted(raw.keys() - {"number", "caller", "at", "channel", *_TEXT_LIMITS})
    if unknown:
        raise InvalidComplaintError(
            f"it has keys that are not known: {scrub(', '.join(unknown), 100)}"
        )
    return ComplaintReport(
        number=_read_number(raw.get("number")),
        caller=_read_caller(raw.get("caller")),
        at=_read_time(raw.get("at"), now),
        has_time=raw.get("at") is not None,
        channel=_read_channel(raw.get("channel")),
        **{name: _read_text(raw, name, limit) for name, limit in _TEXT_LIMITS.items()},
    )


def identity_of(delivery_id: str, report: ComplaintReport) -> str | None:
    """An id that is the same for a repeat of the complaint and differs from all others.

    It is a hash of the delivery's id; without one, of the other system's own reference; without
    that, of the whole text if it has a time. ``None`` when a repeat cannot be distinguished from
    another complaint, so that each counts as one.
    """
    if delivery_id:
        parts: tuple[str, ...] = ("webhook", delivery_id)
    elif report.reference:
        parts = ("reference", report.number, report.reference)
    elif report.has_time:
        # Masked: the id is shown, and hidden digits could be found by trying them out.
        texts = map(mask_text, (report.prompt, report.content))
        parts = ("words", report.number, mask_phone(report.caller), repr(report.at), *texts)
    else:
        return None
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _unauthorized(reason: str) -> RequestRefusedError:
    return RequestRefusedError(RequestOutcome.UNAUTHORIZED, reason, _EXPECTED_SIGNATURE)


def _secrets(section: ComplaintIntake) -> list[Secret]:
    return [secret for secret in (section.secret, section.former_secret) if secret is not None]


def _read_object(body: bytes, charset: str | None) -> dict[str, Any]:
    try:
        raw = decode_body(body, charset, "the body")
    except ProviderError as error:
        raise InvalidComplaintError(error.detail) from None
    if not isinstance(raw, dict):
        raise InvalidComplaintError("the body is not an object")
    return raw


def _read_number(raw: object) -> str:
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw):
        raise InvalidComplaintError("number is not a text of 5 to 20 digits")
    return raw


def _read_caller(raw: object) -> str:
    """The caller's number in one form, however it was written.

    A mobile number dialled from another city has a leading 0.
    """
    if raw in (None, ""):
        return ""
    if not isinstance(raw, str) or not _CALLER.fullmatch(raw):
        raise InvalidComplaintError("caller is not a phone number")
    digits = _SEPARATORS.sub("", raw)
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    if _MOBILE_WITH_ZERO.fullmatch(digits):
        digits = digits[1:]
    if not digits.strip("+"):
        raise InvalidComplaintError("caller is not a phone number")
    return digits


def _read_time(raw: object, now: float) -> float:
    if raw is None:
        return now
    try:
        at = raw if isinstance(raw, int | float) and raw is not True else _parse_time(raw)
    except (ValueError, OverflowError):
        raise InvalidComplaintError("at is neither a time in ISO 8601 nor epoch seconds") from None
    if not now - _MAX_AGE <= at <= now + _MAX_AGE:
        raise InvalidComplaintError("at is more than 30 days off")
    return min(at, now)


def _read_channel(raw: object) -> Channel:
    if raw is None:
        return Channel.OTHER
    if raw not in Channel.__members__.values():
        raise InvalidComplaintError(f"channel is none of {', '.join(Channel)}")
    return Channel(str(raw))


def _read_text(raw: dict[str, Any], name: str, limit: int) -> str:
    text = raw.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise InvalidComplaintError(f"{name} is not a text")
    return scrub(text, limit)
