"""The ``huawei_bss`` dialect: the billing of Huawei Cloud, which tells balances by kind of account.

Written from the vendor's pages on the balance (api-oce/mac_00001) and on ``SDK-HMAC-SHA256``. The
world's balance is the account of type 1; the others are there to be left out.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.states import Capability

_READ = "GET /v2/accounts/customer-accounts/balances"
_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<id>[0-9A-Za-z]+), SignedHeaders=(?P<names>[a-z0-9;-]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_WINDOW = 900.0
_CASH, _CREDIT, _BONUS, _DEPOSIT = 1, 2, 5, 7
_ERRORS = {
    401: ("APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail"),
    404: ("APIGW.0101", "The API does not exist or has not been published in the environment"),
    429: ("APIGW.0308", "The throttling threshold has been reached"),
}


class ProviderApi:
    """The API of one provider in the dialect of Huawei Cloud's billing."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "access_key": re.compile(r"[0-9A-Za-z]{8,40}"),
        "secret_key": re.compile(r"\S{8,64}"),
    }
    reads: ClassVar[frozenset[str]] = frozenset({_READ})
    words: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account with the access key in the request's ``Authorization``."""
        match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        wanted = match["id"] if match else ""
        return next((it for it in accounts if it.credentials["access_key"] == wanted), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the path belongs to."""
        return Capability.BALANCE if self.operation(request) == _READ else None

    def operation(self, request: ApiRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid, now."""
        if account is None or not _is_signed(request, account.credentials["secret_key"]):
            return self.error(401)
        return None

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The balances, or an error."""
        return (
            ApiResponse(_balances(account)) if self.operation(request) == _READ else self.error(404)
        )

    def error(self, status: int) -> ApiResponse:
        """The API's error for an HTTP status."""
        code, message = _ERRORS.get(status, ("CBC.0999", "Other exception."))
        return ApiResponse({"error_code": code, "error_msg": message}, status)


def _is_signed(request: ApiRequest, secret: str) -> bool:
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    stamp = request.headers.get("X-Sdk-Date", "")
    if match is None or not _is_now(stamp, request.now):
        return False
    names = match["names"].split(";")
    if not {"host", "x-sdk-date"} <= {*names}:
        return False
    query = "&".join(sorted(f"{_spelled(name)}={_spelled(text)}" for name, text in request.query))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    body = hashlib.sha256(request.body).hexdigest()
    path = f"{request.full_path.rstrip('/')}/"
    parts = [request.method, path, query, headers, match["names"], body]
    canonical = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{stamp}\n{canonical}"
    expected = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match["signature"])


def _is_now(stamp: str, now: float) -> bool:
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - moment.timestamp()) <= _WINDOW


def _spelled(text: str) -> str:
    return quote(text, safe="-_.~")


def _balances(account: Account) -> dict[str, Any]:
    balance = round(account.balance, 2)
    kinds = {_CASH: max(balance, 0.0), _CREDIT: 5000.0, _BONUS: 20.0, _DEPOSIT: 100.0}
    rows = [
        {
            "account_id": f"AT00101726{kind}",
            "account_type": kind,
            "amount": amount,
            "currency": account.currency,
            "designated_amount": 0,
            "credit_amount": 5000.0 if kind == _CREDIT else None,
            "measure_id": 1,
        }
        for kind, amount in kinds.items()
    ]
    return {
        "account_balances": rows,
        "debt_amount": max(-balance, 0.0),
        "measure_id": 1,
        "currency": account.currency,
    }
