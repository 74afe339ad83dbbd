"""What call records add up to: results, waits, and the newest records as evidence."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from agent.model import Call, CallOutcome
from agent.states import CallResult

RECENT_KEPT = 8
"""So many of a number's newest records are kept as evidence."""

WAIT_LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 60.0, 90.0)
"""Upper bounds of the wait distribution, in seconds (domain.md §5, call_wait_seconds)."""

CallKey = tuple[str, CallResult]
"""Number and result."""
LegKey = tuple[str, str, CallResult]
"""Number, id of the bound phone, result."""
CallTotals = Mapping[CallKey, int]
LegTotals = Mapping[LegKey, int]
Waits = Mapping[str, tuple[int, ...]]
"""By number: how many calls waited up to each of ``WAIT_LIMITS``, each counted once, and last
how many waited longer."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_NONE_WAITED = (0,) * (len(WAIT_LIMITS) + 1)


class CallFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of an account's calls."""

    totals: CallTotals = {}
    legs: LegTotals = {}
    waits: Waits = {}
    recent: Mapping[str, tuple[CallOutcome, ...]] = {}
    """By number, the oldest first."""


class CallTally:
    """Adds records up. Give it every record once."""

    def __init__(self, kept: int = RECENT_KEPT) -> None:
        """``kept`` newest records of a number are kept as evidence."""
        self._kept = kept
        self._totals: dict[CallKey, int] = {}
        self._legs: dict[LegKey, int] = {}
        self._waits: dict[str, tuple[int, ...]] = {}
        self._recent: dict[str, tuple[CallOutcome, ...]] = {}

    def count(self, call: Call) -> None:
        """Count a record."""
        key = call.number, call.result
        self._totals[key] = self._totals.get(key, 0) + 1
        if call.binding:
            leg = call.number, call.binding, call.result
            self._legs[leg] = self._legs.get(leg, 0) + 1
        if call.wait_seconds is not None:
            place = bisect_left(WAIT_LIMITS, call.wait_seconds)
            held = self._waits.get(call.number, _NONE_WAITED)
            self._waits[call.number] = (*held[:place], held[place] + 1, *held[place + 1 :])

    def remember(self, call: Call) -> None:
        """Keep a record as evidence while it is among its number's newest."""
        outcome = CallOutcome(
            call.started_at, call.result, call.binding, call.wait_seconds, call.talk_seconds
        )
        held = self._recent.get(call.number, ())
        if held and held[-1].started_at > call.started_at:
            kept = tuple(sorted((*held, outcome), key=lambda each: each.started_at))
        else:
            kept = (*held, outcome)
        self._recent[call.number] = kept[-self._kept :]

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop everything about ``numbers``."""
        gone = frozenset(numbers)
        self._totals = _without(self._totals, gone)
        self._legs = _without(self._legs, gone)
        self._waits = _without(self._waits, gone)
        self._recent = _without(self._recent, gone)

    def facts(self) -> CallFacts:
        """Everything so far, in copies that later records leave alone."""
        return CallFacts(
            dict(self._totals), dict(self._legs), dict(self._waits), dict(self._recent)
        )


def _without(held: dict[_Key, _Value], gone: frozenset[str]) -> dict[_Key, _Value]:
    def number(key: _Key) -> object:
        return key[0] if isinstance(key, tuple) else key

    return {key: value for key, value in held.items() if number(key) not in gone}
