"""The read operations: their parameters, their pages, and the fields of their records.

Nothing else of a record is read: those of a registration hold identity cards and private phones,
which never get into the agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.providers.aliyun.errors import NUMBER_ENVELOPE, PHONE_ENVELOPE
from agent.providers.aliyun.products import VERSIONS, Product
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import TARGETS, Need, Target, TargetField
from agent.states import Capability, NumberState

SUSPENDED: Final = NumberState.SUSPENDED_REQUESTED
"""A number that is set out of service; why is not said."""


@dataclass(frozen=True)
class VirtualRelation:
    """A virtual number and the phone behind it."""

    number: str
    phone: str
    state: NumberState
    native_status: str


@dataclass(frozen=True)
class PhoneAnswer:
    """The answer about the state of one phone."""

    code: str
    status: str
    carrier: str


@dataclass(frozen=True)
class AccountMoney:
    """The money of an account as it is written."""

    amount: str
    currency: str


@dataclass(frozen=True)
class Read:
    """One operation of one product, and what its records become."""

    product: Product
    operation: Operation
    target: Target
    name: str
    """The capability its facts are of, before its fields in reports."""


def _read(
    product: Product, action: str, target: Target, capability: Capability, **section: Any
) -> Read:
    signing = {"signer": "acs3", "action": action, "version": VERSIONS[product], "nonce": "uuid"}
    limit = {"requests": 300 if product is Product.DYTNS else 100}
    fixed = {"path": "/", "method": "POST", "read": True, "signing": signing, "rate_limit": limit}
    operation = Operation.model_validate({**fixed, **section})
    return Read(product, operation, target, capability.value)


_RELATION: Final = Target(
    VirtualRelation,
    (
        TargetField("number", "number", need=Need.IDENTITY),
        TargetField("phone", "phone", ""),
        TargetField("state", NumberState, NumberState.UNKNOWN, Need.EXPECTED),
        TargetField("native_status", "text", ""),
    ),
)
VIRTUAL_NUMBERS: Final = _read(
    Product.DYVMS,
    "QueryVmsVirtualNumberRelationByPage",
    _RELATION,
    Capability.NUMBERS,
    paging={
        "kind": "page",
        "param": "PageNo",
        "size_param": "PageSize",
        "size": 50,
        "total": "Model.Total",
    },
    records="Model.Data",
    fields={
        "number": "VirtualNumber",
        "phone": "RealNumber",
        "state": {
            "path": "State",
            "values": {"1": "active", "0": str(SUSPENDED), "-1": "cancelled"},
        },
    },
)
TRANSFER_CONFIG: Final = _read(
    Product.DYVMS,
    "QueryCallInPoolTransferConfig",
    TARGETS[Capability.ROUTING],
    Capability.ROUTING,
    query={"PhoneNumber": "{number}"},
    envelope=NUMBER_ENVELOPE.model_dump(),
    fields={},
)
"""The routing of one 400 number; :mod:`agent.providers.aliyun.transfer_config` reads it."""
TRANSFER_RECORDS: Final = _read(
    Product.DYVMS,
    "QueryCallInTransferRecord",
    TARGETS[Capability.CALLS],
    Capability.CALLS,
    query={
        "PhoneNumber": "{number}",
        "QueryDate": "{day} 00:00:00",
        "PageNo": "{page_no}",
        "PageSize": "10",
    },
    envelope=NUMBER_ENVELOPE.model_dump(),
    records="Data.Values",
    fields={
        # The records have no id; callers and times make one.
        "id": "GmtCreate",
        "number": "CallInCalled",
        "started_at": {"path": "GmtCreate", "convert": "epoch_ms"},
        "caller": "CallInCaller",
        "binding": "TransferCalled",
        # Not said: a call that was transferred may have rung in vain.
        "result": {"const": "unknown"},
    },
)
CCC_NUMBERS: Final = _read(
    Product.CCC,
    "ListPhoneNumbers",
    TARGETS[Capability.NUMBERS],
    Capability.NUMBERS,
    query={"InstanceId": "{ccc_instance}"},
    paging={
        "kind": "page",
        "param": "PageNumber",
        "size_param": "PageSize",
        "size": 100,
        "total": "Data.TotalCount",
    },
    records="Data.List",
    fields={
        "number": {"path": "Number", "strip_prefixes": ["+86", "0086"]},
        "state": {"path": "Active", "values": {"true": "active", "false": str(SUSPENDED)}},
    },
)
CCC_CALLS: Final = _read(
    Product.CCC,
    "ListCallDetailRecordsV2",
    TARGETS[Capability.CALLS],
    Capability.CALLS,
    query={"InstanceId": "{ccc_instance}", "StartTime": "{since_ms}", "SortOrder": "ASC"},
    paging={
        "kind": "page",
        "param": "PageNumber",
        "size_param": "PageSize",
        "size": 100,
        "total": "Data.TotalCount",
        "growing": True,
    },
    records="Data.List",
    keep={"ContactType": ["INBOUND"]},
    fields={
        "id": "ContactId",
        "number": {"path": "CalledNumber", "strip_prefixes": ["+86", "0086"]},
        "started_at": {"path": "StartTime", "convert": "epoch_ms"},
        "result": {
            "path": "ContactDisposition",
            "values": {
                "Success": "answered",
                "NoAnswer": "no_answer",
                "Reject": "rejected",
                "AbandonedInQueue": "abandoned",
                "AbandonedInRing": "abandoned",
                "AbandonedInIVR": "abandoned",
                "AbandonedInVoiceNavigator": "abandoned",
                "QueuingTimeout": "no_answer",
                "QueuingFailed": "no_answer",
                "QueuingOverflow": "over_concurrency",
                "IVRException": "network",
                "ForwardToOutsideNumber": "forwarded",
                # Whether anybody had been rung before is not said.
                "Voicemail": "unknown",
            },
        },
        "caller": "CallingNumber",
        "wait_seconds": "WaitTime",
        "talk_seconds": "TalkTime",
    },
)
BALANCE: Final = _read(
    Product.BSS,
    "QueryAccountBalance",
    Target(
        AccountMoney,
        (
            TargetField("amount", "text", need=Need.IDENTITY),
            TargetField("currency", "currency", need=Need.IDENTITY),
        ),
    ),
    Capability.BALANCE,
    records="Data",
    fields={"amount": "AvailableAmount", "currency": "Currency"},
)
_PHONE_ANSWER: Final = Target(
    PhoneAnswer,
    (
        TargetField("code", "text", need=Need.IDENTITY),
        TargetField("status", "text", ""),
        TargetField("carrier", "text", ""),
    ),
)


def _phone_status(action: str) -> Read:
    return _read(
        Product.DYTNS,
        action,
        _PHONE_ANSWER,
        Capability.REACHABILITY,
        query={"AuthCode": "{auth_code}", "InputNumber": "{number}", "Mask": "NORMAL"},
        envelope=PHONE_ENVELOPE.model_dump(),
        fields={"code": "Code", "status": "Data.Status", "carrier": "Data.Carrier"},
    )


PHONE_STATUS: Final[Mapping[str, Read]] = {
    "voice": _phone_status("PhoneNumberStatusForVoice"),
    "public": _phone_status("PhoneNumberStatusForPublic"),
}
"""By the value of the option ``phone_status``, for which the account has an approval."""
