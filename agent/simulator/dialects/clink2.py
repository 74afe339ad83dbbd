"""The ``clink2`` dialect: TiNet's call centre (CLINK2, AICC), read side.

Written from the vendor's developer's guide (docs/reference/provider-apis.md §2). It
lists hotlines as plain texts without a state, and call records page by page or by scrolling.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.clink2_records import call_row, extension_rows, phone_status
from agent.simulator.dialects.limits import RequestRate, WindowLimit
from agent.states import Capability

_COMMON = frozenset({"AccessKeyId", "Expires", "Timestamp", "Signature"})
_CALL_PARAMETERS = frozenset(
    {"startTime", "startTimeEnd", "hiddenType", "scrollSearch", "scrollId", "offset", "limit"}
)
_TAKES = {
    "/cc/list_hotline_numbers": frozenset[str](),
    "/cc/list_extens": frozenset({"areaCode", "type", "offset", "limit"}),
    "/cc/list_cdr_ib": _CALL_PARAMETERS,
    "/cc/phone_status": frozenset({"tel", "encrypt"}),
}
_CAPABILITIES = {
    "/cc/list_hotline_numbers": Capability.NUMBERS,
    "/cc/list_extens": Capability.REACHABILITY,
    "/cc/list_cdr_ib": Capability.CALLS,
    "/cc/phone_status": Capability.REACHABILITY,
}
_LEAST_ROWS, _MOST_ROWS, _LAST_ROW = 10, 100, 100_000
_LONGEST_LIFE = 86_400
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_MOBILE = re.compile(r"1\d{10}", re.ASCII)
_MONTH = WindowLimit(longest=31 * 86_400 + 1, oldest=366 * 86_400)
_REQUEST_ID = "842ab2a6-3732-4c03-8ab7-c7f83180fb0c"
_ERRORS = {
    401: ("AuthFailure", "身份验证失败。"),
    429: ("TooManyRequests", "请求超限"),
}


class _RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = _error(status, code, message)


def _error(status: int, code: str, message: str) -> ApiResponse:
    body = {"requestId": _REQUEST_ID, "error": {"code": code, "message": message}}
    return ApiResponse(body, status)


class ProviderApi:
    """The API of one provider in CLINK2's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "access_key_id": re.compile(r"[0-9a-z]{8,64}"),
        "access_key_secret": re.compile(r"\S{8,64}"),
    }
    # Not every GET only reads here: there are some that bind a phone.
    reads: ClassVar[frozenset[str]] = frozenset(f"GET {path}" for path in _TAKES)
    words: ClassVar[frozenset[str]] = frozenset({"status"})
    per_second: ClassVar[int] = 3
    """Requests of one path that an account may send a second."""

    def __init__(self, _provider: str) -> None:
        self._rate = RequestRate(self.per_second)

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the key id in the query."""
        wanted = request.value("AccessKeyId")
        return next((it for it in accounts if it.credentials["access_key_id"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return _CAPABILITIES.get(request.path.rstrip("/"))

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path.rstrip('/')}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid and has not expired."""
        if not request.value("AccessKeyId"):
            return _error(400, "MissingAuthenticationToken", "请求必须包含有效的访问密钥ID。")
        if account is None or not _is_signed(request, account.credentials["access_key_secret"]):
            return _error(401, *_ERRORS[401])
        return None if _is_fresh(request) else _error(403, "SignaturesExpired", "签名过期")

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer of the path, or an error."""
        path = request.path.rstrip("/")
        try:
            self._check(request, account, path)
            body = _ANSWERS[path](request, account, pager)
        except _RefusedError as refused:
            return refused.answer
        return ApiResponse({"requestId": _REQUEST_ID, **body})

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status."""
        return _error(status, *_ERRORS.get(status, ("InternalError", "发生内部错误。")))

    def _check(self, request: ApiRequest, account: Account, path: str) -> None:
        if request.method != "GET":
            raise _RefusedError(405, "HttpRequestMethodNotSupported", "HTTP方法不支持。")
        if path not in _ANSWERS:
            raise _RefusedError(404, "ResourceNotFound", "请求资源不存在。")
        if not self._rate.admit(f"{account.key} {path}"):
            raise _RefusedError(429, *_ERRORS[429])
        unknown = {name for name, _ in request.query} - _COMMON - _TAKES[path]
        if unknown:
            raise _RefusedError(400, "UnknownParameter", f"未知参数 {sorted(unknown)}")


