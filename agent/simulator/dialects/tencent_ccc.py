"""The ``tencent_ccc`` dialect: Tencent Cloud's contact centre and billing, API 3.0, read side.

Written from the vendor's descriptions of ``ccc`` 2020-02-10 and ``billing`` 2018-07-09. Phones of
kind ``pbx`` and ``trunk`` are extensions, whose registration the API tells; all others are phones
of members of staff, of which it tells nothing but the number (docs/reference/provider-apis.md §2).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.limits import PageLimit, RequestRate, WindowLimit
from agent.simulator.dialects.tencent_records import (
    balance_row,
    call_row,
    extension_row,
    listed_numbers,
    mark_row,
    number_row,
    purchase_row,
    staff_row,
)
from agent.simulator.dialects.tencent_signature import SignatureError, account_id, verify
from agent.simulator.entities import Binding
from agent.states import BindingKind, Capability

_DAY = 86400.0
_VERSIONS = {"ccc": "2020-02-10", "billing": "2018-07-09", "smpn": "2019-08-22"}
_SERVICE = {"DescribeAccountBalance": "billing", "DescribeSmpnChp": "smpn"}
_CAPABILITIES = {
    "DescribeNumbers": Capability.NUMBERS,
    "DescribeCCCBuyInfoList": Capability.NUMBERS,
    "DescribeExtensions": Capability.REACHABILITY,
    "DescribeStaffInfoList": Capability.REACHABILITY,
    "DescribeAccountBalance": Capability.BALANCE,
    "DescribeTelCdr": Capability.CALLS,
    # Marks of numbers are asked for with the listing.
    "DescribeSmpnChp": Capability.NUMBERS,
}
_PAGES = {
    "DescribeNumbers": PageLimit(most=1000, usual=20),
    "DescribeExtensions": PageLimit(most=1000, usual=20),
    "DescribeStaffInfoList": PageLimit(most=9999, usual=20),
    "DescribeTelCdr": PageLimit(most=100, usual=20),
}
_CALLS_WINDOW = WindowLimit(longest=90 * _DAY, oldest=180 * _DAY)
_OF_NO_INSTANCE = frozenset({"DescribeAccountBalance", "DescribeCCCBuyInfoList", "DescribeSmpnChp"})
_EXTENSION_KINDS = frozenset({BindingKind.PBX, BindingKind.TRUNK})
_ERRORS = {
    200: ("InternalError", "An internal error occurred."),
    401: ("AuthFailure.SignatureFailure", "The signature does not match."),
    429: ("RequestLimitExceeded", "Your current request times exceed the limit 20 per second."),
}

_Params = Mapping[str, Any]


class _RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = _error(code, message)


def _error(code: str, message: str) -> ApiResponse:
    """Errors come with HTTP 200."""
    body = {"Error": {"Code": code, "Message": message}, "RequestId": _REQUEST_ID}
    return ApiResponse({"Response": body})


_REQUEST_ID = "ed93f3cb-f35e-473f-b9f3-0d451b8b79c6"


class ProviderApi:
    """The API of one provider in Tencent Cloud's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "secret_id": re.compile(r"AKID[0-9A-Za-z]{8,60}"),
        "secret_key": re.compile(r"\S{8,64}"),
        "sdk_app_id": re.compile(r"\d{6,12}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(_CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset({"State", "Status", "EndStatus"})
    per_second: ClassVar[int] = 20
    """Requests of one action that an account may send a second."""

    def __init__(self, _provider: str) -> None:
        self._rate = RequestRate(self.per_second)

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the key id in the request's ``Authorization``."""
        wanted = account_id(request)
        return next((it for it in accounts if it.credentials["secret_id"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the action belongs to."""
        return _CAPABILITIES.get(request.headers.get("X-TC-Action", ""))

    def operation(self, request: ApiRequest) -> str:
        """The action of a POST; whatever comes otherwise is no read."""
        action = request.headers.get("X-TC-Action", "")
        return action if request.method == "POST" else f"{request.method} {action}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid and of the action's service."""
        service = _SERVICE.get(request.headers.get("X-TC-Action", ""), "ccc")
        secret = account.credentials["secret_key"] if account else ""
        try:
            verify(request, secret, service)
        except SignatureError as error:
            return _error(error.code, error.message)
        return None

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer of the action, or an error."""
        action = self.operation(request)
        try:
            params = self._checked(request, account, action)
            body = _ANSWERS[action](params, request, account, pager)
        except _RefusedError as refused:
            return refused.answer
        return ApiResponse({"Response": {**body, "RequestId": _REQUEST_ID}})

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status; it is sent with 200."""
        return _error(*_ERRORS.get(status, ("FailedOperation", "The operation failed.")))

    def _checked(self, request: ApiRequest, account: Account, action: str) -> _Params:
        """The parameters of a request that the API takes."""
        if action not in _ANSWERS:
            raise _RefusedError("InvalidAction", "The action does not exist.")
        if request.headers.get("X-TC-Version") != _VERSIONS[_SERVICE.get(action, "ccc")]:
            raise _RefusedError("NoSuchVersion", "The version does not exist.")
        if not self._rate.admit(f"{account.key} {action}"):
            raise _RefusedError(*_ERRORS[429])
        params = _params(request)
        if action not in _OF_NO_INSTANCE:
            _check_instance(params.get("SdkAppId"), account)
        return params


def _params(request: ApiRequest) -> _Params:
    try:
        params = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        params = None
    if not isinstance(params, dict):
        raise _RefusedError("InvalidParameter", "The body is no JSON object.")
    return params


def _check_instance(instance: object, account: Account) -> None:
    if instance is None:
        raise _RefusedError("MissingParameter", "SdkAppId is missing.")
    if isinstance(instance, bool) or not isinstance(instance, int):
        raise _RefusedError("InvalidParameter", "SdkAppId is not an integer.")
    if str(instance) != account.credentials["sdk_app_id"]:
        raise _RefusedError("InvalidParameterValue.InstanceNotExist", "No such instance.")


def _paged(
    action: str, params: _Params, account: Account, pager: Pager, items: Sequence[Any], render: Any
) -> tuple[int, Sequence[Any]]:
    """Total and rows of the requested page, which is counted from 0."""
    limit, number, size = _PAGES[action], params.get("PageNumber", 0), params.get("PageSize")
    why = limit.problem(size)
    if why is not None:
        raise _RefusedError("InvalidParameterValue", f"PageSize {why}.")
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise _RefusedError("InvalidParameterValue", "PageNumber is not a whole number from 0.")
    rows, key = render
    most = min(size or limit.usual, account.page_size)
    page = pager.cut(len(items), number + 1, most, lambda a, b: list(map(rows, items[a:b])), key)
    return page.total, page.rows


def _numbers(
    params: _Params, _request: ApiRequest, account: Account, pager: Pager
) -> dict[str, Any]:
    items = listed_numbers(account)
    total, rows = _paged("DescribeNumbers", params, account, pager, items, (number_row, "Number"))
    return {"TotalCount": total, "Numbers": rows}


def _marks(
    params: _Params, _request: ApiRequest, account: Account, _pager: Pager
) -> dict[str, Any]:
    if not params.get("ResourceId"):
        raise _RefusedError("MissingParameter", "ResourceId is missing.")
    data = params.get("RequestData")
    phone = data.get("PhoneNumber") if isinstance(data, dict) else None
    if not isinstance(phone, str):
        raise _RefusedError("InvalidParameter", "RequestData has no PhoneNumber.")
    return {"ResponseData": mark_row(account.by_number.get(phone))}


def _purchases(
    params: _Params, _request: ApiRequest, account: Account, _pager: Pager
) -> dict[str, Any]:
    own = int(account.credentials["sdk_app_id"])
    wanted = params.get("SdkAppIds") or [own]
    instances = [purchase_row(account, own)] if own in wanted else []
    return {"TotalCount": len(instances), "SdkAppIdBuyList": instances, "PackageBuyList": []}


def _phones(account: Account, *, extensions: bool) -> list[Binding]:
    phones = {
        binding.phone: binding
        for number in account.numbers
        for binding in number.bindings
        if (binding.kind in _EXTENSION_KINDS) is extensions
    }
    return list(phones.values())


def _extensions(
    params: _Params, _request: ApiRequest, account: Account, pager: Pager
) -> dict[str, Any]:
    has_status = params.get("IsNeedStatus") is True

    def render(binding: Binding) -> dict[str, Any]:
        return extension_row(binding, has_status=has_status)

    items = _phones(account, extensions=True)
    total, rows = _paged(
        "DescribeExtensions", params, account, pager, items, (render, "ExtensionId")
    )
    return {"Total": total, "ExtensionList": rows}


def _staff(params: _Params, _request: ApiRequest, account: Account, pager: Pager) -> dict[str, Any]:
    items = _phones(account, extensions=False)
    total, rows = _paged(
        "DescribeStaffInfoList", params, account, pager, items, (staff_row, "Mail")
    )
    return {"TotalCount": total, "StaffList": rows}


def _balance(
    _params: _Params, _request: ApiRequest, account: Account, _pager: Pager
) -> dict[str, Any]:
    return balance_row(account)


def _calls(params: _Params, request: ApiRequest, account: Account, pager: Pager) -> dict[str, Any]:
    start, end = params.get("StartTimeStamp"), params.get("EndTimeStamp")
    if not isinstance(start, int) or not isinstance(end, int):
        raise _RefusedError("MissingParameter", "StartTimeStamp or EndTimeStamp is missing.")
    why = _CALLS_WINDOW.problem(start, end, request.now)
    if why is not None:
        raise _RefusedError("InvalidParameterValue", f"The window of time {why}.")
    first, last = account.calls_since(start)
    calls = [call for call in account.calls[first:last] if call.started_at < end + 1]
    rows = [row for call in calls if (row := call_row(account, call)) is not None]
    total, page = _paged(
        "DescribeTelCdr", params, account, pager, rows, (lambda row: row, "SessionId")
    )
    return {"TotalCount": total, "TelCdrList": page}


_Answer = Callable[[_Params, ApiRequest, Account, Pager], dict[str, Any]]
_ANSWERS: Mapping[str, _Answer] = {
    "DescribeNumbers": _numbers,
    "DescribeCCCBuyInfoList": _purchases,
    "DescribeSmpnChp": _marks,
    "DescribeExtensions": _extensions,
    "DescribeStaffInfoList": _staff,
    "DescribeAccountBalance": _balance,
    "DescribeTelCdr": _calls,
}
