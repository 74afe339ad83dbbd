"""The records of Tencent Cloud's contact centre, as its data types describe them."""

from datetime import datetime
from typing import Any

from agent.simulator.account import Account
from agent.simulator.entities import UNASSIGNED_STATES, Binding, CallRecord, Number
from agent.simulator.world_time import CHINA
from agent.states import IN_SERVICE_STATES, BindingState, CallResult, MarkingTag, NumberState

EXTENSION_PASSWORD = "a-password-of-an-extension"  # nosec B105 # a world, not a secret
"""What the API gives away of every extension, and nobody may keep."""

_BOUGHT_AT = 1_700_000_000
_STATES = {
    **dict.fromkeys(IN_SERVICE_STATES, 1),
    NumberState.SUSPENDED_REQUESTED: 4,
    NumberState.SUSPENDED_VIOLATION: 5,
    NumberState.UNKNOWN: 0,  # none of those that are described
}
_IN_ARREARS = 2
_OFFLINE, _IDLE, _BUSY = 0, 100, 200
_REGISTERED = {
    BindingState.OK: _IDLE,
    BindingState.BUSY: _BUSY,
    BindingState.NO_ANSWER: _IDLE,
    BindingState.REJECTED: _IDLE,
    BindingState.DND: _IDLE,
    BindingState.FORWARDED: _IDLE,
}
_ENDS = {
    CallResult.ANSWERED: (1, "ok"),
    CallResult.CALLER_BLACKLISTED: (100, "blackList"),
    CallResult.ABANDONED: (102, "ivrGiveUp"),
    CallResult.BUSY: (103, "waitingGiveUp"),
    CallResult.NO_ANSWER: (104, "ringingGiveUp"),
    CallResult.REJECTED: (17, "seatGiveUp"),
    CallResult.OFF: (105, "noSeatOnline"),
    CallResult.OUT_OF_AREA: (105, "noSeatOnline"),
    CallResult.CLOSED_HOURS: (106, "notWorkTime"),
    CallResult.UNKNOWN: (211, "clientError"),
}
"""How calls end that reach the contact centre; of all others it has no record."""


def international(number: str) -> str:
    """A number as the API writes it."""
    return number if number.startswith("+") else f"0086{number}"


def listed_numbers(account: Account) -> list[Number]:
    """The numbers that belong to the instance."""
    return [number for number in account.listed() if number.state not in UNASSIGNED_STATES]


def number_row(number: Number) -> dict[str, Any]:
    """A ``NumberInfo``."""
    return {
        "Number": international(number.number),
        "State": _STATES.get(number.state, _IN_ARREARS),
        "CallOutSkillGroupIds": [1],
        "CostType": 0,
    }


def purchase_row(account: Account, instance: int) -> dict[str, Any]:
    """A ``SdkAppIdBuyInfo``."""
    return {
        "SdkAppId": instance,
        "Name": account.id,
        "StaffBuyNum": 1,
        "StaffBuyList": [],
        "PhoneNumBuyList": list(map(_bought, listed_numbers(account))),
        "SipBuyNum": 0,
    }


def _bought(number: Number) -> dict[str, Any]:
    end = number.contract_end
    midnight = datetime(end.year, end.month, end.day, tzinfo=CHINA) if end else None
    return {
        "PhoneNum": international(number.number),
        "Type": 3 if number.number.startswith("400") else 0,
        "CallType": 1,
        "BuyTime": _BOUGHT_AT,
        "EndTime": int(midnight.timestamp()) if midnight else 0,
        "State": _STATES.get(number.state, _IN_ARREARS),
    }