def _is_signed(request: ApiRequest, secret: str) -> bool:
    """Whether ``Signature`` is the HMAC-SHA1 over method, host, path and the sorted query."""
    pairs = sorted(pair for pair in request.query if pair[0] != "Signature")
    query = "&".join(f"{_spelled(name)}={_spelled(value)}" for name, value in pairs)
    host, path = request.headers.get("Host", ""), request.full_path.rstrip("/")
    text = f"{request.method}{host}{path}?{query}"
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1))
    return hmac.compare_digest(expected, (request.value("Signature") or "").encode())


def _spelled(text: str) -> str:
    return quote(text, safe="")


def _is_fresh(request: ApiRequest) -> bool:
    stamp, life = request.value("Timestamp") or "", request.value("Expires") or ""
    if not _STAMP.fullmatch(stamp) or not life.isdigit():
        return False
    if not 1 <= int(life) <= _LONGEST_LIFE:
        return False
    return request.now <= datetime.fromisoformat(stamp).timestamp() + int(life)


def _whole(request: ApiRequest, name: str, usual: int, bounds: tuple[int, int]) -> int:
    text = request.value(name)
    if text is None:
        return usual
    if not text.isdigit() or not bounds[0] <= int(text) <= bounds[1]:
        raise _RefusedError(400, "InvalidParameter", f"{name} 取值范围 {bounds[0]}-{bounds[1]}")
    return int(text)


def _hotlines(_request: ApiRequest, account: Account, _pager: Pager) -> dict[str, Any]:
    return {"hotlines": [number.number for number in account.listed()]}


def _extens(request: ApiRequest, account: Account, pager: Pager) -> dict[str, Any]:
    rows = extension_rows(account)
    offset = _whole(request, "offset", 0, (0, 10_000))
    size = min(_whole(request, "limit", 10, (_LEAST_ROWS, _MOST_ROWS)), account.page_size)
    number = offset // size + 1
    page = pager.cut(len(rows), number, size, lambda a, b: rows[a:b], "extenNumber")
    return {
        "extens": page.rows,
        "pageNumber": number,
        "pageSize": size,
        "totalCount": page.total,
    }


def _phone_status(request: ApiRequest, account: Account, _pager: Pager) -> dict[str, Any]:
    phone = request.value("tel")
    if phone is None:
        raise _RefusedError(400, "MissingParameter", "请求缺少必需参数。 tel")
    if not _MOBILE.fullmatch(phone):
        raise _RefusedError(400, "InvalidParameter", "tel 必须是手机号")
    return {"phoneStatus": phone_status(account, phone)}


def _calls(request: ApiRequest, account: Account, pager: Pager) -> dict[str, Any]:
    now = int(request.now)
    start = _whole(request, "startTime", now, (0, 2**40))
    end = _whole(request, "startTimeEnd", now, (0, 2**40))
    why = _MONTH.problem(start, end, request.now)
    if why is not None:
        raise _RefusedError(400, "InvalidParameter", f"startTime {why}")
    size = min(_whole(request, "limit", 10, (_LEAST_ROWS, _MOST_ROWS)), account.page_size)
    scrolls = request.value("scrollSearch") == "true"
    number = _scrolled(request) if scrolls else _offset_page(request, size)
    first, last = account.calls_since(start)
    calls = [call for call in account.calls[first:last] if call.started_at < end + 1]
    page = pager.cut(
        len(calls),
        number,
        size,
        lambda a, b: [call_row(account, call) for call in calls[a:b]],
        "mainUniqueId",
    )
    return {
        "pageNumber": number,
        "pageSize": size,
        "totalCount": page.total,
        "scrollId": f"scroll-{number + 1}" if scrolls and page.more else "",
        "cdrIb": page.rows,
    }


def _scrolled(request: ApiRequest) -> int:
    """The number of the page that ``scrollId`` stands for; the first one without it."""
    text = request.value("scrollId") or "scroll-1"
    number = text.removeprefix("scroll-")
    if not number.isdigit():
        raise _RefusedError(400, "InvalidParameter", "scrollId 无效")
    return int(number)


def _offset_page(request: ApiRequest, size: int) -> int:
    offset = _whole(request, "offset", 0, (0, _LAST_ROW - _LEAST_ROWS))
    if offset + size > _LAST_ROW:
        raise _RefusedError(400, "InvalidParameter", "limit + offset 不允许超过100000")
    return offset // size + 1


_Answer = Callable[[ApiRequest, Account, Pager], dict[str, Any]]
_ANSWERS: Mapping[str, _Answer] = {
    "/cc/list_hotline_numbers": _hotlines,
    "/cc/list_extens": _extens,
    "/cc/list_cdr_ib": _calls,
    "/cc/phone_status": _phone_status,
}
