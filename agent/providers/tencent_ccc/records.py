"""Maps the records of the contact centre to facts, as its data types describe them."""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from agent.net.exchange import ProviderError
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import TARGETS
from agent.providers.tencent_ccc.call_ends import ENDS
from agent.states import Capability, PollFailure

_PREFIXES: Final = ["0086", "+86"]
_NUMBER_STATES: Final = {
    "1": "active",
    "2": "suspended_arrears",
    "4": "suspended_requested",
    "5": "suspended_violation",
}
_EXTENSION_STATES: Final = {"0": "off", "100": "ok", "200": "busy"}
_FIELDS: Final[Mapping[Capability, dict[str, Any]]] = {
    Capability.NUMBERS: {
        "number": {"path": "Number", "strip_prefixes": _PREFIXES},
        "state": {"path": "State", "values": _NUMBER_STATES},
    },
    # An extension does not name the number whose calls it takes: it stands under itself.
    Capability.REACHABILITY: {
        "number": "ExtensionId",
        "id": "ExtensionId",
        "phone": {"const": ""},
        "kind": {"const": "pbx"},
        "state": {"path": "Status", "values": _EXTENSION_STATES},
    },
    Capability.BALANCE: {
        "amount": {"path": "RealBalance", "scale": "0.01"},
        "currency": {"const": "CNY"},
    },
    Capability.CALLS: {
        "id": "SessionId",
        "number": {"path": "Callee", "strip_prefixes": _PREFIXES},
        "caller": {"path": "Caller"},
        "started_at": {"path": "StartTimestamp", "convert": "epoch_s"},
        "result": {"path": "EndStatus", "values": {code: str(it) for code, it in ENDS.items()}},
        "binding": "SeatName",
        "wait_seconds": "WaitSeconds",
        "talk_seconds": "TalkSeconds",
    },
}
_INBOUND: Final = {"keep": {"Direction": ["0"]}, "skip": {"CallType": ["3", "6"]}}
"""Calls to a number: neither those made, nor those of the web page, nor between seats."""


def mapper(capability: Capability) -> RecordMapper:
    """The mapping of a capability's records."""
    filters = _INBOUND if capability is Capability.CALLS else {}
    operation = Operation.model_validate({"path": "/", "fields": _FIELDS[capability], **filters})
    return RecordMapper(TARGETS[capability], operation)


def with_derived(record: Any, names: Mapping[str, str]) -> Any:
    """A call record with what follows from its other fields.

    Args:
        record: A ``TelCdrInfo``, or anything else, which stays as it is.
        names: The ids of phones by extension and phone number.
    """
    if not isinstance(record, dict):
        return record
    derived: dict[str, Any] = {"SeatName": _seat(record.get("SeatUser"), names)}
    began, accepted = record.get("StartTimestamp"), record.get("AcceptTimestamp")
    waited_until: Any = accepted or record.get("EndedTimestamp")
    if _is_time(began) and _is_time(waited_until):
        derived["WaitSeconds"] = max(0, waited_until - began)
    if accepted:
        derived["TalkSeconds"] = record.get("Duration")
    return {**record, **derived}


def _is_time(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _seat(seat: Any, names: Mapping[str, str]) -> str:
    """The id of the phone that rang; empty where the record names none that is known."""
    if not isinstance(seat, dict):
        return ""
    extension, phone = seat.get("ExtensionNumber"), seat.get("Phone")
    if isinstance(extension, str) and extension:
        return names.get(extension, extension)
    return names.get(national(phone), "") if isinstance(phone, str) else ""


def national(phone: str) -> str:
    """A phone number without the country's prefix."""
    return next((phone[len(it) :] for it in _PREFIXES if phone.startswith(it)), phone)


def ends_of_contracts(response: Mapping[str, Any], instance: int) -> dict[str, float]:
    """When each number that ``instance`` bought ends, in epoch seconds.

    Raises:
        ProviderError: ``schema`` when the purchases are not as the vendor describes them.
    """
    ends: dict[str, float] = {}
    for bought in _objects(response, "SdkAppIdBuyList"):
        if bought.get("SdkAppId") != instance:
            continue
        for phone in _objects(bought, "PhoneNumBuyList"):
            number, end = phone.get("PhoneNum"), phone.get("EndTime")
            if not isinstance(number, str) or not isinstance(end, int):
                raise _no_purchases("PhoneNumBuyList: a record has no PhoneNum or no EndTime")
            if _is_time(end):
                ends[national(number)] = float(end)
    return ends


def _objects(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The list of objects at ``key``; the API writes null for an empty one."""
    items = parent.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _no_purchases(f"{key} is no list of objects")
    return items


def _no_purchases(why: str) -> ProviderError:
    return ProviderError(PollFailure.SCHEMA, f"DescribeCCCBuyInfoList: {why}")
