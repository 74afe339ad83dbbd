"""The ``vonage`` dialect: Vonage's numbers and account interfaces, read side.

Presence only: numbers have no status, and one that is gone is not listed. An account without
numbers is answered with an empty object (docs/reference/provider-apis.md §3).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.accounts_abroad import customers_numbers, e164, first_line, stable_id
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.basic_login import basic_credentials, is_secret
from agent.simulator.dialects.limits import PageLimit
from agent.simulator.entities import Number
from agent.states import Capability

_NUMBERS, _BALANCE = "/account/numbers", "/account/get-balance"
_CAPABILITIES = {_NUMBERS: Capability.NUMBERS, _BALANCE: Capability.BALANCE}
_PAGES = PageLimit(most=100, usual=10)
_LABELS = {
    401: "authentication failed",
    404: "not found",
    420: "method failed",
    429: "too many requests",
}


class ProviderApi:
    """The API of one provider in Vonage's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "api_key": re.compile(r"[0-9a-f]{8}"),
        "api_secret": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(f"GET {path}" for path in _CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose key is the user of the request's Basic credentials."""
        key = basic_credentials(request)[0]
        return next((it for it in accounts if it.credentials["api_key"] == key), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return _CAPABILITIES.get(request.path)

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the Basic credentials are an account's."""
        secret = basic_credentials(request)[1]
        return None if is_secret(account, "api_secret", secret) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The balance or a page of numbers, or an error."""
        if self.operation(request) not in self.reads:
            return self.error(404)
        if request.path == _BALANCE:
            return ApiResponse({"value": round(account.balance, 4), "autoReload": False})
        return self._numbers(request, account, pager)

    def error(self, status: int) -> ApiResponse:
        """An answer with Vonage's error body for ``status``."""
        code = 420 if status == 200 else status  # noqa: PLR2004 - a failure that says 200
        label = _LABELS.get(code, "internal error")
        return ApiResponse({"error-code": str(code), "error-code-label": label}, status)

    def _numbers(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        index, size = request.value("index") or "1", request.value("size") or str(_PAGES.usual)
        if not index.isdecimal() or not size.isdecimal() or _PAGES.problem(int(size)):
            return self.error(420)
        numbers = customers_numbers(account)
        page = pager.cut(
            len(numbers),
            max(int(index), 1),
            min(int(size), account.page_size),
            lambda start, stop: [_row(account, number) for number in numbers[start:stop]],
            "msisdn",
        )
        if not numbers:
            return ApiResponse({})
        return ApiResponse({"count": page.total, "numbers": page.rows})


def _row(account: Account, number: Number) -> dict[str, Any]:
    return {
        "country": "CN",
        "msisdn": e164(number.number).removeprefix("+"),
        "type": "landline-toll-free",
        "features": ["VOICE"],
        "moHttpUrl": "",
        **_callback(account, number),
    }


def _callback(account: Account, number: Number) -> dict[str, str]:
    """What a call is put through to: a telephone, an application, or nothing."""
    line = first_line(number.bindings)
    if line:
        value = e164(line.phone).removeprefix("+")
        return {"voiceCallbackType": "tel", "voiceCallbackValue": value}
    if number.bindings:
        application = stable_id(account.key, "application")
        return {"voiceCallbackType": "app", "voiceCallbackValue": application}
    return {}
