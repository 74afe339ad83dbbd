"""The ``plivo`` dialect: Plivo's voice API, read side.

Written from the vendor's pages and the examples of its SDK (docs/reference/provider-apis.md §3):
lists of at most 20 objects, at most 300 requests in five seconds, errors as one text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from agent.simulator.account import Account
from agent.simulator.dialects.accounts_abroad import customers_numbers, e164, stable_id
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.basic_login import basic_credentials, is_secret
from agent.simulator.dialects.limits import PageLimit
from agent.simulator.entities import Binding, Number
from agent.states import IN_SERVICE_STATES, BindingKind, BindingState, Capability

_PATH = re.compile(r"/v1/Account/([^/]+)/(?:(Number|Endpoint)/)?")
_CAPABILITIES = {
    None: Capability.BALANCE,
    "Number": Capability.NUMBERS,
    "Endpoint": Capability.REACHABILITY,
}
_PAGES = PageLimit(most=20, usual=20)
_ERRORS = {
    200: "the request could not be executed",
    401: "authentication failed",
    404: "not found",
    429: "too many requests",
}
_REGISTERED = frozenset(BindingState) - {BindingState.OFF, BindingState.UNREGISTERED}


class ProviderApi:
    """The API of one provider in Plivo's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "auth_id": re.compile(r"[MS]A[0-9A-Z]{18}"),
        "auth_token": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset({"GET Account", "GET Number", "GET Endpoint"})
    words: ClassVar[frozenset[str]] = frozenset({"sip_registered"})

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose id is the user of the request's Basic credentials."""
        user = basic_credentials(request)[0]
        return next((it for it in accounts if it.credentials["auth_id"] == user), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        match = _PATH.fullmatch(request.path)
        return _CAPABILITIES[match[2]] if match else None

    def operation(self, request: ApiRequest) -> str:
        """Method and resource."""
        match = _PATH.fullmatch(request.path)
        return f"{request.method} {(match[2] or 'Account') if match else request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the Basic credentials are valid and the path is the account's own."""
        token = basic_credentials(request)[1]
        if account is None or not is_secret(account, "auth_token", token):
            return self.error(401)
        match = _PATH.fullmatch(request.path)
        is_own = match is not None and match[1] == account.credentials["auth_id"]
        return None if is_own else self.error(404)

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The account or a list of its resources, or an error."""
        match = _PATH.fullmatch(request.path)
        if self.operation(request) not in self.reads or match is None:
            return self.error(404)
        if match[2] is None:
            return ApiResponse(_account(account))
        key, rows, row = _LISTS[match[2]]
        return self._list(request, account, pager, key, [row(account, it) for it in rows(account)])

    def error(self, status: int) -> ApiResponse:
        """An answer with Plivo's error body for ``status``."""
        body = {"api_id": stable_id("error"), "error": _ERRORS.get(status, "server error")}
        return ApiResponse(body, status)

    def _list(
        self, request: ApiRequest, account: Account, pager: Pager, key: str, rows: list[Any]
    ) -> ApiResponse:
        limit, offset = request.value("limit") or "20", request.value("offset") or "0"
        if not limit.isdecimal() or not offset.isdecimal() or _PAGES.problem(int(limit)):
            return ApiResponse({"api_id": stable_id("error"), "error": "invalid limit"}, 400)
        size = min(int(limit), account.page_size)
        page = pager.cut(
            len(rows), int(offset) // size + 1, size, lambda start, stop: rows[start:stop], key
        )
        after = urlencode({"limit": size, "offset": int(offset) + size})
        meta = {
            "limit": size,
            "offset": int(offset),
            "previous": None,
            "next": f"{request.path}?{after}" if page.more else None,
            "total_count": page.total,
        }
        return ApiResponse({"api_id": stable_id(key), "meta": meta, "objects": page.rows})


def _account(account: Account) -> dict[str, Any]:
    return {
        "account_type": "standard",
        "api_id": stable_id(account.key),
        "auth_id": account.credentials["auth_id"],
        "auto_recharge": False,
        "billing_mode": "prepaid",
        "cash_credits": f"{account.balance:.5f}",
        "name": account.id,
        # Of the postal address.
        "state": "",
        "timezone": "Asia/Shanghai",
    }


def _number_row(account: Account, number: Number) -> dict[str, Any]:
    owner, own = account.credentials["auth_id"], e164(number.number).removeprefix("+")
    application = stable_id(account.key, "application")[:16] if number.bindings else ""
    return {
        "added_on": "2024-03-01",
        "alias": number.company,
        "application": f"/v1/Account/{owner}/Application/{application}/" if application else None,
        "active": number.state in IN_SERVICE_STATES,
        "carrier": "Plivo",
        "country": "China",
        "monthly_rental_rate": "0.80000",
        "number": own,
        "number_type": "tollfree",
        "renewal_date": "2030-01-01",
        "resource_uri": f"/v1/Account/{owner}/Number/{own}/",
        "sms_enabled": False,
        "sub_account": None,
        "voice_enabled": True,
        "voice_rate": "0.00850",
    }


def _endpoint_row(account: Account, phone: Binding) -> dict[str, Any]:
    owner = account.credentials["auth_id"]
    return {
        "alias": phone.phone,
        "application": None,
        "endpoint_id": stable_id(account.key, phone.phone)[:14],
        "resource_uri": f"/v1/Account/{owner}/Endpoint/{phone.phone}/",
        "sip_registered": "true" if phone.state in _REGISTERED else "false",
        "sip_uri": f"sip:{phone.phone}@phone.plivo.com",
        "sub_account": None,
        "username": phone.phone,
    }


def _endpoints(account: Account) -> list[Binding]:
    phones = (binding for number in account.numbers for binding in number.bindings)
    return list({it.phone: it for it in phones if it.kind is BindingKind.PBX}.values())


_Rows = Callable[[Account], Sequence[Any]]
_Row = Callable[[Account, Any], dict[str, Any]]
_LISTS: Mapping[str, tuple[str, _Rows, _Row]] = {
    "Number": ("number", customers_numbers, _number_row),
    "Endpoint": ("username", _endpoints, _endpoint_row),
}
