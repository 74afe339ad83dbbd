"""Calls to numbers: when they come, and how they end (docs/reference/domain.md §1, §2).

How a call ends is a pure function of the number, the minute of the week and a seeded generator.
"""

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from agent.simulator.account import Account
from agent.simulator.entities import (
    DEFAULT_TALK_SECONDS,
    UNASSIGNED_STATES,
    Binding,
    CallRecord,
    Number,
    Routing,
    Window,
)
from agent.simulator.world_time import CHINA, EventQueue, WorldClock
from agent.states import (
    IN_SERVICE_STATES,
    BindingState,
    CallResult,
    NetworkState,
)

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BY_BINDING = {
    BindingState.BUSY: CallResult.BUSY,
    BindingState.NO_ANSWER: CallResult.NO_ANSWER,
    BindingState.OFF: CallResult.OFF,
    BindingState.OUT_OF_AREA: CallResult.OUT_OF_AREA,
    BindingState.ARREARS: CallResult.SUSPENDED,
    BindingState.BARRED: CallResult.BARRED,
    BindingState.NONEXISTENT: CallResult.NONEXISTENT,
    BindingState.REJECTED: CallResult.REJECTED,
    BindingState.DND: CallResult.REJECTED,
    BindingState.FORWARDED: CallResult.FORWARDED,
    BindingState.UNREGISTERED: CallResult.NETWORK,
    BindingState.UNBOUND: CallResult.NONEXISTENT,
    BindingState.OVERSEAS: CallResult.BLOCKED_BY_CARRIER,
}
_RINGS = frozenset({CallResult.BUSY, CallResult.NO_ANSWER, CallResult.OFF})
"""Results that take the whole wait: a mobile that is busy or off uses it up
(docs/reference/domain.md §1)."""


class Moment(NamedTuple):
    """A minute of the week in China."""

    weekday: int
    minute: int


class Outcome(NamedTuple):
    """One call: its result, the bound phone that answered, waiting and talking seconds."""

    result: CallResult
    binding: str
    wait_seconds: float
    talk_seconds: float


def outcome(number: Number, caller: str, moment: Moment, rng: random.Random) -> Outcome:
    """The outcome of a call by ``caller`` at ``moment``, drawn from ``rng``."""
    refusal = _refusal(number, caller)
    if refusal is not None:
        return Outcome(refusal, "", 0.0, 0.0)
    if not number.bindings:
        return _without_phones(number, moment, rng)
    ready = _open_bindings(number, moment)
    if not ready:
        return Outcome(CallResult.CLOSED_HOURS, "", 0.0, 0.0)
    good = [binding for binding in ready if binding.state == BindingState.OK]
    if not good:
        result = _BY_BINDING.get(ready[0].state, CallResult.UNKNOWN)
        wait = number.routing.wait_seconds if result in _RINGS else 0.0
        return Outcome(result, ready[0].id, round(wait, 1), 0.0)
    return _ring(number, good[0].id, rng)


def _refusal(number: Number, caller: str) -> CallResult | None:
    if number.state not in IN_SERVICE_STATES:
        return CallResult.NONEXISTENT if number.state in UNASSIGNED_STATES else CallResult.SUSPENDED
    if number.network_state in {NetworkState.UNLOADED, NetworkState.DELETED}:
        return CallResult.NONEXISTENT
    if number.network_state == NetworkState.DEACTIVATED:
        return CallResult.NETWORK
    return _screened(number.routing, caller)


def _screened(routing: Routing, caller: str) -> CallResult | None:
    """The result of lists and regions; only callers from a landline show an area code."""
    if caller.startswith(routing.blacklist):
        return CallResult.CALLER_BLACKLISTED
    if routing.whitelist.enabled and not caller.startswith(routing.whitelist.entries):
        return CallResult.CALLER_BLACKLISTED
    if not caller.startswith("0"):
        return None
    outside = bool(routing.region_allow) and not caller.startswith(routing.region_allow)
    if outside or caller.startswith(routing.region_deny):
        return CallResult.REGION_BLOCKED
    return None


def _without_phones(number: Number, moment: Moment, rng: random.Random) -> Outcome:
    """The outcome where the world has no phones behind the number.

    With traffic of its own, phones that this world does not have ring, such as those behind a
    number abroad; its results say how that ends. Without, nothing is there that could ring.
    """
    if number.calls is None:
        return Outcome(CallResult.NETWORK, "", 0.0, 0.0)
    schedule = number.routing.schedule
    if schedule and not any(_covers(window, moment) for window in schedule):
        return Outcome(CallResult.CLOSED_HOURS, "", 0.0, 0.0)
    return _ring(number, "", rng)


def _open_bindings(number: Number, moment: Moment) -> list[Binding]:
    """The bindings that are rung now, in their order."""
    ordered = sorted(number.bindings, key=lambda binding: binding.position)
    if not number.routing.schedule:
        return ordered
    windows = [window for window in number.routing.schedule if _covers(window, moment)]
    if any(not window.bindings for window in windows):
        return ordered
    ids = {name for window in windows for name in window.bindings}
    return [binding for binding in ordered if binding.id in ids]


