"""Whether a delivery is signed as Standard Webhooks asks, to the letter (ticketing.md §5).

Stricter than a library need be: a signature, an id or a time written in any other way than
senders write them is refused, so that nothing is taken that was changed on the way.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from agent.config.secret import Secret

TOLERANCE = 300.0
"""Seconds a delivery's time may be off."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_PREFIX = "whsec_"
_VERSION = "v1,"


class SignatureError(ValueError):
    """The delivery is not what its sender signed, or not now; the text says why."""


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the sender says that it signs."""
    return SIGNATURE in headers


def webhook_id(headers: Mapping[str, str]) -> str:
    """The delivery's id; empty where it has none.

    Raises:
        NotSigned: when it is no id.
    """
    told = headers.get(ID, "")
    if told and not _ID.fullmatch(told):
        raise SignatureError(f"{ID} is not a short line of printable ASCII")
    return told


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[Secret], now: float) -> str:
    """The id of a delivery that one of ``secrets`` signed, in the last five minutes.

    Raises:
        NotSigned: otherwise.
    """
    told, stamp = webhook_id(headers), headers.get(TIMESTAMP, "")
    if not told:
        raise SignatureError(f"{ID} is missing")
    if not _SECONDS.fullmatch(stamp) or abs(now - int(stamp)) > TOLERANCE:
        raise SignatureError(f"{TIMESTAMP} is missing or more than {TOLERANCE:.0f} s off")
    given = [one.encode("ascii", "replace") for one in headers.get(SIGNATURE, "").split(" ")]
    expected = [_signature(secret, told, stamp, body) for secret in secrets]
    # All are compared, so that the time taken tells nothing of which one was near.
    same = [hmac.compare_digest(one, mine) for mine in expected for one in given]
    if not any(same):
        raise SignatureError(f"{SIGNATURE} does not fit the body and the secret")
    return told


def _signature(secret: Secret, told: str, stamp: str, body: bytes) -> bytes:
    signed = f"{told}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, sha256).digest()
    return _VERSION.encode() + base64.b64encode(digest)


def _key(secret: Secret) -> bytes:
    return base64.b64decode(secret.reveal().removeprefix(_PREFIX))
