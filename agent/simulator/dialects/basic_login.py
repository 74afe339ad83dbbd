"""HTTP Basic authentication of the simulated APIs, for providers and PBXs alike."""

import base64
import binascii
from hmac import compare_digest

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest


def basic_credentials(request: ApiRequest) -> tuple[str, str]:
    """User and password of HTTP Basic authentication; empty texts where there are none."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def is_secret(account: Account | None, credential: str, received: str) -> bool:
    """Whether ``received`` is the ``credential`` of ``account``, compared in constant time."""
    expected = account.credentials[credential] if account else ""
    return account is not None and compare_digest(received.encode(), expected.encode())
