"""The ``huawei_privatenumber`` dialect: Huawei Cloud's PrivateNumber, AX mode, read side.

Written from the vendor's page on the query of AX bindings (privatenumber_02_0014).
The first phone of a number is what is bound behind it; there is no listing of numbers.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.entities import Binding
from agent.states import Capability

_READ = "GET /rest/provision/caas/privatenumber/v1.0"
_AUTHORIZATION = 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"'
_TOKEN = re.compile(
    r'UsernameToken Username="(?P<key>[^"]+)", ?PasswordDigest="(?P<digest>[^"]+)", ?'
    r'Nonce="(?P<nonce>[^"]+)", ?Created="(?P<created>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"'
)
_WINDOW = 300.0
_ERRORS = {
    200: ("1010001", "Internal system error."),
    400: ("1010002", "Invalid request."),
    401: ("1020150", "The app_key is invalid."),
    404: ("1010002", "Invalid request."),
    429: ("1010024", "The rate of the application is limited."),
}


class ProviderApi:
    """The API of one provider in PrivateNumber's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "app_key": re.compile(r"[0-9A-Za-z]{8,64}"),
        "app_secret": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset({_READ})
    words: ClassVar[frozenset[str]] = frozenset()
    needs_inventory: ClassVar[bool] = True

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the key in the request's ``X-AKSK``."""
        match = _TOKEN.fullmatch(request.headers.get("X-AKSK", ""))
        wanted = match["key"] if match else ""
        return next((it for it in accounts if it.credentials["app_key"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return Capability.REACHABILITY if self.operation(request) == _READ else None

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the token is one of the account, made now."""
        if account is None or not _is_signed(request, account.credentials["app_secret"]):
            return self.error(401)
        return None

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The bindings of ``privateNum``, or an error."""
        if self.operation(request) != _READ:
            return self.error(404)
        wanted = request.value("privateNum") or ""
        if not re.fullmatch(r"\+86\d{4,15}", wanted, re.ASCII):
            return self.error(400)
        number = account.by_number.get(wanted.removeprefix("+86"))
        bound = min(number.bindings, key=lambda it: it.position, default=None) if number else None
        rows = [] if bound is None else [_row(wanted, bound)]
        return ApiResponse({"resultcode": "0", "resultdesc": "Success", "privateNumList": rows})

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status."""
        code, text = _ERRORS.get(status, _ERRORS[200])
        return ApiResponse({"resultcode": code, "resultdesc": text}, status)


def _is_signed(request: ApiRequest, secret: str) -> bool:
    match = _TOKEN.fullmatch(request.headers.get("X-AKSK", ""))
    if match is None or request.headers.get("Authorization") != _AUTHORIZATION:
        return False
    try:
        moment = datetime.fromisoformat(match["created"])
    except ValueError:
        return False
    if abs(request.now - moment.timestamp()) > _WINDOW:
        return False
    text = f"{match['nonce']}{match['created']}".encode()
    expected = base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha256))
    return hmac.compare_digest(expected, match["digest"].encode("utf-8", "replace"))


def _row(number: str, binding: Binding) -> dict[str, Any]:
    """A ``privateNumInfo``."""
    return {
        "origNum": f"+86{binding.phone.removeprefix('0')}",
        "privateNum": number,
        "privateNumType": "mobile-virtual",
        "subscribeTime": "2022-12-13T08:00:00Z",
        "subscriptionId": f"efw89efwf7f7{binding.id}",
        "callDirection": "0",
        "duration": "0",
    }
