"""The ``yuntongxun`` dialect: the account of 容联云 (Yuntongxun), REST version 2013-12-26.

Written from the vendor's page on accounts and the signature of its demos. Errors come with HTTP
200 and a ``statusCode``; which code stands for a refused signature is not confirmed.
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
from agent.simulator.world_time import CHINA
from agent.states import Capability

_PATH = re.compile(r"/2013-12-26/Accounts/([0-9a-f]{32})/(\w+)", re.ASCII)
_DAY = 86_400.0
_ERRORS = {
    401: ("111128", "主账号sig校验失败"),
    404: ("111100", "请求地址不存在"),
    405: ("111101", "请求方法不支持"),
    429: ("112310", "请求频率超限"),
}


class ProviderApi:
    """The API of one provider in Yuntongxun's dialect."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "account_sid": re.compile(r"[0-9a-f]{32}"),
        "auth_token": re.compile(r"[0-9a-zA-Z]{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset({"GET AccountInfo"})
    words: ClassVar[frozenset[str]] = frozenset({"status"})

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the SID in the path."""
        match = _PATH.fullmatch(request.path)
        wanted = match[1] if match else ""
        return next((it for it in accounts if it.credentials["account_sid"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return Capability.BALANCE if self.operation(request) == "GET AccountInfo" else None

    def operation(self, request: ApiRequest) -> str:
        """Method and resource."""
        match = _PATH.fullmatch(request.path)
        return f"{request.method} {match[2] if match else request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless signature and login are those of the account, of today."""
        if account is None or not _is_signed(request, account):
            return self.error(401)
        return None

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The account, or an error."""
        if self.operation(request) != "GET AccountInfo":
            return self.error(404 if request.method == "GET" else 405)
        if "application/json" not in request.headers.get("Accept", ""):
            # The API answers in XML where nothing else is asked for.
            return self.error(405)
        return ApiResponse({"statusCode": "000000", "Account": _account(account)})

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status; it is sent with 200."""
        code, message = _ERRORS.get(status, ("112600", "系统内部错误"))
        return ApiResponse({"statusCode": code, "statusMsg": message})


def _is_signed(request: ApiRequest, account: Account) -> bool:
    """Whether ``sig`` and ``Authorization`` are made of one time stamp, which is of today."""
    sid, token = account.credentials["account_sid"], account.credentials["auth_token"]
    try:
        login = base64.b64decode(request.headers.get("Authorization", ""), validate=True).decode()
        name, _, stamp = login.partition(":")
        moment = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return False
    expected = hashlib.md5(f"{sid}{token}{stamp}".encode(), usedforsecurity=False).hexdigest()
    is_of_today = abs(request.now - moment.timestamp()) <= _DAY
    received = request.value("sig") or ""
    return name == sid and is_of_today and hmac.compare_digest(expected.upper(), received)


def _account(account: Account) -> dict[str, Any]:
    return {
        "friendlyName": account.id,
        "type": "0",
        "status": "1",
        "dateCreated": "2013-02-01 10:49:00",
        "dateUpdated": "2013-02-01 10:49:00",
        "balance": f"{account.balance:.2f}",
        "subBalance": "0.00",
    }
