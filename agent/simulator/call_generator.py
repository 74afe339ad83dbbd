"""The calls that come in over time: a seeded stream for every number that has any."""

import random
from collections.abc import Callable
from datetime import datetime
from functools import partial

from agent.simulator import money
from agent.simulator.account import Account
from agent.simulator.call_outcome import Moment, Outcome, outcome, random_caller
from agent.simulator.clock import CHINA, WorldClock
from agent.simulator.entities import CallRecord, Number
from agent.simulator.event_queue import EventQueue
from agent.states import CallResult

_HOUR = 3600.0


class CallGenerator:
    """Plans every number's next call and writes its record when it comes."""

    def __init__(
        self,
        seed: int,
        event_queue: EventQueue,
        clock: WorldClock,
        charged: Callable[[Account], None],
    ) -> None:
        self._seed = seed
        self._event_queue = event_queue
        self._clock = clock
        self._charged = charged

    def begin(self, account: Account, number: Number) -> None:
        """Plans the number's next call, in place of the one planned before."""
        number.traffic_version += 1
        rate = number.calls.per_hour if number.calls else 0.0
        if rate > 0:
            rng = self._rng(account, number, "gap")
            gap = rng.expovariate(rate / _HOUR)
            call = partial(self._call, account, number, number.traffic_version)
            self._event_queue.schedule(self._event_queue.now + gap, call)

    def _rng(self, account: Account, number: Number, use: str) -> random.Random:
        """A coin of its own for every call, so that no number disturbs another's stream."""
        seed = f"{self._seed}:{account.key}:{number.number}:{number.call_count}:{use}"
        return random.Random(seed)  # noqa: S311 - a world, not a secret

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
        if money.capped(account):
            return Outcome(CallResult.SUSPENDED, "", 0.0, 0.0)
        local = datetime.fromtimestamp(wall, CHINA)
        moment = Moment(local.weekday(), local.hour * 60 + local.minute)
        return outcome(number, caller, moment, rng)

    def _charge(self, account: Account, talked: float, at: float) -> None:
        if talked and account.price_per_minute:
            money.accrue(account, at)
            money.spend(account, account.price_per_minute * talked / 60.0)
            self._charged(account)


def _record(number: Number, caller: str, wall: float, ended: Outcome) -> CallRecord:
    """The id holds the number, the instant and a count: no call of any run has another's."""
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
