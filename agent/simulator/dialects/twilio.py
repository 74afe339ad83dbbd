"""The ``twilio`` dialect: Twilio's 2010-04-01 API, read side, shaped like its OpenAPI description.

Presence only: a number that is gone is not listed, and an account that cannot call is
``suspended`` as a whole (docs/reference/provider-apis.md §3).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from agent.simulator.account import Account
from agent.simulator.dialects.accounts_abroad import customers_numbers, e164, stable_id
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Page, Pager
from agent.simulator.dialects.basic_login import basic_credentials, is_secret
from agent.simulator.entities import CallRecord, Number
from agent.states import IN_SERVICE_STATES, CallResult, Capability

_ROOT = "/2010-04-01"
_PATH = re.compile(rf"{_ROOT}/Accounts/([^/]+?)(?:/(IncomingPhoneNumbers|Balance|Calls))?\.json")
_DEFAULT_SIZE = 50
_PAGE_KEYS = {"Page", "PageSize", "PageToken"}
_STATUS = {
    CallResult.ANSWERED: "completed",
    CallResult.BUSY: "busy",
    CallResult.NO_ANSWER: "no-answer",
    CallResult.ABANDONED: "canceled",
}
_ERRORS = {
    200: (20500, "Internal Server Error"),
    401: (20003, "Authenticate"),
    404: (20404, "The requested resource was not found"),
    405: (20004, "Method not allowed"),
    429: (20429, "Too Many Requests"),
}
_CAPABILITIES = {
    None: Capability.NUMBERS,
    "IncomingPhoneNumbers": Capability.NUMBERS,
    "Balance": Capability.BALANCE,
    "Calls": Capability.CALLS,
}


class ProviderApi:
    """The API of one provider in Twilio's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "sid": re.compile(r"AC[0-9a-fA-F]{32}"),
        "token": re.compile(r"\S+"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(
        {"GET Account", "GET IncomingPhoneNumbers", "GET Balance", "GET Calls"}
    )
    words: ClassVar[frozenset[str]] = frozenset({"status"})

    def __init__(self, provider: str) -> None:
        self._prefix = f"/{provider}"
        self._present: dict[str, tuple[int, list[Number]]] = {}

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose sid is the user of the request's Basic credentials."""
        sid = basic_credentials(request)[0]
        return next((account for account in accounts if account.credentials["sid"] == sid), None)

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
        if account is None or not is_secret(account, "token", basic_credentials(request)[1]):
            return self.error(401)
        match = _PATH.fullmatch(request.path)
        return self.error(404) if not match or match[1] != account.credentials["sid"] else None

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The resource or list at the path, or an error."""
        match = _PATH.fullmatch(request.path)
        if request.method != "GET" or not match:
            return self.error(404 if request.method == "GET" else 405)
        if match[2] == "Balance":
            return ApiResponse(_balance(account))
        numbers = self._numbers(account)
        if match[2] is None:
            return ApiResponse(_account(account, numbers))
        key, rows = _LISTS[match[2]]
        return self._list(request, pager, key, rows(request, account, numbers))

    def _numbers(self, account: Account) -> list[Number]:
        """The numbers that Twilio lists, computed again only after a change of the account."""
        version, numbers = self._present.get(account.key, (-1, []))
        if version != account.version:
            numbers = customers_numbers(account)
            self._present[account.key] = account.version, numbers
        return numbers

    def error(self, status: int) -> ApiResponse:
        """An answer with Twilio's error body for ``status``."""
        code, message = _ERRORS.get(status, (20000 + status, "Error"))
        body = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": 500 if status == 200 else status,  # noqa: PLR2004 - an error that says 200
        }
        return ApiResponse(body, status)

    def _list(self, request: ApiRequest, pager: Pager, key: str, rows: "_Rows") -> ApiResponse:
        requested = _requested_page(request, rows.most)
        if requested is None:
            return ApiResponse({**_body(self.error(404)), "code": 20006, "status": 400}, 400)
        index, size = requested
        page = pager.cut(rows.total, index + 1, size, rows.render, "sid")
        return ApiResponse({key: page.rows, **self._links(request, page)})

    def _links(self, request: ApiRequest, page: Page) -> dict[str, Any]:
        index = page.number - 1
        uri = self._link(request, page, index)
        return {
            "uri": uri,
            "first_page_uri": self._link(request, page, 0),
            "previous_page_uri": self._link(request, page, index - 1) if index else None,
            "next_page_uri": self._link(request, page, index + 1) if page.more else None,
            "page": index,
            "page_size": page.size,
            "start": index * page.size,
            "end": index * page.size + max(len(page.rows) - 1, 0),
        }

    def _link(self, request: ApiRequest, page: Page, index: int) -> str:
        others = [pair for pair in request.query if pair[0] not in _PAGE_KEYS]
        position = [("PageSize", str(page.size)), ("Page", str(index))]
        if index:
            position.append(("PageToken", _token(index)))
        return f"{self._prefix}{request.path}?{urlencode([*others, *position])}"


_Render = Callable[[Account, Any], dict[str, Any]]


