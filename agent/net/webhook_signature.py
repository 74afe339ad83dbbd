"""Verifies inbound webhooks signed by Standard Webhooks (docs/reference/ticketing.md §5).

Stricter than the reference library: an id, a time stamp or a signature in any spelling that
senders do not produce is refused, so that no altered request is accepted.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from agent.config.secret import Secret

TOLERANCE = 300.0
"""Seconds by which a request's time stamp may differ from ours."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_PREFIX = "whsec_"
_VERSION = "v1,"
_SIGNATURE_SHAPE = re.compile(r"v1,[A-Za-z0-9+/]{43}=")


class SignatureError(ValueError):
    """The request is not as its sender signed it, or too old; the text says why."""


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the request carries a signature."""
    return SIGNATURE in headers


def webhook_id(headers: Mapping[str, str]) -> str:
    """The request's ``webhook-id``; empty where it has none.

    Raises:
        SignatureError: when it is malformed.
    """
    identifier = headers.get(ID, "")
    if identifier and not _ID.fullmatch(identifier):
        raise SignatureError(f"{ID} is not a short line of printable ASCII")
    return identifier


def check_headers(headers: Mapping[str, str], now: float) -> None:
    """Check all of a signed request that can be checked before its body is there.

    Raises:
        SignatureError: when no body can make it a request that was signed at ``now``, in epoch
            seconds.
    """
    stamp = headers.get(TIMESTAMP, "")
    if not webhook_id(headers):
        raise SignatureError(f"{ID} is missing")
    if not _SECONDS.fullmatch(stamp) or abs(now - int(stamp)) > TOLERANCE:
        raise SignatureError(f"{TIMESTAMP} is missing or more than {TOLERANCE:.0f} s off")
    if not any(map(_SIGNATURE_SHAPE.fullmatch, headers.get(SIGNATURE, "").split(" "))):
        raise SignatureError(f"{SIGNATURE} is missing or has no signature of version 1")


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[Secret], now: float) -> str:
    """Verify that one of ``secrets`` signed the request within the last five minutes.

    Returns the request's ``webhook-id``. ``now`` is in epoch seconds.

    Raises:
        SignatureError: when the request is not signed so.
    """
    check_headers(headers, now)
    identifier, stamp = webhook_id(headers), headers[TIMESTAMP]
    received = [text.encode("ascii", "replace") for text in headers.get(SIGNATURE, "").split(" ")]
    expected = [_signature(secret, identifier, stamp, body) for secret in secrets]
    # All pairs are compared, so that the time taken does not reveal which one was close.
    matches = [hmac.compare_digest(theirs, ours) for ours in expected for theirs in received]
    if not any(matches):
        raise SignatureError(f"{SIGNATURE} does not fit the body and the secret")
    return identifier


def _signature(secret: Secret, identifier: str, stamp: str, body: bytes) -> bytes:
    content = f"{identifier}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), content, sha256).digest()
    return _VERSION.encode() + base64.b64encode(digest)


def _key(secret: Secret) -> bytes:
    return base64.b64decode(secret.reveal().removeprefix(_PREFIX))