def extension_row(binding: Binding, *, has_status: bool) -> dict[str, Any]:
    """An ``ExtensionInfo``; its status only where it was asked for."""
    status = _REGISTERED.get(binding.state, _OFFLINE)
    state = {"Status": status, "Register": status != _OFFLINE} if has_status else {}
    return {
        "SdkAppId": 0,
        "FullExtensionId": f"{binding.phone}@instance",
        "ExtensionId": binding.phone,
        "SkillGroupId": "1",
        "ExtensionName": f"phone {binding.phone}",
        "CreateTime": _BOUGHT_AT,
        "ModifyTime": _BOUGHT_AT,
        "Relation": "",
        "RelationName": "",
        "Password": EXTENSION_PASSWORD,
        **state,
    }


def staff_row(binding: Binding) -> dict[str, Any]:
    """A ``StaffInfo``."""
    return {
        "Name": binding.holder or "座席",
        "Mail": f"{binding.phone}@example.com",
        "Phone": international(binding.phone),
        "Nick": "",
        "StaffNumber": "",
        "RoleList": [3],
        "SkillGroupList": [],
        "LastModifyTimestamp": _BOUGHT_AT,
        "ExtensionNumber": "",
        "ForwardingConfig": {"Enabled": False, "Condition": 1},
    }


def balance_row(account: Account) -> dict[str, Any]:
    """The answer of ``DescribeAccountBalance``, in fen."""
    fen = float(round(account.balance * 100))
    return {
        "Balance": int(fen),
        "Uin": 100_000_000_001,
        "RealBalance": fen,
        "CashAccountBalance": max(fen, 0.0),
        "IncomeIntoAccountBalance": 0,
        "PresentAccountBalance": 0,
        "FreezeAmount": 0,
        "OweAmount": max(-fen, 0.0),
        "IsAllowArrears": False,
        "IsCreditLimited": False,
        "CreditAmount": 0,
    }


def call_row(account: Account, call: CallRecord) -> dict[str, Any] | None:
    """A ``TelCdrInfo``; ``None`` for a call that never reached the contact centre."""
    end = _ENDS.get(call.result)
    if end is None:
        return None
    start, answered = int(call.started_at), call.result == CallResult.ANSWERED
    accepted = start + round(call.wait_seconds) if answered else 0
    return {
        "SessionId": call.id,
        "Caller": international(call.caller),
        "Callee": international(call.number),
        "Time": start,
        "StartTimestamp": start,
        "RingTimestamp": start,
        "AcceptTimestamp": accepted,
        "EndedTimestamp": start + round(call.wait_seconds) + round(call.talk_seconds),
        "Direction": 0,
        "CallType": 2,
        "Duration": round(call.talk_seconds),
        "IVRDuration": 0,
        "EndStatus": end[0],
        "EndStatusString": end[1],
        "HungUpSide": "user",
        "SeatUser": _seat(account, call) if call.binding else None,
        "SkillGroup": "",
        "RecordURL": "",
    }


def _seat(account: Account, call: CallRecord) -> dict[str, Any]:
    bindings = account.by_number[call.number].bindings
    phone = next((it.phone for it in bindings if it.id == call.binding), "")
    is_extension = len(phone) <= 6  # noqa: PLR2004 - extensions have four to six digits
    return {
        "Name": "座席",
        "Mail": f"{phone}@example.com",
        "Phone": "" if is_extension else international(phone),
        "ExtensionNumber": phone if is_extension else "",
        "StaffNumber": "",
    }


_TAG_TYPES = {
    MarkingTag.NONE: 0,
    MarkingTag.HARASSMENT: 50,
    MarkingTag.ESTATE_AGENT: 51,
    MarkingTag.FINANCE: 52,
    MarkingTag.ADVERTISING: 53,
    MarkingTag.FRAUD: 54,
    MarkingTag.COURIER: 55,
    MarkingTag.TAXI: 56,
}


def mark_row(number: Number | None) -> dict[str, Any]:
    """What people have marked a number as; nothing of one that nobody knows."""
    marked = number.marked if number is not None else None
    if marked is None:
        return {"TagType": 0, "TagCount": 0}
    return {"TagType": _TAG_TYPES.get(marked.tag, 99), "TagCount": marked.count}
