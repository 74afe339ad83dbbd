"""The tables of the world file: every key, how it is read and what it is when left out."""

from collections.abc import Mapping

from agent.simulator import fields as f
from agent.simulator.document import Spot
from agent.simulator.feature_shapes import FEATURES, NUMBER_FEATURES, PHONE_FEATURES
from agent.simulator.fields import Field
from agent.simulator.nouns import Binding, Routing, Traffic, Whitelist, Window
from agent.states import BindingKind, BindingState, CallResult, Grade, NetworkState, NumberState

STRATEGIES = ("sequential", "random", "cyclic", "weighted", "simultaneous")
"""domain.md §1, strategy."""

WINDOW: Mapping[str, Field] = {
    "days": Field(f.days),
    "from": Field(f.clock_time, name="start"),
    "to": Field(f.clock_time, name="end"),
    "bindings": Field(f.list_of(f.text), ()),
}
WHITELIST: Mapping[str, Field] = {
    "enabled": Field(f.flag, default=False),
    "entries": Field(f.list_of(f.prefix), ()),
}
ROUTING: Mapping[str, Field] = {
    "strategy": Field(f.choice(STRATEGIES), "sequential"),
    "wait_seconds": Field(f.amount(0, 3600), 20.0),
    "schedule": Field(f.list_of(lambda spot: f.record(spot, WINDOW, Window)), ()),
    "region_allow": Field(f.list_of(f.prefix), ()),
    "region_deny": Field(f.list_of(f.prefix), ()),
    "blacklist": Field(f.list_of(f.prefix), ()),
    "whitelist": Field(lambda spot: f.record(spot, WHITELIST, Whitelist), Whitelist()),
    "concurrency_limit": Field(f.whole(0), 10),
    "voicemail": Field(f.flag, default=False),
    **FEATURES,
}


def _result(key: str, spot: Spot) -> CallResult | None:
    if key not in set(CallResult):
        spot.fail(f"is not a known call result{f.suggest(key, CallResult)}")
        return None
    return CallResult(key)


def _results(spot: Spot) -> tuple[tuple[CallResult, float], ...]:
    weights = f.mapping_of(_result, f.amount(0))(spot)
    if spot.is_mapping and None not in weights.values() and sum(weights.values()) <= 0:
        spot.fail("has no share above 0, expected shares such as {answered: 0.95, busy: 0.05}")
    return tuple(weights.items())


def _bounds(spot: Spot) -> tuple[float, ...]:
    read: tuple[float, ...] = f.list_of(f.amount(0, 86400))(spot)
    if None not in read and (len(read) != 2 or read[0] > read[1]):  # noqa: PLR2004 - two bounds
        spot.fail("is no pair of bounds, expected the least and the most, such as [20, 300]")
    return read


TRAFFIC: Mapping[str, Field] = {
    "per_hour": Field(f.amount(0, 1_000_000)),
    "results": Field(_results, ((CallResult.ANSWERED, 1.0),)),
    "talk_seconds": Field(_bounds, (20.0, 300.0)),
}
BINDING: Mapping[str, Field] = {
    "id": Field(f.name),
    "phone": Field(f.phone),
    "kind": Field(f.choice(BindingKind), BindingKind.MOBILE),
    "position": Field(f.whole(0, 10_000), 1),
    "state": Field(f.choice(BindingState), BindingState.OK),
    **PHONE_FEATURES,
}


def traffic(spot: Spot) -> Traffic | None:
    """The ``calls`` of a number."""
    built: Traffic | None = f.record(spot, TRAFFIC, Traffic)
    return built


NUMBER_FACTS: Mapping[str, Field] = {
    "state": Field(f.choice(NumberState), NumberState.ACTIVE),
    "network_state": Field(f.choice(NetworkState), NetworkState.ACTIVE),
    "reason": Field(f.text, ""),
    "company": Field(f.text, ""),
    "grade": Field(f.choice(Grade), Grade.STANDARD),
    "carrier": Field(f.text, ""),
    "contract_end": Field(f.or_null(f.day), None),
    "realname_ok": Field(f.flag, default=True),
    **NUMBER_FEATURES,
    "listed": Field(f.flag, default=True),
    "calls": Field(f.or_null(traffic), None),
}
"""What is told of a number and may be set."""

NUMBER: Mapping[str, Field] = {
    "number": Field(f.phone),
    **NUMBER_FACTS,
    "routing": Field(lambda spot: f.record(spot, ROUTING, Routing), Routing()),
    "bindings": Field(f.list_of(lambda spot: f.record(spot, BINDING, Binding)), ()),
}
ACCOUNT_FACTS: Mapping[str, Field] = {
    "balance": Field(f.amount(-1e9, 1e12), 1000.0),
    "currency": Field(f.text, "CNY"),
    "daily_spend": Field(f.amount(0, 1e12), 0.0),
    "month_spend": Field(f.amount(0, 1e12), 0.0),
    "spend_cap": Field(f.or_null(f.amount(0, 1e12)), None),
    "notice": Field(f.amount(-1e9, 1e12), 35.0),
    "stop": Field(f.amount(-1e9, 1e12), 15.0),
    "reclaim_after": Field(f.duration, 3 * 86400.0),
    "price_per_minute": Field(f.amount(0, 1e6), 0.0),
    "page_size": Field(f.whole(1, 1000), 100),
}
"""What an account is made of and may be set; money is in its currency."""

NUMBER_SETTABLE: Mapping[str, Field] = {
    **NUMBER_FACTS,
    **{f"routing.{key}": entry for key, entry in ROUTING.items()},
    **{f"routing.whitelist.{key}": entry for key, entry in WHITELIST.items()},
}
BINDING_SETTABLE: Mapping[str, Field] = {
    key: entry for key, entry in BINDING.items() if key != "id"
}
