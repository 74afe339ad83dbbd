"""The ``kamailio`` dialect: JSON-RPC over HTTP of a Kamailio (``xhttp``, ``jsonrpcs``), read side.

Written from what Kamailio 5.6.3 answered (docs/reference/provider-apis.md §4): every error comes
with HTTP 500, a phone that is not registered as well as a method that does not exist. The login is
that of a proxy before it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.pbx import (
    CREDENTIALS,
    account_of,
    is_logged_in,
    json_rpc,
    registered,
)
from agent.states import Capability

_TABLE = "location"
_LIFETIME = 3600
_CAPABILITIES = {
    "core.version": Capability.NUMBERS,
    "ul.lookup": Capability.REACHABILITY,
    "ul.dump": Capability.REACHABILITY,
    "dispatcher.list": Capability.REACHABILITY,
}
"""What each method is asked for: the version, whether the server is there at all."""


class _RpcError(Exception):
    """A call that Kamailio answers with an error, whose words are its argument."""


class ProviderApi:
    """The JSON-RPC interface of one Kamailio; each account is a server of its own."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = CREDENTIALS
    reads: ClassVar[frozenset[str]] = frozenset(f"POST /RPC {method}" for method in _CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset()
    needs_inventory: ClassVar[bool] = True
    needs_extensions: ClassVar[bool] = True
    base_path: ClassVar[str] = "/RPC"

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose user is that of the request's Basic credentials."""
        return account_of(request, accounts)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the method belongs to."""
        return _CAPABILITIES.get(str(json_rpc(request).get("method")))

    def operation(self, request: ApiRequest) -> str:
        """Method, path and the method of the call."""
        return f"{request.method} {request.path} {json_rpc(request).get('method', '')}".strip()

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """The proxy's error unless the Basic credentials are valid."""
        return None if is_logged_in(request, account) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The result of the call, or an error."""
        if request.path != "/RPC":
            return self.error(404)
        call = json_rpc(request)
        answer = _ANSWERS.get(str(call.get("method")), _no_method)
        try:
            result = answer(account, call.get("params") or [])
        except _RpcError as error:
            return _error(500, str(error), 500)
        return ApiResponse({"jsonrpc": "2.0", "result": result, "id": call.get("id")})

    def error(self, status: int) -> ApiResponse:
        """The error of a call, or that of the proxy."""
        return _error(500 if status == 200 else status, "Internal error", status)  # noqa: PLR2004 - a failure that says 200


def _error(code: int, message: str, status: int) -> ApiResponse:
    error = {"code": code, "message": message}
    return ApiResponse({"jsonrpc": "2.0", "error": error, "id": 1}, status)


def _no_method(_account: Account, _params: Sequence[Any]) -> Any:
    raise _RpcError("Method Not Found")


def _version(_account: Account, _params: Sequence[Any]) -> str:
    return "kamailio 5.6.3 (x86_64/linux)"


def _lookup(account: Account, params: Sequence[Any]) -> dict[str, Any]:
    table, name = (*params, "", "")[:2]
    if table != _TABLE:
        raise _RpcError("Domain table not found")
    if name not in {phone.phone for phone in registered(account)}:
        raise _RpcError("AOR not found in location table")
    return _record(name)


def _dump(account: Account, _params: Sequence[Any]) -> dict[str, Any]:
    records = [{"Info": _record(phone.phone)} for phone in registered(account)]
    return {"Domains": [{"Domain": {"Domain": _TABLE, "Size": 1024, "AoRs": records}}]}


def _record(name: str) -> dict[str, Any]:
    contact = {
        "Address": f"sip:{name}@192.0.2.7:5060",
        "Expires": _LIFETIME,
        "Q": -1,
        "Call-ID": f"call-{name}",
        "CSeq": 1,
        "User-Agent": "n/a",
        "State": "CS_NEW",
    }
    return {"AoR": name, "HashID": 1, "Contacts": [{"Contact": contact}]}


def _destinations(_account: Account, _params: Sequence[Any]) -> dict[str, Any]:
    raise _RpcError("No Destination Sets")


_ANSWERS: Mapping[str, Callable[[Account, Sequence[Any]], Any]] = {
    "core.version": _version,
    "ul.lookup": _lookup,
    "ul.dump": _dump,
    "dispatcher.list": _destinations,
}
