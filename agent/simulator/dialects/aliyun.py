"""The ``aliyun`` dialect: several products of Alibaba Cloud behind one address.

Each product is a path (``/dyvms/``, ``/ccc/``, ``/bss/``, ``/dytns/``) in place of its host;
operations are RPC calls, ``POST`` with the action in a header and the parameters in the query
(docs/reference/provider-apis.md §2). Of the world's numbers those of 400 have a transfer
configuration and are listed by the call centre only; numbers that begin with 95 are virtual.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from agent.simulator.account import Account
from agent.simulator.dialects.aliyun_phones import PhoneStates
from agent.simulator.dialects.aliyun_records import (
    ccc_calls,
    ccc_numbers,
    transfer_config,
    transfer_records,
    virtual_numbers,
)
from agent.simulator.dialects.aliyun_requests import Refused, Rpc
from agent.simulator.dialects.aliyun_signature import Signatures, key_of
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.limits import RequestRate
from agent.states import Capability

_VERSIONS: Final = {
    "dyvms": "2017-05-25",
    "ccc": "2020-07-01",
    "bss": "2017-12-14",
    "dytns": "2020-02-17",
}
INSTANCE: Final = "hotline"
"""The one instance of the simulated call centre."""
_CAPABILITIES: Final = {
    "QueryVmsVirtualNumberRelationByPage": Capability.NUMBERS,
    "ListPhoneNumbers": Capability.NUMBERS,
    "QueryCallInPoolTransferConfig": Capability.ROUTING,
    "QueryCallInTransferRecord": Capability.CALLS,
    "ListCallDetailRecordsV2": Capability.CALLS,
    "QueryAccountBalance": Capability.BALANCE,
    "PhoneNumberStatusForVoice": Capability.REACHABILITY,
    "PhoneNumberStatusForPublic": Capability.REACHABILITY,
}


_Perform = Callable[[Rpc], dict[str, Any]]


class ProviderApi:
    """The APIs of one provider in the dialect of Alibaba Cloud."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = {
        "key": re.compile(r"\S+"),
        "secret": re.compile(r".+"),
        "auth_code": re.compile(r"\S+"),
    }
    reads: ClassVar[frozenset[str]] = frozenset(_CAPABILITIES)
    words: ClassVar[frozenset[str]] = frozenset(
        {"State", "Active", "CalledRouteMode", "ContactDisposition", "Status"}
    )
    agent_options: ClassVar[Mapping[str, str]] = {
        "products": "dyvms,ccc,bss,dytns",
        "ccc_instance": INSTANCE,
        "phone_status_cost": "0.01",
        "phone_status_daily_budget": "1000",
        "phone_status_every": "1m",
    }
    """Options of the agent's adapter with which it reads everything of a world."""
    needs_inventory: ClassVar[bool] = True
    """Whether the agent must be given the numbers, because nothing lists all of them."""
    per_second: ClassVar[int] = 100
    """Requests of one action that an account may send a second."""

    def __init__(self, _provider: str) -> None:
        self._signatures = Signatures()
        self._rate = RequestRate(self.per_second)
        self.phones = PhoneStates()
        self._operations: dict[tuple[str, str], _Perform] = {
            **_OPERATIONS,
            ("dytns", "PhoneNumberStatusForVoice"): partial(self.phones.answer, is_voice=True),
            ("dytns", "PhoneNumberStatusForPublic"): partial(self.phones.answer, is_voice=False),
        }

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose access key the request names."""
        key = key_of(request.headers)
        return next((it for it in accounts if it.credentials["key"] == key), None)

    def capability(self, request: ApiRequest) -> str | None:
        """The capability that the action belongs to."""
        return _CAPABILITIES.get(self.operation(request))

    def operation(self, request: ApiRequest) -> str:
        """The action."""
        return request.headers.get("x-acs-action", "")

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the signature is valid."""
        if account is None:
            return failure(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        found = self._signatures.refusal(request, b"", account.credentials["secret"])
        return failure(*found) if found else None

    def answer(self, request: ApiRequest, account: Account, pager: Pager) -> ApiResponse:
        """The answer of the operation, or an error."""
        product, action = request.path.strip("/"), self.operation(request)
        version = request.headers.get("x-acs-version")
        perform = self._operations.get((product, action))
        if request.method != "POST" or perform is None or _VERSIONS.get(product) != version:
            return failure(404, "InvalidAction.NotFound", "Specified api is not found.")
        if not self._rate.admit(f"{account.key} {action}"):
            return failure(400, "Throttling.User", "Request was denied due to user flow control.")
        try:
            data = perform(Rpc(request, account, pager))
        except Refused as refused:
            return failure(refused.status, refused.code, refused.message)
        return ApiResponse({"RequestId": _REQUEST, **data})

    def error(self, status: int) -> ApiResponse:
        """An error answer; where credentials are refused it is HTTP 400."""
        return failure(*_ERRORS.get(status, (status, "ServiceUnavailable", "The service failed.")))


_REQUEST: Final = "7BF47617-7851-48F7-A3A1-2021342A78E2"
_ERRORS: Final = {
    200: (200, "isp.SYSTEM_ERROR", "System error."),
    401: (400, "SignatureDoesNotMatch", "Specified signature does not match our one."),
    429: (429, "Throttling.User", "Request was denied due to user flow control."),
}


def failure(status: int, code: str, message: str) -> ApiResponse:
    """An answer that reports an error."""
    return ApiResponse({"RequestId": _REQUEST, "Code": code, "Message": message}, status)


def _balance(rpc: Rpc) -> dict[str, Any]:
    amount = f"{rpc.account.balance:,.2f}"
    money = {"AvailableAmount": amount, "AvailableCashAmount": amount, "CreditAmount": "0.00"}
    data = {**money, "MybankCreditAmount": "0.00", "Currency": rpc.account.currency}
    return {"Code": "200", "Message": "success", "Success": True, "Data": data}


_OPERATIONS: Final[Mapping[tuple[str, str], _Perform]] = {
    ("dyvms", "QueryVmsVirtualNumberRelationByPage"): virtual_numbers,
    ("dyvms", "QueryCallInPoolTransferConfig"): transfer_config,
    ("dyvms", "QueryCallInTransferRecord"): transfer_records,
    ("ccc", "ListPhoneNumbers"): ccc_numbers,
    ("ccc", "ListCallDetailRecordsV2"): ccc_calls,
    ("bss", "QueryAccountBalance"): _balance,
}
