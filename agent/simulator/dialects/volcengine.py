"""The ``volcengine`` dialect: Volcengine's voice service and its billing, read side.

Written from the vendor's pages (docs/reference/provider-apis.md §2). One address
answers for both of the vendor's hosts; the action says which of them is meant.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.limits import PageLimit
from agent.simulator.dialects.volcengine_signature import SignatureError, key_id, verify
from agent.simulator.entities import UNASSIGNED_STATES, Number
from agent.states import IN_SERVICE_STATES, Capability, NumberState

_VERSION = "2022-01-01"
_SERVICES = {"NumberList": "vms", "QueryBalanceAcct": "billing"}
_CAPABILITIES = {
    "NumberList": Capability.NUMBERS,
    "QueryBalanceAcct": Capability.BALANCE,
}
_PAGES = PageLimit(most=500, usual=20)
_IN_USE, _STOPPED_BY_USER, _STOPPED_BY_PLATFORM, _CANCELLED = 1, 2, 3, 4
_CODES = {
    **dict.fromkeys(IN_SERVICE_STATES, _IN_USE),
    NumberState.SUSPENDED_REQUESTED: _STOPPED_BY_USER,
    NumberState.CANCELLED: _CANCELLED,
    NumberState.RECLAIMED: _CANCELLED,
}
_WORDS = {
    _IN_USE: "使用中",
    _STOPPED_BY_USER: "用户停用",
    _STOPPED_BY_PLATFORM: "平台停用",
    _CANCELLED: "已注销",
}
_LISTED_AFTER_THE_END = frozenset({NumberState.CANCELLED, NumberState.RECLAIMED})
_ERRORS = {
    401: ("SignatureDoesNotMatch", "The request signature does not match."),
    429: ("FlowLimitExceeded", "The request is beyond the current flow control limit."),
}


class _RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class ProviderApi:
    """The API of one provider in Volcengine's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "access_key": re.compile(r"AKLT[0-9A-Za-z]{8,60}"),
        "secret_key": re.compile(r"\S{8,80}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(f"GET {action}" for action in _CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset({"NumberStatusCode"})
    agent_options: ClassVar[Mapping[str, str]] = {"billing_url": "{url}"}

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the access key in the request's ``Authorization``."""
        wanted = key_id(request)
        return next((it for it in accounts if it.credentials["access_key"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the action belongs to."""
        return _CAPABILITIES.get(request.value("Action") or "")

    def operation(self, request: ApiRequest) -> str:
        """Method and action."""
        return f"{request.method} {request.value('Action') or request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid and of the action's service."""
        secret = account.credentials["secret_key"] if account else ""
        try:
            verify(request, secret, _SERVICES.get(request.value("Action") or "", "vms"))
        except SignatureError as error:
            return _error(request, error.status, error.code, error.message)
        return None

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer of the action, or an error."""
        answer = _ANSWERS.get(self.operation(request))
        if answer is None or request.value("Version") != _VERSION:
            return _error(request, 404, "InvalidActionOrVersion", "Could not find operation.")
        try:
            result = answer(request, account, pager)
        except _RefusedError as refused:
            return _error(request, refused.status, refused.code, refused.message)
        return ApiResponse({"ResponseMetadata": _metadata(request), "Result": result})

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status."""
        code, message = _ERRORS.get(status, ("InternalError", "An internal error occurred."))
        error = {"Code": code, "Message": message}
        return ApiResponse({"ResponseMetadata": {"RequestId": "0", "Error": error}}, status)


def _metadata(request: ApiRequest) -> dict[str, Any]:
    action = request.value("Action") or ""
    return {
        "RequestId": "202506051541530862241051178BBBE8",
        "Action": action,
        "Version": request.value("Version") or "",
        "Service": _SERVICES.get(action, ""),
        "Region": "cn-north-1",
    }


def _error(request: ApiRequest, status: int, code: str, message: str) -> ApiResponse:
    error = {"CodeN": 100_000 + status, "Code": code, "Message": message}
    return ApiResponse({"ResponseMetadata": {**_metadata(request), "Error": error}}, status)


def _whole(request: ApiRequest, name: str, usual: int) -> int:
    text = request.value(name)
    if text is None:
        return usual
    if not text.isdigit():
        raise _RefusedError(400, "InvalidParameter", f"The parameter {name} is invalid.")
    return int(text)


def _numbers(request: ApiRequest, account: Account, pager: Pager) -> dict[str, Any]:
    size, offset = _whole(request, "Limit", _PAGES.usual), _whole(request, "Offset", 0)
    why = _PAGES.problem(size)
    if why is not None:
        raise _RefusedError(400, "InvalidParameter", f"The parameter Limit {why}.")
    size = min(size, account.page_size)
    listed = [
        number
        for number in account.listed()
        if number.state not in UNASSIGNED_STATES - _LISTED_AFTER_THE_END
    ]
    page = pager.cut(
        len(listed),
        offset // size + 1,
        size,
        lambda start, stop: list(map(_number_row, listed[start:stop])),
        "Number",
    )
    return {"Limit": size, "Offset": offset, "Total": page.total, "Records": page.rows}


def _number_row(number: Number) -> dict[str, Any]:
    code = _CODES.get(number.state, _STOPPED_BY_PLATFORM)
    return {
        "Number": number.number,
        "NumberStatusCode": code,
        "NumberStatusDesc": _WORDS[code],
        "NumberTypeCode": 1,
        "NumberTypeDesc": "固话",
        "NumberLocation": "北京",
        "NumberPoolNo": "NP160932049201918457",
        "NumberPoolName": "号码池",
        "NumberPoolTypeCode": 101,
        "NumberPoolTypeDesc": "语音通知",
        "NumberPurchaseTime": "2022-02-18 14:41:48",
        "ServiceTypeCode": 100,
        "ServiceTypeDesc": "普通号码",
        "CurrentBindCount": 0,
        "QualificationNo": "",
    }


def _balance(_request: ApiRequest, account: Account, _pager: Pager) -> dict[str, Any]:
    return {
        "AccountID": 2_100_000_001,
        "AvailableBalance": f"{account.balance:.2f}",
        "ArrearsBalance": f"{max(-account.balance, 0.0):.2f}",
        "CashBalance": f"{max(account.balance, 0.0):.2f}",
        "CreditLimit": "0.00",
        "FreezeAmount": "0.00",
    }


_Answer = Callable[[ApiRequest, Account, Pager], dict[str, Any]]
_ANSWERS: Mapping[str, _Answer] = {
    "GET NumberList": _numbers,
    "GET QueryBalanceAcct": _balance,
}
