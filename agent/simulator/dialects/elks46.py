"""The ``46elks`` dialect: the API of 46elks, read side.

Written from the vendor's pages (46elks.com/docs: list-numbers, update-account). Lists hold at most
100 items, newest first, and go on before the time at ``next``. Numbers that were given back stay in
them. Errors are plain texts.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.accounts_abroad import e164, stable_id
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.basic_login import basic_credentials, is_secret
from agent.simulator.dialects.limits import PageLimit
from agent.simulator.entities import UNASSIGNED_STATES, Number
from agent.states import IN_SERVICE_STATES, Capability, NumberState

_CAPABILITIES = {"/a1/numbers": Capability.NUMBERS, "/a1/me": Capability.BALANCE}
_PAGES = PageLimit(most=100, usual=100)
_UNIT = 10_000
"""Amounts are in ten thousandths of the currency."""
_GIVEN_BACK = frozenset({NumberState.CANCELLED, NumberState.RECLAIMED})
_NEWEST = 1_700_000_000
"""When the first number of a list was made; each that follows is a second older."""
_ERRORS = {
    401: "API access requires Basic HTTP authentication",
    404: "Not found",
    429: "Too many requests",
}


class ProviderApi:
    """The API of one provider in the dialect of 46elks."""

    name: ClassVar[str] = "46elks"
    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "username": re.compile(r"u[0-9a-f]{32}"),
        "password": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(f"GET {path}" for path in _CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset({"active"})

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose name is the user of the request's Basic credentials."""
        user = basic_credentials(request)[0]
        return next((it for it in accounts if it.credentials["username"] == user), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return _CAPABILITIES.get(request.path)

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the Basic credentials are an account's."""
        password = basic_credentials(request)[1]
        return None if is_secret(account, "password", password) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The account or a page of its numbers, or an error."""
        if self.operation(request) not in self.reads:
            return self.error(404)
        if request.path == "/a1/me":
            return ApiResponse(_account(account))
        return _numbers(request, account, pager)

    def error(self, status: int) -> ApiResponse:
        """The text of an error for ``status``."""
        return ApiResponse(_ERRORS.get(status, "Internal error"), status)


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.credentials["username"],
        "displayname": account.id,
        "email": "office@example.com",
        "mobilenumber": "+46700000000",
        "currency": account.currency,
        "balance": round(round(account.balance, 2) * _UNIT),
        "creditalert": round(account.notice * _UNIT),
    }


def _numbers(request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
    limit, start = request.value("limit") or str(_PAGES.usual), request.value("start")
    index = 0 if start is None else _index_before(start)
    if index is None or not limit.isdecimal() or _PAGES.problem(int(limit)):
        return ApiResponse("Invalid parameter", 400)
    size = min(int(limit), account.page_size)
    shown = [
        number
        for number in account.listed()
        if number.state in _GIVEN_BACK or number.state not in UNASSIGNED_STATES
    ]
    page = pager.cut(
        len(shown),
        index // size + 1,
        size,
        lambda begin, end: [_row(account, shown[it], it) for it in range(begin, end)],
    )
    following = {"next": _created(page.number * size - 1)} if page.more else {}
    return ApiResponse({"data": page.rows, **following})


def _created(index: int) -> str:
    moment = datetime.fromtimestamp(_NEWEST - index, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def _index_before(start: str) -> int | None:
    """The index of the first item that is older than ``start``; ``None`` where that is no time."""
    try:
        moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0, _NEWEST - int(moment.timestamp()) + 1)


def _row(account: Account, number: Number, index: int) -> dict[str, Any]:
    is_active = number.state in IN_SERVICE_STATES
    given_back = {"deallocated": _created(-60)} if number.state in _GIVEN_BACK else {}
    return {
        "id": f"n{stable_id(account.key, number.number)}",
        "active": "yes" if is_active else "no",
        "category": "fixed",
        "capabilities": ["voice"],
        "country": "cn",
        "number": e164(number.number),
        "name": number.company,
        "created": _created(index),
        "allocated": _created(index),
        **given_back,
    }
