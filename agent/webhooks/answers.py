"""What a hook answers, and the outcome it is counted under."""

from enum import StrEnum, unique
from http import HTTPStatus

from aiohttp import web
from msgspec import json


@unique
class RequestOutcome(StrEnum):
    """How a request to a hook ended."""

    ACCEPTED = "accepted"
    UNAUTHORIZED = "unauthorized"
    CLOSED = "closed"
    """The hook is not open."""
    MEDIA_TYPE = "media_type"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """It is about something that is not watched."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    """The ledger refused."""


_STATUS = {
    RequestOutcome.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    RequestOutcome.CLOSED: HTTPStatus.NOT_FOUND,
    RequestOutcome.MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RequestOutcome.INVALID: HTTPStatus.BAD_REQUEST,
    RequestOutcome.UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestOutcome.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestOutcome.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    # Never 429: Alertmanager gives up at every 4xx and comes again at every 5xx.
    RequestOutcome.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestOutcome.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS = {
    RequestOutcome.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="numwatch"'},
    RequestOutcome.OVERLOADED: {"Retry-After": "1"},
    RequestOutcome.UNAVAILABLE: {"Retry-After": "5"},
}


class RequestRefusedError(Exception):
    """A request that is not taken: why, and what was expected."""

    def __init__(self, outcome: RequestOutcome, error: str, expected: str) -> None:
        super().__init__(error)
        self.outcome = outcome
        self.error = error
        self.expected = expected


def refuse(refused: RequestRefusedError) -> web.Response:
    """The answer to a request that is not taken."""
    body = {"error": refused.error, "expected": refused.expected}
    headers = _HEADERS.get(refused.outcome, {})
    return _json(body, _STATUS[refused.outcome], headers)


def accept(taken: int, skipped: tuple[str, ...]) -> web.Response:
    """The answer to a request whose alerts are durable now."""
    return _json({"taken": taken, "skipped": list(skipped[:10])}, HTTPStatus.OK, {})


def _json(body: object, status: HTTPStatus, headers: dict[str, str]) -> web.Response:
    return web.Response(
        body=json.encode(body), status=status, headers=headers, content_type="application/json"
    )
