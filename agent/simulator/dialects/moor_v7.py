"""The ``7moor_v7`` dialect: the call centre of 7moor (容联七陌), interfaces of its new platform.

Written from the vendor's pages on authorization, numbers and SIP accounts. Its answers hold what no
client needs: the headers of the request, and the passwords of SIP accounts. How it words a refused
signature is on none of these pages; what is here is a guess that the profile does not rely on
beyond the HTTP status.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.entities import UNASSIGNED_STATES, Binding, Number
from agent.states import IN_SERVICE_STATES, BindingKind, BindingState, Capability

_NUMBERS = "POST /openapi/v1/call/query/number"
_SIP = "POST /openapi/v1/call/sip/list"
_CAPABILITIES = {_NUMBERS: Capability.NUMBERS, _SIP: Capability.REACHABILITY}
_WINDOW = 300.0
_NONCE = re.compile(r"\d{6}", re.ASCII)
_HEADERS = ("m7-appkey", "m7-nonce", "m7-timestamp", "m7-sign")
_REGISTERED = frozenset(
    {
        BindingState.OK,
        BindingState.BUSY,
        BindingState.NO_ANSWER,
        BindingState.REJECTED,
        BindingState.DND,
        BindingState.FORWARDED,
    }
)
_PASSWORD = "pass-of-a-sip-account"  # nosec B105 # nobody's
_MESSAGES = {401: "authFailed", 404: "notFound", 429: "tooManyRequests"}


class ProviderApi:
    """The API of one provider in 7moor's dialect. It remembers the nonces of five minutes."""

    name: ClassVar[str] = "7moor_v7"
    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "app_key": re.compile(r"\d{5,12}"),
        "secret_key": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(_CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset({"status", "registerStatus"})

    def __init__(self, _provider: str) -> None:
        self._nonces: dict[tuple[str, str], float] = {}

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the key in the request's ``m7-appkey``."""
        wanted = request.headers.get("m7-appkey")
        return next((it for it in accounts if it.credentials["app_key"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return _CAPABILITIES.get(f"POST {request.path}")

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid, new and made now."""
        if account is None or not _is_signed(request, account.credentials["secret_key"]):
            return self.error(401)
        return None if self._is_new(request, account) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The answer of the path, or an error."""
        operation = self.operation(request)
        if operation not in _CAPABILITIES:
            return self.error(404)
        wanted = _body(request)
        if wanted is None:
            return _error(400, "paramsError")
        data = _numbers(account) if operation == _NUMBERS else _sip_accounts(account, wanted)
        sent = {name: request.headers.get(name, "") for name in _HEADERS}
        return ApiResponse(
            {
                "success": True,
                "code": "200",
                "message": "requestSuccess",
                "data": data,
                "requestInfo": {
                    "requestId": "1c8eb9708c7511ebadd101dc5c1e7708",
                    "url": request.path,
                    "headers": sent,
                },
            }
        )

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status."""
        return _error(status, _MESSAGES.get(status, "systemError"))

    def _is_new(self, request: ApiRequest, account: Account) -> bool:
        """Whether the nonce was not used within five minutes; it is from now on."""
        self._nonces = {key: at for key, at in self._nonces.items() if at > request.now - _WINDOW}
        key = (account.key, request.headers.get("m7-nonce", ""))
        if key in self._nonces:
            return False
        self._nonces[key] = request.now
        return True


def _error(status: int, message: str) -> ApiResponse:
    code = str(500 if status == 200 else status)  # noqa: PLR2004 - a failure that says 200
    return ApiResponse({"success": False, "code": code, "message": message, "data": None}, status)


def _is_signed(request: ApiRequest, secret: str) -> bool:
    key, nonce, stamp, received = (request.headers.get(name, "") for name in _HEADERS)
    if not _NONCE.fullmatch(nonce) or not re.fullmatch(r"\d{10}", stamp, re.ASCII):
        return False
    if abs(request.now - int(stamp)) > _WINDOW:
        return False
    expected = base64.b64encode(
        hmac.digest(secret.encode(), f"{key}{stamp}{nonce}".encode(), hashlib.sha256)
    )
    return hmac.compare_digest(expected, received.encode("utf-8", "replace"))


def _body(request: ApiRequest) -> Mapping[str, Any] | None:
    """The members of the body, which may be missing; ``None`` when it is no object."""
    if not request.body:
        return {}
    try:
        tree = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return tree if isinstance(tree, dict) else None


def _numbers(account: Account) -> dict[str, Any]:
    listed = [it for it in account.listed() if it.state not in UNASSIGNED_STATES]
    return {
        "serviceNumberList": [_number_row(account, number) for number in listed],
        "displayNumberList": [],
        "sipNumberList": [_sip_number(account, phone) for phone in _extensions(account)],
    }


def _number_row(account: Account, number: Number) -> dict[str, Any]:
    return {
        "_id": number.number,
        "number": number.number,
        "callAbility": "1",
        "line": "line-1",
        "account": account.credentials["app_key"],
        "status": "enable" if number.state in IN_SERVICE_STATES else "disable",
        "resourceType": "trunkNumber",
        "concurrency": str(number.routing.concurrency_limit),
        "createTime": "2020-12-04 14:33:27",
        "updateTime": "2020-12-04 14:33:27",
        "ivrId": "",
        "group": [],
    }


def _sip_number(account: Account, phone: Binding) -> dict[str, Any]:
    return {
        "_id": f"sip-{phone.phone}",
        "number": phone.phone,
        "password": _PASSWORD,
        "account": account.credentials["app_key"],
        "status": 1,
        "isDel": 0,
        "registerStatus": int(phone.state in _REGISTERED),
    }


def _sip_accounts(account: Account, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    number, states = wanted.get("number"), wanted.get("registerStatuses", [0, 1])
    rows = [_sip_row(account, phone) for phone in _extensions(account)]
    return [
        row
        for row in rows
        if row["registerStatus"] in states and number in {None, "", row["number"]}
    ]


def _sip_row(account: Account, phone: Binding) -> dict[str, Any]:
    registered = int(phone.state in _REGISTERED)
    return {
        "clientUrl": "192.0.2.82:54869" if registered else "",
        "serverUrl": "pbx.example.com:32760",
        "registerDevice": "Telephone",
        "registerTime": "2020-12-04 14:33:27",
        "registerStatus": registered,
        "number": phone.phone,
        "sipId": f"sip-{phone.phone}",
        "accountId": account.credentials["app_key"],
        "agent": {"agentId": "5feb148e19a5207b5020e728", "agentName": "座席", "agentNumber": "1"},
    }


def _extensions(account: Account) -> list[Binding]:
    phones = {
        binding.phone: binding
        for number in account.numbers
        for binding in number.bindings
        if binding.kind in {BindingKind.PBX, BindingKind.TRUNK}
    }
    return list(phones.values())
