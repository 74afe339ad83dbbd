"""The ``opensips`` dialect: OpenSIPS's management interface over HTTP, its location table.

Written from the vendor's documents on mi_http and usrloc and outputs of ``ul_dump`` in its issues:
JSON-RPC by POST at ``/mi``, contacts in addresses of record in tables. Errors are members of an
answer with HTTP 200. The login is that of the proxy before it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.pbx import (
    CREDENTIALS,
    REGISTERED,
    account_of,
    extensions,
    is_logged_in,
    json_rpc,
)
from agent.simulator.entities import Binding
from agent.states import Capability

_DUMP = "POST /mi ul_dump"
_LIFETIME = 3600


class ProviderApi:
    """The management interface of one OpenSIPS; each account is a server of its own."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = CREDENTIALS
    reads: ClassVar[frozenset[str]] = frozenset({_DUMP})
    words: ClassVar[frozenset[str]] = frozenset()
    needs_inventory: ClassVar[bool] = True
    needs_extensions: ClassVar[bool] = True

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose user is that of the request's Basic credentials."""
        return account_of(request, accounts)

    def capability(self, request: ApiRequest) -> str | None:
        """Reachability, for the dump of the location table."""
        return Capability.REACHABILITY if self.operation(request) == _DUMP else None

    def operation(self, request: ApiRequest) -> str:
        """Method, path and the method of the call."""
        return f"{request.method} {request.path} {json_rpc(request).get('method', '')}".strip()

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """The proxy's error unless the Basic credentials are valid."""
        return None if is_logged_in(request, account) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The location table, or an error."""
        if request.path != "/mi" or request.method != "POST":
            return self.error(404)
        if self.operation(request) != _DUMP:
            return _error(-32601, "Method not found")
        rows = [_record(phone) for phone in extensions(account)]
        table = {"name": "location", "hash_size": 512, "AORs": [row for row in rows if row]}
        call = json_rpc(request)
        return ApiResponse({"jsonrpc": "2.0", "result": {"Domains": [table]}, "id": call.get("id")})

    def error(self, status: int) -> ApiResponse:
        """The error of a call, or that of the proxy."""
        if status == 200:  # noqa: PLR2004 - a failure that says 200
            return _error(-32000, "Server error")
        return ApiResponse(f"Error {status}", status)


def _error(code: int, message: str) -> ApiResponse:
    error = {"code": code, "message": message}
    return ApiResponse({"jsonrpc": "2.0", "error": error, "id": 1})


def _record(phone: Binding) -> dict[str, Any]:
    """An address of record; one whose phone has gone has a contact that expired, until a sweep."""
    is_registered = phone.state in REGISTERED
    contact = {
        "Contact": f"sip:{phone.phone}@192.0.2.7:5060",
        "ContactID": f"37849236430840{phone.phone}",
        "Expires": _LIFETIME if is_registered else "expired",
        "Q": "",
        "Callid": f"call-{phone.phone}",
        "Cseq": 2,
        "User-agent": "n/a",
        "State": "CS_NEW",
        "Flags": 0,
        "Cflags": "",
        "Socket": "udp:192.0.2.1:5060",
        "Methods": 4294967295,
    }
    return {"AOR": phone.phone, "Contacts": [contact]}
