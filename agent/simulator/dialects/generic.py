"""The ``generic`` dialect: signed requests, an envelope with a code, numbered pages."""

import base64
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any, ClassVar
from urllib.parse import quote

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Page, Pager
from agent.simulator.entities import Binding, CallRecord, Number, Routing, SpecialDays
from agent.simulator.world_time import WorldClock, iso
from agent.states import Capability, NumberState

_WINDOW = 300.0
_NONCE_LIFE = 600.0
_NONCE_LENGTH = 16
_ROUTING = re.compile(r"/v1/numbers/([^/]+)/routing")
_ERRORS = {
    200: (50001, "internal error"),
    401: (40100, "not authorised"),
    429: (42900, "slow down"),
}


def signature(secret: str, request: ApiRequest, timestamp: str, nonce: str) -> str:
    """The signature a request must carry, in base64."""
    pairs = sorted((quote(key, safe="~"), quote(value, safe="~")) for key, value in request.query)
    query = "&".join(f"{key}={value}" for key, value in pairs)
    text = f"{request.method}\n{request.full_path}\n{query}\n{timestamp}\n{nonce}"
    return base64.b64encode(
        hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    ).decode()


class _Nonces:
    """The nonces used in the last ten minutes."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._order: deque[tuple[float, str]] = deque()

    def use(self, nonce: str, now: float) -> bool:
        """Mark ``nonce`` as used; returns false when it was used before."""
        while self._order and self._order[0][0] < now - _NONCE_LIFE:
            self._used.discard(self._order.popleft()[1])
        if nonce in self._used:
            return False
        self._used.add(nonce)
        self._order.append((now, nonce))
        return True


def _ok(data: object) -> ApiResponse:
    return ApiResponse({"code": 0, "message": "ok", "data": data})


def _api_error(code: int, message: str, status: int = 200) -> ApiResponse:
    return ApiResponse({"code": code, "message": message, "data": None}, status)


class ProviderApi:
    """The API of one provider in the generic dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "key": re.compile(r"\S+"),
        "secret": re.compile(r".+"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            "GET /v1/numbers",
            "GET /v1/numbers/{number}/routing",
            "GET /v1/bindings",
            "GET /v1/balance",
            "GET /v1/calls",
        }
    )
    words: ClassVar[frozenset[str]] = frozenset({"state", "strategy", "result"})

    def __init__(self, _provider: str) -> None:
        self._nonces = _Nonces()

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the key in the request's ``X-Api-Key``."""
        key = request.headers.get("X-Api-Key", "")
        return next((account for account in accounts if account.credentials["key"] == key), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        if _ROUTING.fullmatch(request.path):
            return Capability.ROUTING
        return _CAPABILITIES.get(request.path)

    def operation(self, request: ApiRequest) -> str:
        """Method and path, the number left out."""
        return f"{request.method} {_ROUTING.sub('/v1/numbers/{number}/routing', request.path)}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless key, timestamp, nonce and signature are valid, checked in this order."""
        reason = self._refusal_reason(request, account)
        return _api_error(40100, reason, 401) if reason else None

    def _refusal_reason(self, request: ApiRequest, account: Account | None) -> str:
        if account is None:
            return "unknown api key"
        headers = request.headers
        timestamp, nonce = headers.get("X-Timestamp", ""), headers.get("X-Nonce", "")
        if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
            return "X-Timestamp is not in unix seconds"
        if abs(request.now - int(timestamp)) > _WINDOW:
            return "X-Timestamp is more than 300 seconds off"
        if len(nonce) < _NONCE_LENGTH:
            return "X-Nonce is shorter than 16 characters"
        received = headers.get("X-Signature", "")
        expected = signature(account.credentials["secret"], request, timestamp, nonce)
        if not hmac.compare_digest(received.encode("utf-8", "replace"), expected.encode()):
            return "X-Signature does not fit"
        return "" if self._nonces.use(f"{account.id}:{nonce}", request.now) else "X-Nonce was used"

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer of the path's endpoint, or an error."""
        if request.method != "GET":
            return _api_error(40500, "only GET is offered here", 405)
        routing = _ROUTING.fullmatch(request.path)
        if routing:
            return _routing(account, routing[1])
        answer = _ANSWERS.get(request.path)
        return answer(request, account, pager) if answer else _api_error(40400, "no such path", 404)

    def error(self, status: int) -> ApiResponse:
        """An envelope with the error code for ``status``."""
        code, message = _ERRORS.get(status, (status * 100, "error"))
        return _api_error(code, message, status)


class _BadQueryError(Exception):
    """A query value that cannot be used."""


def _whole(request: ApiRequest, key: str, default: int) -> int:
    value = request.value(key)
    if value is None:
        return default
    if not re.fullmatch(r"[1-9]\d{0,8}", value, re.ASCII):
        raise _BadQueryError(f"{key} is not a whole number from 1")
    return int(value)


def _listed(page: Page) -> ApiResponse:
    return _ok(
        {"total": page.total, "page": page.number, "page_size": page.size, "items": page.rows}
    )


def _paged(
    request: ApiRequest,
    account: Account,
    pager: Pager,
    total: int,
    rows: Callable[[int, int], list[Any]],
) -> ApiResponse:
    try:
        number = _whole(request, "page", 1)
        size = min(_whole(request, "page_size", account.page_size), account.page_size)
    except _BadQueryError as error:
        return _api_error(40000, str(error))
    key = "number" if request.path == "/v1/numbers" else "id"
    return _listed(pager.cut(total, number, size, rows, key))


def _numbers(request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
    listed = account.listed()

    def rows(start: int, stop: int) -> list[Any]:
        return [_number_row(account, number, request.clock) for number in listed[start:stop]]

    return _paged(request, account, pager, len(listed), rows)


def _number_row(account: Account, number: Number, clock: WorldClock) -> dict[str, Any]:
    end = number.contract_end
    reclaim = None
    if number.state == NumberState.SUSPENDED_ARREARS and number.arrears_since is not None:
        reclaim = iso(clock.wall_at(number.arrears_since + account.reclaim_after))
    return {
        "number": number.number,
        "state": number.state,
        "network_state": number.network_state,
        "reason": number.reason,
        "company": number.company,
        "grade": number.grade,
        "carrier": number.carrier,
        "contract_end": end.isoformat() if end else None,
        "reclaim_at": reclaim,
        "realname_ok": number.realname_ok,
        **_number_features(number),
    }


def _routing(account: Account, requested: str) -> ApiResponse:
    number = account.by_number.get(requested)
    if number is None or not number.listed:
        return _api_error(40401, "number not found")
    routing = number.routing
    return _ok(
        {
            "number": number.number,
            "strategy": routing.strategy,
            "wait_seconds": _plain(routing.wait_seconds),
            "schedule": [
                {
                    "days": window.days,
                    "from": window.start,
                    "to": window.end,
                    "bindings": window.bindings,
                }
                for window in routing.schedule
            ],
            "region_allow": routing.region_allow,
            "region_deny": routing.region_deny,
            "blacklist": routing.blacklist,
            "whitelist": {
                "enabled": routing.whitelist.enabled,
                "entries": routing.whitelist.entries,
            },
            "concurrency_limit": routing.concurrency_limit,
            "voicemail": routing.voicemail,
            "bindings": [
                binding.id for binding in sorted(number.bindings, key=attrgetter("position"))
            ],
            **_routing_features(routing),
        }
    )


# A key of an optional feature is in an answer only where it has a value, so that the pages of a
# plain fleet stay plain.
_ABSENT: tuple[object, ...] = (None, "", ())


def _number_features(number: Number) -> dict[str, Any]:
    """The optional keys of ``number`` in a listing."""
    return _present(
        licence_end=number.licence_end and number.licence_end.isoformat(),
        identity_end=number.identity_end and number.identity_end.isoformat(),
        registered_use=number.registered_use,
        actual_use=number.actual_use,
        recording_oldest_at=number.recording_oldest and number.recording_oldest.isoformat(),
        recordings_pending=number.recordings_pending,
        voicemail_unread=number.voicemail_unread,
        colour_ring=number.colour_ring,
    )


def _binding_features(binding: Binding) -> dict[str, Any]:
    """The optional keys of ``binding`` in a listing of bindings."""
    lines = binding.lines
    return _present(
        wait_seconds=binding.wait_seconds,
        weight=binding.weight,
        carrier=binding.carrier,
        area=binding.area,
        areas=binding.areas,
        holder=binding.holder,
        filed=binding.filed,
        lines=None if lines is None else asdict(lines),
    )


def _routing_features(routing: Routing) -> dict[str, Any]:
    """The optional keys of a number's routing; a list that is present may be empty."""
    values = {name: getattr(routing, name) for name in _PLAIN_KEYS}
    values["trunk"] = routing.trunk or None
    if routing.special_days is not None:
        values["special_days"] = list(map(_days, routing.special_days))
    if routing.menu is not None:
        values["menu"] = list(map(asdict, routing.menu))
    if routing.extensions is not None:
        values["extensions"] = list(map(asdict, routing.extensions))
    return {name: value for name, value in values.items() if value is not None}


_PLAIN_KEYS = (
    "national_calendar",
    "pin",
    "overflow",
    "voicemail_recipient",
    "recording",
    "recording_notice",
    "recording_export",
    "retention_days",
    "landing_forwarded",
    "trunk_capacity",
    "trunk_peak",
)


def _days(days: SpecialDays) -> dict[str, Any]:
    return {
        "from": days.first.isoformat(),
        "to": (days.last or days.first).isoformat(),
        "hours": [{"from": hours.start, "to": hours.end} for hours in days.hours],
        "bindings": days.bindings,
    }


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in _ABSENT}


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _bindings(request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
    def rows(start: int, stop: int) -> list[Any]:
        return [_binding_row(*pair) for pair in account.bindings(start, stop)]

    return _paged(request, account, pager, account.binding_count(), rows)


def _binding_row(number: Number, binding: Binding) -> dict[str, Any]:
    return {
        "number": number.number,
        "id": binding.id,
        "phone": binding.phone,
        "kind": binding.kind,
        "position": binding.position,
        "state": binding.state,
        **_binding_features(binding),
    }


def _money(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _balance(_api_request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
    return _ok(
        {
            "amount": _money(account.balance),
            "currency": account.currency,
            "notice_threshold": _money(account.notice),
            "stop_threshold": _money(account.stop),
            "daily_spend": _money(account.daily_spend),
            "month_spend": _money(account.month_spend),
            "spend_cap": _money(account.spend_cap),
        }
    )


def _calls(request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
    try:
        since = float(request.value("since") or 0)
    except ValueError:
        return _api_error(40000, "since is not in unix seconds")
    first, last = account.calls_since(since)

    def rows(start: int, stop: int) -> list[Any]:
        return [_call_row(call) for call in account.calls[first + start : first + stop]]

    return _paged(request, account, pager, last - first, rows)


def _call_row(call: CallRecord) -> dict[str, Any]:
    return {
        "id": call.id,
        "number": call.number,
        "binding": call.binding,
        "caller": call.caller,
        "started_at": iso(call.started_at),
        "result": call.result,
        "wait_seconds": call.wait_seconds,
        "talk_seconds": call.talk_seconds,
    }


_ANSWERS: Mapping[str, Callable[[ApiRequest, Account, Pager], ApiResponse]] = {
    "/v1/numbers": _numbers,
    "/v1/bindings": _bindings,
    "/v1/balance": _balance,
    "/v1/calls": _calls,
}
_CAPABILITIES: Mapping[str, Capability] = {
    "/v1/numbers": Capability.NUMBERS,
    "/v1/bindings": Capability.REACHABILITY,
    "/v1/balance": Capability.BALANCE,
    "/v1/calls": Capability.CALLS,
}
