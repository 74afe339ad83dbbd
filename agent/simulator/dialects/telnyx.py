"""The ``telnyx`` dialect: Telnyx's v2 API, read side, shaped like its OpenAPI description.

Numbers have a status of a closed list. What the customer may not use is ``emergency-only`` here;
which numbers that word really covers the description does not say
(docs/reference/provider-apis.md §5).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.accounts_abroad import e164, first_line, stable_id
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.basic_login import is_secret
from agent.simulator.dialects.limits import PageLimit
from agent.simulator.entities import Number
from agent.states import IN_SERVICE_STATES, Capability, NumberState

_PAGES = PageLimit(most=250, usual=20)
_STATUS = {
    **dict.fromkeys(IN_SERVICE_STATES, "active"),
    NumberState.PREOCCUPIED: "purchase-pending",
    NumberState.OPEN_UNFUNDED: "provision-pending",
    NumberState.REVIEW: "requirement-info-under-review",
    NumberState.REVIEW_REJECTED: "requirement-info-exception",
    NumberState.RECLAIMED: "deleted",
    NumberState.CANCELLED: "deleted",
}
_ERRORS = {
    401: ("10009", "Authentication failed"),
    403: ("10010", "Authorization failed"),
    404: ("10005", "Resource not found"),
    429: ("10011", "Too many requests"),
}
_CAPABILITIES = {
    "/phone_numbers": Capability.NUMBERS,
    "/phone_numbers/voice": Capability.REACHABILITY,
    "/balance": Capability.BALANCE,
}
_CREATED = "2024-03-01T08:00:00Z"


class ProviderApi:
    """The API of one provider in Telnyx's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {"api_key": re.compile(r"\S{8,200}")}
    reads: ClassVar[frozenset[str]] = frozenset(f"GET {path}" for path in _CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset({"status"})

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose key is the request's bearer token."""
        token = _token(request)
        return next((it for it in accounts if it.credentials["api_key"] == token), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return _CAPABILITIES.get(request.path)

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the bearer token is an account's key."""
        return None if is_secret(account, "api_key", _token(request)) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The resource or page at the path, or an error."""
        if self.operation(request) not in self.reads:
            return self.error(404)
        if request.path == "/balance":
            return ApiResponse({"data": _balance(account)})
        return _page(request, account, pager, _ROWS[request.path])

    def error(self, status: int) -> ApiResponse:
        """An answer with Telnyx's error body for ``status``."""
        code, title = _ERRORS.get(status, ("10007", "Unexpected error"))
        return _error(status, code, title)


def _token(request: ApiRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


def _error(status: int, code: str, title: str, **more: object) -> ApiResponse:
    url = f"https://developers.telnyx.com/docs/overview/errors/{code}"
    error = {"code": code, "title": title, "detail": f"{title}.", "meta": {"url": url}, **more}
    return ApiResponse({"errors": [error]}, status)


_Row = Callable[[Account, Number], dict[str, Any]]


def _page(request: ApiRequest, account: Account, pager: Pager, row: _Row) -> ApiResponse:
    requested = {}
    for name, usual in (("number", 1), ("size", _PAGES.usual)):
        text = request.value(f"page[{name}]") or str(usual)
        limit = _PAGES if name == "size" else PageLimit(most=1_000_000, usual=1)
        if not text.isdecimal() or limit.problem(int(text)):
            source = {"parameter": f"page[{name}]"}
            return _error(400, "10015", "Bad Request", source=source)
        requested[name] = int(text)
    listed = [number for number in account.listed() if number.state is not NumberState.IDLE]
    page = pager.cut(
        len(listed),
        requested["number"],
        min(requested["size"], account.page_size),
        lambda start, stop: [row(account, number) for number in listed[start:stop]],
        "phone_number",
    )
    meta = {
        "page_number": page.number,
        "page_size": page.size,
        "total_pages": -(-page.total // page.size),
        "total_results": page.total,
    }
    return ApiResponse({"data": page.rows, "meta": meta})


def _id(account: Account, number: Number) -> str:
    return str(int(stable_id(account.key, number.number)[:15], 16))


def _connection(account: Account, number: Number) -> str | None:
    """The connection that a number's calls are put through to: none where nobody is rung."""
    return str(int(stable_id(account.key, "connection")[:15], 16)) if number.bindings else None


def _number_row(account: Account, number: Number) -> dict[str, Any]:
    connection = _connection(account, number)
    return {
        "id": _id(account, number),
        "record_type": "phone_number",
        "phone_number": e164(number.number),
        "country_iso_alpha2": "CN",
        "status": _STATUS.get(number.state, "emergency-only"),
        "tags": [],
        "external_pin": "1234",
        "connection_id": connection,
        "connection_name": connection and "office",
        "customer_reference": number.company or None,
        "phone_number_type": "shared_cost",
        "call_forwarding_enabled": True,
        "deletion_lock_enabled": False,
        "created_at": _CREATED,
        "purchased_at": _CREATED,
    }


def _voice_row(account: Account, number: Number) -> dict[str, Any]:
    line = first_line(number.bindings)
    return {
        "id": _id(account, number),
        "record_type": "voice_settings",
        "phone_number": e164(number.number),
        "connection_id": _connection(account, number),
        "customer_reference": number.company or None,
        "tech_prefix_enabled": False,
        "translated_number": "",
        "usage_payment_method": "pay-per-minute",
        "call_forwarding": {
            "call_forwarding_enabled": True,
            "forwards_to": e164(line.phone) if line else "",
            "forwarding_type": "always" if line else None,
        },
    }


_ROWS: Mapping[str, _Row] = {
    "/phone_numbers": _number_row,
    "/phone_numbers/voice": _voice_row,
}


def _balance(account: Account) -> dict[str, Any]:
    return {
        "record_type": "balance",
        "balance": f"{account.balance:.2f}",
        "credit_limit": "0.00",
        "available_credit": f"{account.balance:.2f}",
        "pending": "0.00",
        "currency": account.currency,
    }