class _Rows:
    """The items of a listing; only those of the requested page are rendered."""

    def __init__(self, account: Account, items: Sequence[Any], render: _Render) -> None:
        self._account = account
        self._items = items
        self._render = render
        self.total = len(items)
        self.most = account.page_size

    def render(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The rendered items from index ``start`` up to, and without, ``stop``."""
        return [self._render(self._account, item) for item in self._items[start:stop]]


def _body(reply: ApiResponse) -> dict[str, Any]:
    return reply.payload if isinstance(reply.payload, dict) else {}


def _token(index: int) -> str:
    return f"PA{stable_id('page', str(index))}"


def _requested_page(request: ApiRequest, most: int) -> tuple[int, int] | None:
    """Page index and size; ``None`` when it is malformed, or a later page lacks its token."""
    page, size = request.value("Page") or "0", request.value("PageSize") or str(_DEFAULT_SIZE)
    if not re.fullmatch(r"\d{1,7}", page, re.ASCII) or not re.fullmatch(
        r"[1-9]\d{0,3}", size, re.ASCII
    ):
        return None
    if int(page) and request.value("PageToken") != _token(int(page)):
        return None
    return int(page), min(int(size), most)


def _rfc2822(wall: float) -> str:
    return format_datetime(datetime.fromtimestamp(wall, UTC))


_BIRTH = _rfc2822(1_700_000_000)


def _status(account: Account, numbers: Sequence[Number]) -> str:
    working = any(number.state in IN_SERVICE_STATES for number in numbers)
    return "suspended" if account.stopped or (numbers and not working) else "active"


def _account(account: Account, numbers: Sequence[Number]) -> dict[str, Any]:
    sid = account.credentials["sid"]
    root = f"{_ROOT}/Accounts/{sid}"
    return {
        "sid": sid,
        "owner_account_sid": sid,
        "friendly_name": account.id,
        "status": _status(account, numbers),
        "type": "Full",
        "auth_token": account.credentials["token"],
        "date_created": _BIRTH,
        "date_updated": _BIRTH,
        "uri": f"{root}.json",
        "subresource_uris": {
            "incoming_phone_numbers": f"{root}/IncomingPhoneNumbers.json",
            "balance": f"{root}/Balance.json",
            "calls": f"{root}/Calls.json",
        },
    }


def _balance(account: Account) -> dict[str, Any]:
    return {
        "account_sid": account.credentials["sid"],
        "balance": f"{account.balance:.2f}",
        "currency": account.currency,
    }


def _numbers(request: ApiRequest, account: Account, numbers: Sequence[Number]) -> _Rows:
    requested = request.value("PhoneNumber")
    if requested is not None:
        numbers = [number for number in numbers if e164(number.number) == requested]
    return _Rows(account, numbers, _number_row)


_NUMBER_CONSTANTS = {
    "origin": "twilio",
    "api_version": "2010-04-01",
    "beta": False,
    "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
    "address_requirements": "none",
    "address_sid": None,
    "bundle_sid": None,
    "identity_sid": None,
    "date_created": _BIRTH,
    "date_updated": _BIRTH,
    "emergency_address_sid": None,
    "emergency_address_status": "unregistered",
    "emergency_status": "Inactive",
    "sms_application_sid": "",
    "sms_fallback_method": "POST",
    "sms_fallback_url": "",
    "sms_method": "POST",
    "sms_url": "",
    "status_callback": "",
    "status_callback_method": "POST",
    "trunk_sid": None,
    "voice_application_sid": "",
    "voice_caller_id_lookup": False,
    "voice_fallback_method": "POST",
    "voice_fallback_url": "",
    "voice_method": "POST",
    "voice_receive_mode": "voice",
    "voice_url": "https://voice.example.com/answer",
}


def _number_row(account: Account, number: Number) -> dict[str, Any]:
    sid, owner = f"PN{stable_id(account.key, number.number)}", account.credentials["sid"]
    return {
        "sid": sid,
        "account_sid": owner,
        "phone_number": e164(number.number),
        "friendly_name": number.company or e164(number.number),
        "status": "in-use" if number.state in IN_SERVICE_STATES else "suspended",
        **_NUMBER_CONSTANTS,
        "uri": f"{_ROOT}/Accounts/{owner}/IncomingPhoneNumbers/{sid}.json",
    }


_SINCE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")


def _instant(text: str | None) -> float | None:
    if text is None or not _SINCE.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def _calls(request: ApiRequest, account: Account, _numbers: Sequence[Number]) -> _Rows:
    """Newest first, as Twilio lists them."""
    since, until = _instant(request.value("StartTime>")), _instant(request.value("StartTime<"))
    first, last = account.calls_since(since if since is not None else 0.0)
    status, called = request.value("Status"), request.value("To")
    calls = [
        call
        for call in reversed(account.calls[first:last])
        if (until is None or call.started_at <= until)
        and status in {None, _STATUS.get(call.result, "failed")}
        and called in {None, e164(call.number)}
    ]
    return _Rows(account, calls, _call_row)


def _call_row(account: Account, call: CallRecord) -> dict[str, Any]:
    sid, owner = f"CA{stable_id(account.key, call.id)}", account.credentials["sid"]
    start = _rfc2822(call.started_at)
    return {
        "sid": sid,
        "account_sid": owner,
        "to": e164(call.number),
        "to_formatted": e164(call.number),
        "from": e164(call.caller),
        "from_formatted": e164(call.caller),
        "phone_number_sid": f"PN{stable_id(account.key, call.number)}",
        "status": _STATUS.get(call.result, "failed"),
        "start_time": start,
        "end_time": _rfc2822(call.started_at + call.wait_seconds + call.talk_seconds),
        "duration": str(round(call.talk_seconds)),
        "direction": "inbound",
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": start,
        "date_updated": start,
        "forwarded_from": None,
        "group_sid": None,
        "parent_call_sid": None,
        "price": None,
        "price_unit": account.currency,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{_ROOT}/Accounts/{owner}/Calls/{sid}.json",
        "subresource_uris": {},
    }


_List = Callable[[ApiRequest, Account, Sequence[Number]], _Rows]
_LISTS: Mapping[str, tuple[str, _List]] = {
    "IncomingPhoneNumbers": ("incoming_phone_numbers", _numbers),
    "Calls": ("calls", _calls),
}
