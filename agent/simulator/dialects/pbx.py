"""What the dialects of PBXs share: logins by HTTP Basic, and the phones that register."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest
from agent.simulator.dialects.basic_login import basic_credentials, is_secret
from agent.simulator.entities import Binding
from agent.states import BindingKind, BindingState

CREDENTIALS: Final[Mapping[str, re.Pattern[str]]] = {
    "user": re.compile(r"[^\s:]{1,64}"),
    "password": re.compile(r"\S{4,64}"),
}
REGISTERED: Final = frozenset(
    {
        BindingState.OK,
        BindingState.BUSY,
        BindingState.NO_ANSWER,
        BindingState.REJECTED,
        BindingState.DND,
        BindingState.FORWARDED,
    }
)
"""States of a phone that can be called, whatever becomes of the call."""


def account_of(request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
    """The account whose ``user`` the request's Basic credentials name."""
    user = basic_credentials(request)[0]
    return next((it for it in accounts if it.credentials["user"] == user), None)


def is_logged_in(request: ApiRequest, account: Account | None) -> bool:
    """Whether the request has the account's password."""
    return is_secret(account, "password", basic_credentials(request)[1])


def extensions(account: Account) -> list[Binding]:
    """The phones of the account that are behind a PBX, each extension once."""
    phones = {
        binding.phone: binding
        for number in account.numbers
        for binding in number.bindings
        if binding.kind is BindingKind.PBX
    }
    return list(phones.values())


def registered(account: Account) -> list[Binding]:
    """Those of the extensions that are registered."""
    return [phone for phone in extensions(account) if phone.state in REGISTERED]


def json_rpc(request: ApiRequest) -> Mapping[str, Any]:
    """The members of a JSON-RPC call; none where the body is no object."""
    try:
        tree = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}
