"""Verifies requests to Alibaba Cloud and Tencent Cloud as their guides describe signatures.

Written from the guides, sharing nothing with the code that signs
(docs/reference/notification.md §1, §2).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from aiohttp import web

_FIELDS = re.compile(r"(\w+)=([^,\s]+)")


def aliyun_problem(request: web.Request, body: bytes, key: str, secret: str, now: float) -> str:
    """The code of the error that Alibaba Cloud answers with; empty where all is right."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(_FIELDS.findall(rest))
    if scheme != "ACS3-HMAC-SHA256" or fields.get("Credential") != key:
        return "InvalidAccessKeyId.NotFound"
    if _sha(body) != request.headers.get("x-acs-content-sha256"):
        return "SignatureDoesNotMatch"
    if abs(_iso(request.headers["x-acs-date"]) - now) > 900:
        return "InvalidTimeStamp.Expired"
    names = fields["SignedHeaders"].split(";")
    if not {"host", "x-acs-action", "x-acs-version", "x-acs-date"} <= set(names):
        return "SignatureDoesNotMatch"
    pairs = sorted(parse_qsl(request.query_string, keep_blank_values=True))
    query = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in pairs)
    text = _canonical(request, query, names, _sha(body))
    to_sign = f"ACS3-HMAC-SHA256\n{_sha(text.encode())}"
    expected = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if expected == fields.get("Signature") else "SignatureDoesNotMatch"


def tencent_problem(
    request: web.Request, body: bytes, key: str, secret: str, service: str, now: float
) -> str:
    """The code of the error that Tencent Cloud answers with; empty where all is right."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(_FIELDS.findall(rest))
    user, _, scope = fields.get("Credential", "").partition("/")
    if scheme != "TC3-HMAC-SHA256" or user != key:
        return "AuthFailure.SecretIdNotFound"
    moment = int(request.headers["X-TC-Timestamp"])
    if abs(moment - now) > 300:
        return "AuthFailure.SignatureExpire"
    day = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
    if scope != f"{day}/{service}/tc3_request":
        return "AuthFailure.SignatureFailure"
    names = fields["SignedHeaders"].split(";")
    text = _canonical(request, request.query_string, names, _sha(body))
    signing = f"TC3{secret}".encode()
    for step in (day, service, "tc3_request"):
        signing = hmac.new(signing, step.encode(), hashlib.sha256).digest()
    to_sign = f"TC3-HMAC-SHA256\n{moment}\n{scope}\n{_sha(text.encode())}"
    expected = hmac.new(signing, to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if expected == fields.get("Signature") else "AuthFailure.SignatureFailure"


def _canonical(request: web.Request, query: str, names: Iterable[str], body_hash: str) -> str:
    ordered = sorted(names)
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in ordered)
    return "\n".join([request.method, request.path, query, lines, ";".join(ordered), body_hash])


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")


def _iso(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
