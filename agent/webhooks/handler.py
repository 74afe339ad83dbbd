"""The base class of webhooks: authorizes, limits, processes, counts and answers requests."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum, unique
from http import HTTPStatus

import structlog
from aiohttp import web
from msgspec import json

from agent.store import StoreError, UnavailableError
from agent.webhooks.auth import TokenCheck, presented_credentials
from agent.webhooks.limits import (
    BodyTimeoutError,
    BodyTooLargeError,
    OverloadedError,
    RequestLimiter,
    RequestSlot,
    read_body,
)
from agent.webhooks.peer import peer_of
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_JSON = "application/json"
_SKIPPED_SHOWN = 10


@unique
class RequestOutcome(StrEnum):
    """How a request to a webhook ended, as metrics count it."""

    ACCEPTED = "accepted"
    UNAUTHORIZED = "unauthorized"
    CLOSED = "closed"
    """The webhook is disabled by the configuration."""
    MEDIA_TYPE = "media_type"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """It is about something that the agent does not watch."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    """The ledger refused to store it."""


_STATUS = {
    RequestOutcome.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    RequestOutcome.CLOSED: HTTPStatus.NOT_FOUND,
    RequestOutcome.MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RequestOutcome.INVALID: HTTPStatus.BAD_REQUEST,
    RequestOutcome.UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestOutcome.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestOutcome.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    # Never 429: Alertmanager gives up at every 4xx and retries at every 5xx
    # (docs/reference/ticketing.md §5).
    RequestOutcome.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestOutcome.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS = {
    RequestOutcome.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="numwatch"'},
    RequestOutcome.OVERLOADED: {"Retry-After": "1"},
    RequestOutcome.UNAVAILABLE: {"Retry-After": "5"},
}


class RequestRefusedError(Exception):
    """A request that is refused: its outcome, the reason, and what was expected instead."""

    def __init__(self, outcome: RequestOutcome, error: str, expected: str) -> None:
        super().__init__(error)
        self.outcome = outcome
        self.error = error
        self.expected = expected


class WebhookHandler(ABC):
    """Handles what one kind of system posts; answers 2xx only once its changes are durable.

    Args:
        source: The system's kind, as metrics call it.
        path: The URL path it posts to.
        telemetry: Counts requests by outcome.
        tokens: Checks tokens, and limits how many wrong ones are compared.
        limiter: Limits what is in progress at once.
    """

    def __init__(
        self,
        source: str,
        path: str,
        telemetry: Telemetry,
        tokens: TokenCheck,
        limiter: RequestLimiter | None = None,
    ) -> None:
        self._source = source
        self._path = path
        self._telemetry = telemetry
        self._tokens = tokens
        self._limiter = limiter or RequestLimiter()
        self._last_refusal: RequestRefusedError | None = None
        for outcome in RequestOutcome:
            telemetry.intake_requests.labels(source, outcome.value)

    async def post(self, request: web.Request) -> web.Response:
        """Handle one request; answers 2xx only once its changes are durable."""
        try:
            response = await self._admit(request)
        except RequestRefusedError as refusal:
            self._count(refusal.outcome)
            self._log_transition(refusal)
            if refusal.outcome is RequestOutcome.UNAUTHORIZED:
                self._tokens.count_wrong(request, self._credentials(request))
            return _refusal_response(refusal)
        self._count(RequestOutcome.ACCEPTED)
        self._tokens.count_right(request)
        self._log_transition(None)
        return response

    @abstractmethod
    def _authorize(self, request: web.Request) -> bool:
        """Check the request before anything of its body is read.

        Returns whether the sender is proven; a signature is verified once the body is there.

        Raises:
            RequestRefusedError: when it is not authorized.
        """

    @abstractmethod
    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        """Read, store and answer an authorized request.

        Raises:
            RequestRefusedError: when it is refused.
            OverloadedError: when the limits do not admit its body or its contents.
            StoreError: when the ledger refuses to store it.
        """

    def _credentials(self, request: web.Request) -> str:
        """What ``request`` presents to prove its sender; empty where it presents nothing."""
        return presented_credentials(request)

    async def _admit(self, request: web.Request) -> web.Response:
        if self._tokens.is_limited(request, self._credentials(request)):
            raise RequestRefusedError(
                RequestOutcome.OVERLOADED,
                "too many wrong credentials came from this address",
                "the same again, a little later",
            )
        unproven = "" if self._authorize(request) else peer_of(request)
        try:
            with self._limiter.admit(unproven) as slot:
                return await self._process(request, slot)
        except OverloadedError as error:
            raise RequestRefusedError(
                RequestOutcome.OVERLOADED,
                f"the agent is overloaded: {error}",
                "the same again, a little later",
            ) from error
        except StoreError as error:
            if not isinstance(error, UnavailableError):
                log.exception("hook_not_kept", path=self._path)
            raise RequestRefusedError(
                RequestOutcome.UNAVAILABLE,
                "the ledger refused; the agent's log says why",
                "the same again, later",
            ) from error

    def _count(self, outcome: RequestOutcome) -> None:
        self._telemetry.intake_requests.labels(self._source, outcome.value).inc()

    def _log_transition(self, refusal: RequestRefusedError | None) -> None:
        """Log one line when requests start to be refused for a reason, one when they no longer are.

        A line for each request would let whoever posts fill the log.
        """
        previous, self._last_refusal = self._last_refusal, refusal
        if refusal is not None and (previous is None or previous.outcome is not refusal.outcome):
            outcome = refusal.outcome.value
            log.warning("hook_refuses", path=self._path, outcome=outcome, error=refusal.error)
        elif refusal is None and previous is not None:
            log.info("hook_takes_again", path=self._path)


def require_json(request: web.Request) -> None:
    """Refuse other content types.

    A page of another site can make a browser post a form across origins, but not JSON.

    Raises:
        RequestRefusedError: when the body is of another type.
    """
    if request.content_type != _JSON:
        raise RequestRefusedError(RequestOutcome.MEDIA_TYPE, "the body is of another type", _JSON)


async def read_whole_body(
    request: web.Request, max_bytes: int, key: str, slot: RequestSlot
) -> bytes:
    """The body, at most ``max_bytes`` long, which is the value of the setting ``key``.

    Raises:
        RequestRefusedError: when it is larger or does not arrive in time.
        OverloadedError: when the bodies of other requests hold too many bytes.
    """
    try:
        return await read_body(request, max_bytes, slot)
    except BodyTooLargeError:
        raise RequestRefusedError(
            RequestOutcome.TOO_LARGE,
            "the body is too large",
            f"at most {max_bytes} bytes ({key})",
        ) from None
    except BodyTimeoutError:
        raise RequestRefusedError(
            RequestOutcome.TOO_SLOW, "the body did not arrive whole in time", "the same again"
        ) from None


def json_response(
    body: object, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    """A response with ``body`` as JSON."""
    return web.Response(body=json.encode(body), status=status, headers=headers, content_type=_JSON)


def acceptance_response(alerts: int, skipped: Sequence[str]) -> web.Response:
    """The response to a request of which ``alerts`` alerts are durable now.

    ``skipped`` says why the others were left out; the first ten are shown.
    """
    return json_response({"taken": alerts, "skipped": list(skipped[:_SKIPPED_SHOWN])})


def _refusal_response(refusal: RequestRefusedError) -> web.Response:
    body = {"error": refusal.error, "expected": refusal.expected}
    return json_response(body, _STATUS[refusal.outcome], _HEADERS.get(refusal.outcome, {}))
