"""What the dialects of providers outside China have in common: numbers, identifiers."""

import hashlib
from collections.abc import Sequence

from agent.simulator.account import Account
from agent.simulator.entities import UNASSIGNED_STATES, Binding, Number
from agent.states import BindingKind

_COUNTRY = "86"


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
