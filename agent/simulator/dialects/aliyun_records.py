"""The numbers, transfer configurations and calls of a world in the shapes of Alibaba Cloud."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from agent.simulator.dialects.aliyun_requests import Refused, Rpc
from agent.simulator.dialects.base import Page
from agent.simulator.entities import UNASSIGNED_STATES, CallRecord, Number
from agent.states import IN_SERVICE_STATES, CallResult

_CHINA: Final = timezone(timedelta(hours=8))
_HOTLINE: Final = re.compile(r"400\d{7}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_MOST: Final = 1_000_000
_TEN: Final = 10
_HUNDRED: Final = 100
_DISPOSITIONS: Final = {
    CallResult.ANSWERED: "Success",
    CallResult.NO_ANSWER: "NoAnswer",
    CallResult.REJECTED: "Reject",
    CallResult.ABANDONED: "AbandonedInRing",
    CallResult.OVER_CONCURRENCY: "QueuingOverflow",
    CallResult.NETWORK: "IVRException",
    CallResult.FORWARDED: "ForwardToOutsideNumber",
}


def virtual_numbers(rpc: Rpc) -> dict[str, Any]:
    """``QueryVmsVirtualNumberRelationByPage``: a record for each phone of a virtual number."""
    relations = [
        {
            "VirtualNumber": number.number,
            "RealNumber": phone,
            "State": _virtual_state(number),
            "NumberCity": "杭州",
            "NumberProvince": "浙江",
        }
        for number in rpc.account.listed()
        if is_virtual(number)
        for phone in ([binding.phone for binding in number.bindings] or [""])
    ]
    page = _page(rpc, relations, "PageNo", _HUNDRED, "VirtualNumber")
    model = {"Data": page.rows, "PageNo": page.number, "PageSize": page.size, "Total": page.total}
    return {"Code": "OK", "Message": "OK", "Success": True, "Model": model}


def transfer_config(rpc: Rpc) -> dict[str, Any]:
    """``QueryCallInPoolTransferConfig``: the phones come in another order every time."""
    number = _hotline(rpc)
    routing = number.routing
    called = [{"Called": binding.phone} for binding in number.bindings]
    random.shuffle(called)  # nosec B311 # a world, not a secret
    wait = round(routing.wait_seconds)
    data = {
        "GmtCreate": 1623137002000,
        "CalledRouteMode": "random" if routing.strategy == "random" else "roundRobin",
        # A text in the table of the document and a number in its example.
        "TransferTimeout": str(wait) if int(number.number[-1]) % 2 else wait,
        "Details": called,
    }
    return {"Code": "OK", "Message": "OK", "Data": data}


def transfer_records(rpc: Rpc) -> dict[str, Any]:
    """``QueryCallInTransferRecord``: one whole day, newest first, without any outcome."""
    number, date = _hotline(rpc), rpc.text("QueryDate")
    if not _DATE.fullmatch(date):
        raise Refused("InvalidParameters", "The parameter QueryDate is invalid.")
    phones = {binding.id: binding.phone for binding in number.bindings}
    records = [
        {
            "CallInCaller": call.caller,
            "CallInCalled": call.number,
            "TransferCaller": call.number,
            "TransferCalled": phones[call.binding],
            "GmtCreate": round(call.started_at * 1000),
            "RecordUrl": "",
        }
        for call in reversed(rpc.account.calls)
        if call.number == number.number
        and call.binding in phones
        and _day(call.started_at) == date[:10]
    ]
    page = _page(rpc, records, "PageNo", _TEN, "CallInCaller")
    data = {"PageNo": page.number, "PageSize": page.size, "Total": page.total, "Values": page.rows}
    return {"Code": "OK", "Message": "OK", "Data": data}


def ccc_numbers(rpc: Rpc) -> dict[str, Any]:
    """``ListPhoneNumbers``: whether each number is active, and nothing of why not."""
    numbers = [
        {
            "Number": number.number,
            "Active": number.state in IN_SERVICE_STATES,
            "Usage": "Inbound",
            "ContactFlowId": "flow",
            "ContactFlowName": number.company,
            "Provider": number.carrier,
            "Province": "浙江",
            "City": "杭州",
            "SkillGroups": [],
            "InstanceId": rpc.text("InstanceId"),
        }
        for number in rpc.account.listed()
        if not is_virtual(number) and number.state not in UNASSIGNED_STATES
    ]
    return _ccc_list(rpc, numbers, "Number")


def ccc_calls(rpc: Rpc) -> dict[str, Any]:
    """``ListCallDetailRecordsV2``: oldest or newest first, from ``StartTime`` in milliseconds."""
    start = rpc.request.value("StartTime") or "0"
    if not re.fullmatch(r"\d{1,15}", start, re.ASCII):
        raise Refused("InvalidParameter.StartTime", "The parameter StartTime is invalid.")
    first, last = rpc.account.calls_since(int(start) / 1000)
    calls = [_ccc_call(call) for call in rpc.account.calls[first:last]]
    if rpc.request.value("SortOrder") != "ASC":
        calls.reverse()
    return _ccc_list(rpc, calls, "ContactId")


def is_virtual(number: Number) -> bool:
    """Whether the number is one of those with a phone of their own behind them."""
    return number.number.startswith("95")


def _ccc_call(call: CallRecord) -> dict[str, Any]:
    return {
        "ContactId": call.id,
        "ContactType": "INBOUND",
        "CallingNumber": call.caller,
        "CalledNumber": call.number,
        "StartTime": round(call.started_at * 1000),
        "ContactDisposition": _DISPOSITIONS.get(call.result, "AbandonedInRing"),
        "WaitTime": round(call.wait_seconds),
        "TalkTime": round(call.talk_seconds),
        "CallDuration": str(round(call.wait_seconds + call.talk_seconds)),
        "MediaType": "AUDIO",
        "InstanceId": "hotline",
    }


def _ccc_list(rpc: Rpc, records: list[dict[str, Any]], key: str) -> dict[str, Any]:
    if rpc.text("InstanceId") != "hotline":
        raise Refused("NotExists.InstanceId", "The instance does not exist.", 404)
    page = _page(rpc, records, "PageNumber", _HUNDRED, key)
    data = {
        "List": page.rows,
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": page.total,
    }
    return {"Code": "OK", "HttpStatusCode": 200, "Message": "", "Data": data}


def _page(rpc: Rpc, records: Sequence[dict[str, Any]], param: str, most: int, key: str) -> Page:
    index = rpc.whole(param, _HUNDRED if param == "PageNumber" else _MOST)
    size = min(rpc.whole("PageSize", most), rpc.account.page_size)
    rows: Callable[[int, int], Sequence[Any]] = lambda start, stop: records[start:stop]  # noqa: E731 - one slice
    return rpc.pager.cut(len(records), index, size, rows, key)


def _hotline(rpc: Rpc) -> Number:
    number = rpc.account.by_number.get(rpc.text("PhoneNumber"))
    if number is None or not _HOTLINE.fullmatch(number.number) or not number.listed:
        raise Refused("InvalidParameters", "The parameter PhoneNumber is invalid.")
    return number


def _virtual_state(number: Number) -> int:
    if number.state in IN_SERVICE_STATES:
        return 1
    return -1 if number.state in UNASSIGNED_STATES else 0


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, _CHINA).date().isoformat()
