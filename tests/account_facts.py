"""Snapshots for tests of pure functions: small ones by hand, large ones by count."""

from typing import Any

import msgspec

from agent.config.settings import Settings
from agent.model import (
    Balance,
    Binding,
    Listing,
    Number,
    PollStatus,
    Routing,
    Snapshot,
    Window,
)
from agent.states import (
    BindingKind,
    BindingState,
    Capability,
    NetworkState,
    NumberState,
    Strategy,
)

NOW = 1_800_000_000.0
"""Friday 2027-01-15 16:00 in Shanghai."""
INTERVAL = 60.0

OFFICE = Window(days=(0, 1, 2, 3, 4), start_minute=510, end_minute=1050, bindings=("b1", "b2"))
ROUTING = Routing(
    strategy=Strategy.SEQUENTIAL,
    wait_seconds=20.0,
    schedule=(OFFICE,),
    concurrency_limit=10,
    voicemail=True,
    binding_order=("b1", "b2"),
)
B1 = Binding("b1", "13800000001", BindingKind.MOBILE, 1, BindingState.OK)
B2 = Binding("b2", "02287654321", BindingKind.LANDLINE, 2, BindingState.OK)
BALANCE = Balance(120.5, "CNY", daily_spend=12.0)


def make_settings(**more: Any) -> Settings:
    """Two providers, ``north`` with ``hq`` and ``south`` with ``shop``."""
    plain = {
        "providers": [
            {
                "name": "north",
                "profile": "generic",
                "accounts": [{"id": "hq", "contacts": {"finance": "hq finance 1001"}}],
                "contacts": {"provider": "north desk 7x24", "finance": "north finance"},
            },
            {"name": "south", "profile": "generic", "accounts": [{"id": "shop"}]},
        ],
        "contacts": {"admin": {"name": "Ada", "phone": "1002", "email": "ada@example.com"}},
    }
    return Settings.model_validate({**plain, **more})


def number(name: str = "4006220001", state: str = "active", network: str = "active", **more: Any):
    """One number."""
    return Number(name, NumberState(state), NetworkState(network), **more)


def rebound(binding: Binding, state: str) -> Binding:
    """The same phone in another state."""
    return msgspec.structs.replace(binding, state=BindingState(state))


def polled(at: float | None = NOW, **more: Any) -> PollStatus:
    """A poll that succeeded ``at``."""
    return PollStatus(INTERVAL, last_attempt=at, last_success=at, **more)


def make_snapshot(*numbers: Number, **more: Any) -> Snapshot:
    """``north/hq`` with the given numbers, by default bound and routed alike."""
    listed = tuple(sorted(numbers or (number(),), key=lambda listed: listed.number))
    facts: dict[str, Any] = {
        "provider": "north",
        "account": "hq",
        "revision": 1,
        "polls": {capability: polled() for capability in Capability},
        "stale_after": dict.fromkeys(Capability, 3 * INTERVAL),
        "listing": Listing(listed),
        "bindings": {listed_number.number: (B1, B2) for listed_number in listed},
        "routings": {listed_number.number: ROUTING for listed_number in listed},
        "balance": BALANCE,
    }
    return Snapshot(**{**facts, **more})


def changed(snapshot: Snapshot, **facts: Any) -> Snapshot:
    """The next snapshot, with some facts replaced."""
    return msgspec.structs.replace(snapshot, revision=snapshot.revision + 1, **facts)


def large_snapshot(count: int) -> Snapshot:
    """An account with ``count`` numbers of two phones each, every fact an object of its own."""
    names = [f"400{row:07d}" for row in range(count)]
    return make_snapshot(
        *map(number, names),
        bindings={
            name: (
                Binding("b1", f"138{row:08d}", BindingKind.MOBILE, 1, BindingState.OK),
                Binding("b2", f"022{row:08d}", BindingKind.LANDLINE, 2, BindingState.OK),
            )
            for row, name in enumerate(names)
        },
        routings={
            name: msgspec.structs.replace(ROUTING, wait_seconds=20.0 + row % 3)
            for row, name in enumerate(names)
        },
    )
