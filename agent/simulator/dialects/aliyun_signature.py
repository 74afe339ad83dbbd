"""Alibaba Cloud's signature ``ACS3-HMAC-SHA256``, as its server checks it.

Written from the document of the signature: the request is brought into one form, its hash is
signed with the secret, and what was received must give the same signature.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from agent.simulator.dialects.base import ApiRequest

_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_AUTHORIZATION: Final = re.compile(
    rf"{_ALGORITHM} Credential=(?P<key>[^,\s]+),SignedHeaders=(?P<names>[a-z0-9;-]+),"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_DATE: Final = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ", re.ASCII)
_NEEDED: Final = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
)
_VALID_SECONDS: Final = 900.0
_MOST_NONCES: Final = 100_000

Refusal = tuple[int, str, str]
"""HTTP status, code, message."""


def key_of(headers: Mapping[str, str]) -> str:
    """The access key that a request claims to come from; empty without one."""
    match = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    return match["key"] if match else ""


class Signatures:
    """Checks signatures; remembers the nonces that were used."""

    def __init__(self) -> None:
        self._nonces: dict[str, None] = {}

    def refusal(self, request: ApiRequest, body: bytes, secret: str) -> Refusal | None:
        """Why a request is refused; ``None`` if it is signed with ``secret``."""
        match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if match is None:
            return 400, "IncompleteSignature", "The request has no signature of ACS3."
        names = match["names"].split(";")
        if names != sorted(names) or not set(names) >= _NEEDED:
            return 400, "IncompleteSignature", "Not every x-acs header is signed."
        if request.headers.get("x-acs-content-sha256") != hashlib.sha256(body).hexdigest():
            return 400, "InvalidContent", "x-acs-content-sha256 is not the body's."
        expected = _signature(request, names, secret)
        if not hmac.compare_digest(expected, match["signature"]):
            return 400, "SignatureDoesNotMatch", "Specified signature does not match our one."
        return self._stale(request)

    def _stale(self, request: ApiRequest) -> Refusal | None:
        date = request.headers["x-acs-date"]
        if not _DATE.fullmatch(date):
            return 400, "InvalidTimeStamp.Format", "x-acs-date is not in UTC."
        if abs(datetime.fromisoformat(date).timestamp() - request.now) > _VALID_SECONDS:
            return 400, "InvalidTimeStamp.Expired", "Specified time stamp is expired."
        nonce = request.headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            return 400, "SignatureNonceUsed", "Specified signature nonce was used already."
        self._nonces[nonce] = None
        if len(self._nonces) > _MOST_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return None


def _signature(request: ApiRequest, names: list[str], secret: str) -> str:
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(request.query))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    parts = (
        request.method,
        request.full_path or "/",
        query,
        headers,
        ";".join(names),
        request.headers.get("x-acs-content-sha256", ""),
    )
    hashed = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{_ALGORITHM}\n{hashed}".encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
