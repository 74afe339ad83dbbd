"""What the dialects of providers outside China have in common: logins, numbers, identifiers."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from hmac import compare_digest

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest
from agent.simulator.entities import UNASSIGNED_STATES, Binding, Number
from agent.states import BindingKind

_COUNTRY = "86"


def basic_credentials(request: ApiRequest) -> tuple[str, str]:
    """User and password of HTTP Basic authentication; empty texts where there are none."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def is_secret(account: Account | None, credential: str, received: str) -> bool:
    """Whether ``received`` is the ``credential`` of ``account``, compared in constant time."""
    expected = account.credentials[credential] if account else ""
    return account is not None and compare_digest(received.encode(), expected.encode())


def customers_numbers(account: Account) -> list[Number]:
    """The listed numbers that the customer has; what was given back is not among them."""
    return [number for number in account.listed() if number.state not in UNASSIGNED_STATES]


def e164(number: str) -> str:
    """A Chinese number as it is written abroad, ``+86…``; others as they are."""
    return number if number.startswith("+") else f"+{_COUNTRY}{number.removeprefix('0')}"


def stable_id(*parts: str) -> str:
    """32 hexadecimal digits, the same for the same ``parts``."""
    return hashlib.blake2b(":".join(parts).encode(), digest_size=16).hexdigest()


def first_line(bindings: Sequence[Binding]) -> Binding | None:
    """The first phone on the public network, to which a number can be forwarded."""
    lines = {BindingKind.MOBILE, BindingKind.LANDLINE}
    return next((it for it in bindings if it.kind in lines), None)
