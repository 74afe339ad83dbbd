"""The ``freeswitch`` dialect: the HTTP server of FreeSWITCH's mod_xml_rpc, its registrations.

Written from docs/reference/provider-apis.md §4 and the vendor's page on the module:
commands are paths below ``/txtapi``, the words behind the first are the query, the answer is the
command's output. What fails is a line of text that begins with ``-ERR``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.pbx import CREDENTIALS, account_of, is_logged_in, registered
from agent.simulator.entities import Binding
from agent.states import Capability

_SHOW = "GET /txtapi/show"
_REGISTRATIONS = "registrations as json"
_LIFETIME = 3600


class ProviderApi:
    """The registrations of one FreeSWITCH; each account is a switch of its own."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = CREDENTIALS
    reads: ClassVar[frozenset[str]] = frozenset({f"{_SHOW} {_REGISTRATIONS}"})
    words: ClassVar[frozenset[str]] = frozenset()
    needs_inventory: ClassVar[bool] = True
    needs_extensions: ClassVar[bool] = True

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose user is that of the request's Basic credentials."""
        return account_of(request, accounts)

    def capability(self, request: ApiRequest) -> str | None:
        """Reachability, for the command that shows registrations."""
        return Capability.REACHABILITY if self.operation(request) in self.reads else None

    def operation(self, request: ApiRequest) -> str:
        """Method, path and the words of the command."""
        words = " ".join(name for name, _ in request.query)
        return f"{request.method} {request.path} {words}".strip()

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the Basic credentials are valid."""
        return None if is_logged_in(request, account) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The rows of the table; the key is missing where there are none."""
        if self.operation(request) not in self.reads:
            return self.error(404 if request.path != "/txtapi/show" else 200)
        rows = [_row(phone, request.now) for phone in registered(account)]
        return ApiResponse({"row_count": len(rows), **({"rows": rows} if rows else {})})

    def error(self, status: int) -> ApiResponse:
        """The output of a command that failed, or the page of the HTTP server."""
        return ApiResponse("-ERR command failed" if status == 200 else f"Error {status}", status)  # noqa: PLR2004 - a failure that says 200


def _row(phone: Binding, now: float) -> dict[str, Any]:
    return {
        "reg_user": phone.phone,
        "realm": "pbx.example.com",
        "token": f"call-{phone.phone}@192.0.2.7",
        "url": f"sofia/internal/sip:{phone.phone}@192.0.2.7:5060",
        "expires": str(int(now) + _LIFETIME),
        "network_ip": "192.0.2.7",
        "network_port": "5060",
        "network_proto": "udp",
        "hostname": "pbx",
        "metadata": "",
    }
