"""Checks and series of 100,000 numbers: at first, and after a poll that changed one in a hundred.

No peer does this; the yardsticks are the project's own. Each number has two phones and a routing;
those that changed have another state, a phone that cannot be reached, and one in ten of them
another routing than was approved.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from agent.checks.engine import Checker
from agent.config.settings import Metrics
from agent.model import Balance, Binding, Listing, Number, PollStatus, Routing, Snapshot
from agent.series import SeriesBuilder
from agent.states import BindingKind, BindingState, Capability, NumberState
from tests.account_facts import make_settings

NUMBERS = 100_000
ROUNDS = 5
FIRST_YARDSTICK_SECONDS = 10.0
LATER_YARDSTICK_SECONDS = 0.3
NAMES = [f"400{row:07d}" for row in range(NUMBERS)]
POLLED = (*(Capability(name) for name in ("numbers", "reachability", "routing", "balance")),)

Result = TypeVar("Result")


def run() -> Iterable[dict[str, Any]]:
    """CPU of the first round, and the median of some later ones."""
    checker, series = Checker(make_settings()), SeriesBuilder(Metrics())
    snapshot, now = fleet(1_790_000_000.0), 1_790_000_000.0
    checked, first = cpu(lambda: checker.check(snapshot, now))
    _, shown = cpu(lambda: series.build(snapshot, checked, now))
    yield line("checks_first_cpu", first + shown, FIRST_YARDSTICK_SECONDS)
    spent = []
    for turn in range(ROUNDS):
        snapshot, now = polled_again(snapshot, turn), now + 30
        before = checked
        # The loop runs each of them at once, so what they close over is of this turn.
        checked, again = cpu(lambda: checker.check(snapshot, now, before))  # noqa: B023
        _, shown = cpu(lambda: series.build(snapshot, checked, now))  # noqa: B023
        spent.append(again + shown)
    yield line("checks_later_cpu", sorted(spent)[ROUNDS // 2], LATER_YARDSTICK_SECONDS)


def line(bench: str, ours: float, yardstick: float) -> dict[str, Any]:
    ratio = ours / yardstick
    facts = {"numbers": NUMBERS, "changed": NUMBERS // 100}
    return {"bench": bench, "ours": ours, "peer": yardstick, "ratio": ratio, "unit": "s", **facts}


def cpu(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def fleet(now: float) -> Snapshot:
    status = PollStatus(30.0, last_attempt=now, last_success=now)
    return Snapshot(
        provider="provider-0",
        account="account-0",
        revision=1,
        polls=dict.fromkeys(POLLED, status),
        stale_after=dict.fromkeys(POLLED, 86400.0),
        listing=Listing(tuple(Number(name, NumberState.ACTIVE) for name in NAMES)),
        bindings={name: _phones(row) for row, name in enumerate(NAMES)},
        routings={name: Routing() for name in NAMES},
        balance=Balance(5000.0, "CNY", daily_spend=10.0),
    )


def _phones(row: int) -> tuple[Binding, ...]:
    return (
        Binding("b1", f"138{row:08d}", BindingKind.MOBILE, 1, BindingState.OK),
        Binding("b2", f"022{row:08d}", BindingKind.LANDLINE, 2, BindingState.OK),
    )


def polled_again(snapshot: Snapshot, turn: int) -> Snapshot:
    """The account after a poll in which one number in a hundred changed."""
    assert snapshot.listing is not None
    numbers, bindings = list(snapshot.listing.numbers), dict(snapshot.bindings)
    routings = dict(snapshot.routings)
    for row in range(turn, NUMBERS, 100):
        name = NAMES[row]
        numbers[row] = msgspec.structs.replace(numbers[row], state=NumberState.LOW_BALANCE)
        first, *others = bindings[name]
        off = msgspec.structs.replace(first, state=BindingState.OFF)
        bindings[name] = (off, *others)
        if row % 1000 == turn:
            routings[name] = Routing(wait_seconds=40.0)
    return msgspec.structs.replace(
        snapshot,
        revision=snapshot.revision + 1,
        listing=Listing(tuple(numbers)),
        bindings=bindings,
        routings=routings,
    )
