"""Verifies Volcengine's ``HMAC-SHA256`` signatures, from the vendor's description alone.

It shares nothing with the code that signs: a mistake there must not be repeated here.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote

from agent.simulator.dialects.base import ApiRequest

_WINDOW = 900.0
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=(?P<id>[^/,]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z_]+)/request, ?SignedHeaders=(?P<names>[a-z0-9;-]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureError(Exception):
    """A request whose signature is refused, with the API's status, code and message for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def key_id(request: ApiRequest) -> str:
    """The access key that the request names; empty where there is none."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    return match["id"] if match else ""


def verify(request: ApiRequest, secret: str, service: str) -> None:
    """Return when the request is signed with ``secret`` for ``service``, now.

    An empty ``secret`` stands for a key that does not exist.

    Raises:
        SignatureError: with what the API answers.
    """
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise SignatureError(401, "MissingAuthenticationToken", "Missing Authentication Token.")
    if not secret:
        raise SignatureError(401, "InvalidAccessKey", "The accesskey is invalid.")
    stamp = request.headers.get("X-Date", "")
    if not _is_now(stamp, request.now):
        raise SignatureError(400, "InvalidTimestamp", "The signature of the request is expired.")
    names = match["names"].split(";")
    body = hashlib.sha256(request.body).hexdigest()
    is_whole = (
        stamp.startswith(match["date"])
        and match["service"] == service
        and {"host", "x-date", "x-content-sha256"} <= {*names}
        and request.headers.get("X-Content-Sha256") == body
    )
    expected = _signature(request, secret, match, names, body)
    if not is_whole or not hmac.compare_digest(expected, match["signature"]):
        raise SignatureError(401, "SignatureDoesNotMatch", "The request signature does not match.")


def _is_now(stamp: str, now: float) -> bool:
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp, re.ASCII):
        return False
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - moment.timestamp()) <= _WINDOW


def _signature(
    request: ApiRequest, secret: str, match: re.Match[str], names: list[str], body: str
) -> str:
    query = "&".join(sorted(f"{_spelled(name)}={_spelled(text)}" for name, text in request.query))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    parts = [request.method, request.full_path, query, headers, ";".join(names), body]
    canonical = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    scope = (match["date"], match["region"], match["service"], "request")
    stamp = request.headers.get("X-Date", "")
    key = secret.encode()
    for step in scope:
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    text = f"HMAC-SHA256\n{stamp}\n{'/'.join(scope)}\n{canonical}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _spelled(text: str) -> str:
    return quote(text, safe="-_.~")
