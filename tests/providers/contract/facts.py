"""The facts that an API may carry: how each is read from a snapshot, and what is true."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from agent.model import Number, Routing, Snapshot, Window
from agent.simulator.world_time import CHINA
from agent.states import BindingKind, BindingState, Grade, NumberState
from tests.providers.contract.contract_bench import ContractBench
from tests.providers.contract.world import ARREARS, COMPANY, ONE, VIOLATION

_END_OF_CONTRACT: Final = datetime(2035, 3, 1, tzinfo=CHINA).timestamp()


def _number(snapshot: Snapshot, name: str) -> Number:
    assert snapshot.listing is not None
    return next(it for it in snapshot.listing.numbers if it.number == name)


def _of_number(field: str, unknown: Any) -> Callable[[Snapshot], Any]:
    def read(snapshot: Snapshot) -> Any:
        value = getattr(_number(snapshot, ONE), field) if snapshot.listing else unknown
        return None if value == unknown else value

    return read


def _states(*names: str) -> Callable[[Snapshot], Any]:
    def read(snapshot: Snapshot) -> Any:
        if snapshot.listing is None:
            return None
        states = [_number(snapshot, name).state for name in names]
        return None if NumberState.UNKNOWN in states else states

    return read


def _of_routing(*fields: str) -> Callable[[Snapshot], Any]:
    def read(snapshot: Snapshot) -> Any:
        routing = snapshot.routings.get(ONE, Routing())
        values = [getattr(routing, field) for field in fields]
        return None if values == [getattr(Routing(), field) for field in fields] else values

    return read


def _of_phones(field: str, unknown: Any) -> Callable[[Snapshot], Any]:
    def read(snapshot: Snapshot) -> Any:
        values = [getattr(phone, field) for phone in snapshot.bindings.get(ONE, ())]
        return None if not values or unknown in values else values

    return read


def _phone_numbers(snapshot: Snapshot) -> Any:
    # Not every API has an order of phones.
    return sorted(_of_phones("phone", "")(snapshot) or ()) or None


def _of_extensions(snapshot: Snapshot) -> Any:
    phones = [it for it in snapshot.bindings.get(ONE, ()) if it.id in {"b3", "b4"}]
    states = [phone.state for phone in phones]
    return None if not states or BindingState.UNKNOWN in states else states


def _of_mobiles(snapshot: Snapshot) -> Any:
    states = [phone.state for phone in snapshot.bindings.get(ONE, ()) if phone.id == "b1"]
    return None if not states or BindingState.UNKNOWN in states else states


def _of_balance(*fields: str) -> Callable[[Snapshot], Any]:
    def read(snapshot: Snapshot) -> Any:
        values = [getattr(snapshot.balance, field, None) for field in fields]
        return None if None in values else values

    return read


def _results(snapshot: Snapshot) -> Any:
    return dict(snapshot.call_totals) or None


def _phones_of_calls(snapshot: Snapshot) -> Any:
    return {phone for _, phone, _ in snapshot.leg_totals} or None


def _waits(snapshot: Snapshot) -> Any:
    return sum(snapshot.call_waits.get(ONE, ())) or None


FACTS: dict[str, Callable[[Snapshot], Any]] = {
    "number.state": _states(ONE),
    "number.reason of suspension": _states(ARREARS, VIOLATION),
    "number.network_state": _of_number("network_state", "unknown"),
    "number.company": _of_number("company", ""),
    "number.grade": _of_number("grade", Grade.STANDARD),
    "number.contract_end": _of_number("contract_end", None),
    "routing.wait": _of_routing("wait_seconds"),
    "routing.schedule": _of_routing("schedule"),
    "routing.lists": _of_routing("blacklist", "whitelist_enabled"),
    "routing.voicemail": _of_routing("voicemail"),
    "phone.number": _phone_numbers,
    "phone.kind": _of_phones("kind", BindingKind.UNKNOWN),
    "phone.state": _of_phones("state", BindingState.UNKNOWN),
    "phone.position": _of_phones("position", 0),
    "mobile.state": _of_mobiles,
    "extension.state": _of_extensions,
    "balance.amount": _of_balance("amount", "currency"),
    "balance.thresholds": _of_balance("notice_threshold", "stop_threshold"),
    "balance.daily_spend": _of_balance("daily_spend"),
    "calls.results": _results,
    "calls.phone": _phones_of_calls,
    "calls.wait": _waits,
}
"""How each fact is read; ``None`` says that it is not known."""


def truths(bench: ContractBench) -> dict[str, Any]:
    """What is true in the world, by the name of the fact."""
    account, collapsed = bench.account, bench.subject.call_results
    calls = [call for call in account.calls if call.number == ONE]
    results = Counter((ONE, collapsed.get(call.result, call.result)) for call in calls)
    return {
        "number.state": ["active"],
        "number.reason of suspension": ["suspended_arrears", "suspended_violation"],
        "number.network_state": "active",
        "number.company": COMPANY,
        "number.grade": "AAA",
        "number.contract_end": _END_OF_CONTRACT,
        "routing.wait": [25],
        "routing.schedule": [(Window((0, 1, 2, 3, 4, 5, 6), 0, 1440),)],
        "routing.lists": [("1700",), False],
        "routing.voicemail": [True],
        "phone.number": ["02287654321", "13800000001", "8001", "8002"],
        "phone.kind": ["mobile", "landline", "pbx", "pbx"],
        "phone.state": ["ok", "off", "ok", "off"],
        "phone.position": [1, 2, 3, 4],
        "mobile.state": ["ok"],
        "extension.state": ["ok", "off"],
        "balance.amount": [round(account.balance, 2), "CNY"],
        "balance.thresholds": [35, 15],
        "balance.daily_spend": [12],
        "calls.results": dict(results),
        "calls.phone": {"b1"},
        "calls.wait": len(calls),
    }