def _covers(window: Window, moment: Moment) -> bool:
    start, end = _minutes(window.start), _minutes(window.end)
    return moment.weekday in weekdays(window.days) and start <= moment.minute < end


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def weekdays(text: str) -> frozenset[int]:
    """The days of ``mon-fri,sun``, Monday 0; a range may pass the week's end."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = _WEEK.index(first), _WEEK.index(last or first)
        days.update(day % 7 for day in range(start, end + 1 + (7 if end < start else 0)))
    return frozenset(days)


def _ring(number: Number, phone: str, rng: random.Random) -> Outcome:
    """The outcome of ringing ``phone``: an answer after some seconds unless the wait is shorter."""
    ring = rng.uniform(3.0, 14.0)
    result = _draw(number.calls.results if number.calls else (), rng)
    wait = number.routing.wait_seconds
    if result == CallResult.ANSWERED and ring > wait:
        result = CallResult.NO_ANSWER
    if result == CallResult.ANSWERED:
        talk = number.calls.talk_seconds if number.calls else DEFAULT_TALK_SECONDS
        return Outcome(result, phone, round(ring, 1), round(rng.uniform(*talk), 1))
    return Outcome(result, phone, round(wait if result in _RINGS else 0.0, 1), 0.0)


def _draw(weights: Iterable[tuple[CallResult, float]], rng: random.Random) -> CallResult:
    results = tuple(weights) or ((CallResult.ANSWERED, 1.0),)
    return rng.choices([r for r, _ in results], [weight for _, weight in results])[0]


def random_caller(rng: random.Random) -> str:
    """A caller's number: four in five are mobiles, the others landlines of large cities."""
    if rng.random() < 0.8:  # noqa: PLR2004 - four of five call from a mobile
        return f"1{rng.choice('3578')}{rng.randrange(10**9):09d}"
    return f"{rng.choice(('010', '021', '022', '020', '0755', '028'))}{rng.randrange(10**8):08d}"


_HOUR = 3600.0


class CallGenerator:
    """Schedules every number's next call and adds its record when it is due."""

    def __init__(
        self,
        seed: int,
        event_queue: EventQueue,
        clock: WorldClock,
        on_charge: Callable[[Account], None],
    ) -> None:
        self._seed = seed
        self._event_queue = event_queue
        self._clock = clock
        self._on_charge = on_charge

    def begin(self, account: Account, number: Number) -> None:
        """Schedule the number's next call, in place of the one scheduled before."""
        number.traffic_version += 1
        rate = number.calls.per_hour if number.calls else 0.0
        if rate > 0:
            rng = self._rng(account, number, "gap")
            gap = rng.expovariate(rate / _HOUR)
            call = partial(self._call, account, number, number.traffic_version)
            self._event_queue.schedule(self._event_queue.now + gap, call)

    def _rng(self, account: Account, number: Number, use: str) -> random.Random:
        """A generator for one call, so that no number's draws change another number's calls."""
        seed = f"{self._seed}:{account.key}:{number.number}:{number.call_count}:{use}"
        return random.Random(seed)  # nosec B311 # a world, not a secret

    def _call(self, account: Account, number: Number, planned: int, at: float) -> None:
        if planned != number.traffic_version:
            return
        wall = self._clock.wall_at(at)
        rng = self._rng(account, number, "call")
        caller = random_caller(rng)
        ended = self._outcome(account, number, caller, wall, rng)
        account.add_call(_record(number, caller, wall, ended))
        number.call_count += 1
        self._charge(account, ended.talk_seconds, at)
        self.begin(account, number)

    def _outcome(
        self, account: Account, number: Number, caller: str, wall: float, rng: random.Random
    ) -> Outcome:
        if account.capped:
            return Outcome(CallResult.SUSPENDED, "", 0.0, 0.0)
        local = datetime.fromtimestamp(wall, CHINA)
        moment = Moment(local.weekday(), local.hour * 60 + local.minute)
        return outcome(number, caller, moment, rng)

    def _charge(self, account: Account, talk_seconds: float, at: float) -> None:
        if talk_seconds and account.price_per_minute:
            account.accrue(at)
            account.spend(account.price_per_minute * talk_seconds / 60.0)
            self._on_charge(account)


def _record(number: Number, caller: str, wall: float, ended: Outcome) -> CallRecord:
    """The record of a call; its id is unique across runs: number, instant and count."""
    return CallRecord(
        id=f"{number.number}-{round(wall * 1000):x}-{number.call_count:x}",
        number=number.number,
        binding=ended.binding,
        caller=caller,
        started_at=wall,
        result=ended.result,
        wait_seconds=ended.wait_seconds,
        talk_seconds=ended.talk_seconds,
    )
