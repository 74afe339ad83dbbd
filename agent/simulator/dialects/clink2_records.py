"""The records of TiNet's call centre, as its developer's guide describes them."""

from typing import Any

from agent.simulator.account import Account
from agent.simulator.entities import Binding, CallRecord
from agent.states import BindingKind, BindingState, CallResult

_NOBODY, _MENU, _NOT_TAKEN = "人工未接听", "系统应答", "系统未应答"
_ENDS = {
    CallResult.ANSWERED: ("人工接听", ""),
    CallResult.NO_ANSWER: (_NOBODY, "振铃未接"),
    CallResult.OFF: (_NOBODY, "振铃未接"),
    CallResult.OUT_OF_AREA: (_NOBODY, "振铃未接"),
    CallResult.REJECTED: (_NOBODY, "座席拒接"),
    CallResult.ABANDONED: (_NOBODY, "客户速挂"),
    CallResult.BUSY: (_NOBODY, "队列中放弃"),
    CallResult.CLOSED_HOURS: (_MENU, "已进IVR"),
}
"""How calls end that the call centre took; it says of all others only that it did not."""

_STATUS = {
    BindingState.ARREARS: "SHUTDOWN",
    BindingState.NONEXISTENT: "NOT_EXIST",
    BindingState.OFF: "POWER_OFF",
    BindingState.BUSY: "BUSY",
    BindingState.FORWARDED: "CALL_FORWARDING",
    BindingState.BARRED: "FUNCTIONAL_SHUTDOWN",
    BindingState.OUT_OF_AREA: "UNKNOWN",
    BindingState.UNKNOWN: "UNKNOWN",
}
_CARRIERS = {"mobile": "CMCC", "unicom": "CUCC", "telecom": "CTCC"}
_DESK_PHONE, _SOFT_PHONE = 1, 2


def call_row(account: Account, call: CallRecord) -> dict[str, Any]:
    """An item of ``cdrIb``."""
    status, result = _ENDS.get(call.result, (_NOT_TAKEN, ""))
    start, wait, talk = int(call.started_at), round(call.wait_seconds), round(call.talk_seconds)
    phone = _phone_of(account, call)
    return {
        "customerNumber": call.caller,
        "customerNumberEncrypt": "TNjljZjZlNjgxYmIw",
        "customerProvince": "北京",
        "customerCity": "北京",
        "firstCallNumber": phone,
        "bindType": 1 if phone else None,
        "firstCallCno": "0001" if phone else "",
        "firstCallCname": "座席" if phone else "",
        "firstCallQno": "",
        "ivrName": "IVR",
        "hotline": call.number,
        "hotlineName": "",
        "xnumber": "",
        "status": status,
        "statusResult": result,
        "statusRobot": "",
        "mainUniqueId": call.id,
        "tagNames": [],
        "recordFile": "",
        "onHookSource": "客户挂断",
        "investigationKeys": None,
        "startTime": start,
        "endTime": start + wait + talk,
        "bridgeTime": start + wait if call.result == CallResult.ANSWERED else None,
        "bridgeDuration": talk,
        "totalDuration": wait + talk,
        "sayVoiceDuration": 0,
    }


def _phone_of(account: Account, call: CallRecord) -> str:
    bindings = account.by_number[call.number].bindings
    return next((it.phone for it in bindings if it.id == call.binding), "")


def extension_rows(account: Account) -> list[dict[str, Any]]:
    """The items of ``extens``: phones of kind ``pbx`` and ``trunk``, each once."""
    kinds = {BindingKind.PBX, BindingKind.TRUNK}
    phones = {
        binding.phone: binding
        for number in account.numbers
        for binding in number.bindings
        if binding.kind in kinds
    }
    return [
        {
            "extenNumber": phone,
            "areaCode": "010",
            "type": _DESK_PHONE if binding.kind == BindingKind.PBX else _SOFT_PHONE,
            "allow": 5,
            "jittBuffer": 1,
            "isDirect": 1,
        }
        for phone, binding in phones.items()
    ]


def phone_status(account: Account, phone: str) -> dict[str, Any]:
    """The ``phoneStatus`` of a mobile phone; one that nobody has bound is unknown here too."""
    bound = _bound(account, phone)
    return {
        "status": _STATUS.get(bound.state, "NORMAL") if bound else "UNKNOWN",
        "carrier": _CARRIERS.get(bound.carrier if bound else "", "CMCC"),
        "province": "北京",
        "city": "北京",
        "areaCode": "010",
    }


def _bound(account: Account, phone: str) -> Binding | None:
    bindings = (it for number in account.numbers for it in number.bindings)
    return next((binding for binding in bindings if binding.phone == phone), None)
