"""Verifies Tencent Cloud's ``TC3-HMAC-SHA256`` signatures, from the vendor's description alone.

It shares nothing with the code that signs: a mistake there must not be repeated here.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime

from agent.simulator.dialects.base import ApiRequest

_WINDOW = 300.0
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/,]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[a-z]+)/"
    r"tc3_request, ?SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureError(Exception):
    """A request whose signature is refused, with the API's code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def account_id(request: ApiRequest) -> str:
    """The key id that the request names; empty where there is none."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    return match["id"] if match else ""


def verify(request: ApiRequest, secret: str, service: str) -> None:
    """Return when the request is signed with ``secret`` for ``service``, now.

    An empty ``secret`` stands for a key that does not exist.

    Raises:
        SignatureError: with the code that the API answers.
    """
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise SignatureError("AuthFailure.InvalidAuthorization", "Authorization is invalid.")
    if not secret:
        raise SignatureError("AuthFailure.SecretIdNotFound", "The SecretId does not exist.")
    stamp = request.headers.get("X-TC-Timestamp", "")
    _check_time(stamp, request.now)
    names = match["names"].split(";")
    is_of_today = match["date"] == datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    if not is_of_today or match["service"] != service or not {"content-type", "host"} <= {*names}:
        raise SignatureError("AuthFailure.SignatureFailure", "The credential scope is wrong.")
    expected = _signature(request, secret, stamp, match["date"], service, names)
    if not hmac.compare_digest(expected, match["signature"]):
        raise SignatureError("AuthFailure.SignatureFailure", "The signature does not match.")


def _check_time(stamp: str, now: float) -> None:
    if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII):
        raise SignatureError("MissingParameter", "X-TC-Timestamp is missing.")
    if abs(now - int(stamp)) > _WINDOW:
        raise SignatureError("AuthFailure.SignatureExpire", "The signature has expired.")


def _signature(
    request: ApiRequest, secret: str, stamp: str, date: str, service: str, names: list[str]
) -> str:
    headers = "".join(f"{name}:{request.headers.get(name, '').strip().lower()}\n" for name in names)
    # What is signed lists the path, an empty query, the headers and the hash of the body.
    parts = [request.method, request.full_path, "", headers, ";".join(names)]
    digest = hashlib.sha256(request.body).hexdigest()
    canonical = hashlib.sha256("\n".join([*parts, digest]).encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{stamp}\n{date}/{service}/tc3_request\n{canonical}"
    key = f"TC3{secret}".encode()
    for step in (date, service, "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
