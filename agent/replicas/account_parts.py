"""What is known of an account, as the parts that are written when they change, and read back.

Facts that a poll found unchanged are the same objects as before (:class:`agent.model.Snapshot`), so
that a part whose objects are the same need not be looked at.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any

import msgspec

from agent.model import Balance, Binding, CallOutcome, Listing, PollStatus, Routing, Snapshot
from agent.polling.breaker import BreakerReading, BreakerState
from agent.polling.call_ledger import CallFacts
from agent.polling.handover import Handover
from agent.polling.merge import MergeState, restated
from agent.polling.pushed import Pushed
from agent.states import CallResult, Capability, NumberState

STATUS = "status"
HANDOVER = "handover"
PUSHED = "pushed"
CALL_IDS = "call-ids/"
"""What the names of the parts begin with that have the ids of calls, by the hour."""


class _BreakerAt(msgspec.Struct, frozen=True):
    state: BreakerState
    failures: int
    until: float
    """When it is half-open, by the writer's clock."""


class _Status(msgspec.Struct, frozen=True):
    clock_ahead: float
    """By how many seconds the writer's clock was ahead of the database's."""
    revision: int
    polls: Mapping[Capability, PollStatus]
    stale_after: Mapping[Capability, float]
    routing_parts: frozenset[str] | None
    balance: Balance | None
    breakers: Mapping[Capability, _BreakerAt] = {}


class _Numbers(msgspec.Struct, frozen=True):
    listing: Listing | None
    gone: frozenset[str]
    previous_states: Mapping[str, tuple[NumberState, NumberState, float]]
    missing: frozenset[str]
    unreadable: int
    rejected: int
    last_states: Mapping[str, NumberState]
    gone_at: Mapping[str, float]


class _Phones(msgspec.Struct, frozen=True):
    bindings: Mapping[str, tuple[Binding, ...]]
    unlisted: Mapping[str, tuple[Binding, ...]]


class _Routings(msgspec.Struct, frozen=True):
    routings: Mapping[str, Routing]


class _Calls(msgspec.Struct, frozen=True):
    call_totals: Mapping[tuple[str, CallResult], int]
    leg_totals: Mapping[tuple[str, str, CallResult], int]
    call_waits: Mapping[str, tuple[int, ...]]
    recent_calls: Mapping[str, tuple[CallOutcome, ...]]


class _Pushed(msgspec.Struct, frozen=True):
    pushed: Pushed


class _Handover(msgspec.Struct, frozen=True):
    handover: Handover
    is_last: bool
    """Whether its writer has stopped to poll: nothing was sent after it."""


@dataclass(frozen=True, repr=False)
class PollingState:
    """Everything that is known of an account where it is polled."""

    merged: MergeState
    export: Callable[[], Handover]
    """Returns what the next poller needs beside it, as of the moment of the call."""
    call_ids: Mapping[int, Collection[int]]
    sent: int
    """How many requests were sent: another number is another handover."""
    counted: CallFacts
    """What was counted of the calls."""
    breakers: Mapping[Capability, BreakerReading] = field(default_factory=dict)
    """The breaker of each capability."""
    at: float = 0.0
    """When all this was so, by the agent's clock."""
    breaker_marks: tuple[object, ...] = ()
    """Another object where a breaker has opened, closed or counted a failure."""

    @property
    def signs(self) -> tuple[object, ...]:
        """Another object, or another number, where anything else is known."""
        return (self.merged, self.sent, self.counted, *self.breaker_marks)


def identities(state: PollingState, *, is_last: bool = False) -> dict[str, tuple[Any, ...]]:
    """The objects that each part consists of; the same ones are the same part."""
    merged, snapshot = state.merged, state.merged.snapshot
    parts: dict[str, tuple[Any, ...]] = {
        STATUS: (
            *(snapshot.polls, snapshot.stale_after, snapshot.balance),
            *state.breaker_marks,
        ),
        "numbers": (
            *(snapshot.listing, snapshot.gone, snapshot.previous_states, merged.missing),
            *(merged.last_states, merged.gone, merged.rejected, merged.unreadable),
        ),
        "phones": (snapshot.bindings, snapshot.unlisted_bindings),
        "routings": (snapshot.routings,),
        "calls": (
            *(snapshot.call_totals, snapshot.leg_totals),
            *(snapshot.call_waits, snapshot.recent_calls),
        ),
        PUSHED: (merged.pushed,),
        HANDOVER: (state.sent, snapshot.polls, state.counted, is_last),
    }
    for hour, ids in state.call_ids.items():
        parts[f"{CALL_IDS}{hour}"] = (len(ids),)
    return parts


def encode_handover(handover: Handover, *, is_last: bool) -> bytes:
    """The part :data:`HANDOVER`."""
    return msgspec.msgpack.encode(_Handover(handover, is_last))


def encode(name: str, state: PollingState, clock_ahead: float) -> bytes:
    """Any other part of ``state``."""
    if name.startswith(CALL_IDS):
        return msgspec.msgpack.encode(list(state.call_ids[int(name.removeprefix(CALL_IDS))]))
    if name == STATUS:
        return msgspec.msgpack.encode(_status(state, clock_ahead))
    return msgspec.msgpack.encode(_WRITTEN[name](state.merged))


def _numbers(merged: MergeState) -> _Numbers:
    snapshot = merged.snapshot
    return _Numbers(
        snapshot.listing,
        snapshot.gone,
        snapshot.previous_states,
        merged.missing,
        merged.unreadable,
        merged.rejected,
        merged.last_states,
        merged.gone,
    )


def _status(state: PollingState, ahead: float) -> _Status:
    it = state.merged.snapshot
    breakers = {
        capability: _BreakerAt(read.state, read.failures, state.at + read.wait)
        for capability, read in state.breakers.items()
    }
    facts = (it.revision, it.polls, it.stale_after, it.routing_parts, it.balance)
    return _Status(ahead, *facts, breakers)


def _calls(merged: MergeState) -> _Calls:
    it = merged.snapshot
    return _Calls(it.call_totals, it.leg_totals, it.call_waits, it.recent_calls)


_WRITTEN: Mapping[str, Callable[[MergeState], msgspec.Struct]] = {
    "numbers": _numbers,
    "phones": lambda it: _Phones(it.snapshot.bindings, it.snapshot.unlisted_bindings),
    "routings": lambda it: _Routings(it.snapshot.routings),
    "calls": _calls,
    PUSHED: lambda it: _Pushed(it.pushed),
}
_READ: Mapping[str, type[msgspec.Struct]] = {
    STATUS: _Status,
    "numbers": _Numbers,
    "phones": _Phones,
    "routings": _Routings,
    "calls": _Calls,
    PUSHED: _Pushed,
}
SHOWN = tuple(name for name in _READ if name != PUSHED)
"""The parts of which a snapshot is made; the others are for the account's next poller."""


class AccountParts:
    """The parts of one account as they were read; a snapshot is made of them when it is asked for.

    A part that is read again replaces the former one. What is equal in both stays the same object,
    so that only what has changed is checked again.
    """

    def __init__(self, provider: str, account: str) -> None:
        self._key = provider, account
        self._parts: dict[str, Any] = {}
        self._content: MergeState | None = None
        """What the parts say but for the status, which nearly every poll changes."""

    def put(self, name: str, value: bytes) -> None:
        """Decode the part ``name``; one that this program does not know is left out.

        Raises:
            ValueError: when it is damaged.
        """
        if name in _READ:
            part = msgspec.msgpack.decode(value, type=_READ[name])
            former = self._parts.get(name)
            self._parts[name] = part if former is None else _keeping(former, part)
            if name != STATUS:
                self._content = None

    def merged(self, clock_ahead: float) -> MergeState | None:
        """What was merged, by a clock ``clock_ahead`` of the database's; ``None`` without a status.

        Its clock was never set.
        """
        status: _Status | None = self._parts.get(STATUS)
        if status is None:
            return None
        if self._content is None:
            self._content = self._made()
        snapshot = msgspec.structs.replace(
            self._content.snapshot,
            revision=status.revision,
            polls=status.polls,
            stale_after=status.stale_after,
            routing_parts=status.routing_parts,
            balance=status.balance,
        )
        merged = replace(self._content, snapshot=snapshot)
        step = clock_ahead - status.clock_ahead
        return merged if abs(step) < _SAME_CLOCK else restated_by(merged, step)

    def _made(self) -> MergeState:
        merged = MergeState(Snapshot(*self._key, revision=0, polls={}, stale_after={}))
        for name, added in _ADDED.items():
            if name in self._parts:
                merged = added(merged, self._parts[name])
        return merged

    def breakers(self, now: float, clock_ahead: float) -> dict[Capability, BreakerReading]:
        """The breakers at ``now``, by a clock ``clock_ahead`` of the database's."""
        status: _Status | None = self._parts.get(STATUS)
        if status is None:
            return {}
        writers_now = now - clock_ahead + status.clock_ahead
        return {
            capability: _reading(it, max(0.0, it.until - writers_now))
            for capability, it in status.breakers.items()
        }


def _keeping(former: msgspec.Struct, part: msgspec.Struct) -> msgspec.Struct:
    """``part`` with the objects of ``former`` wherever they are equal."""
    fields = {
        name: _kept(getattr(former, name), getattr(part, name)) for name in part.__struct_fields__
    }
    return type(part)(**fields)


def _kept(former: Any, new: Any) -> Any:
    # Item by item: a single comparison of a large account would stop the event loop meanwhile.
    if isinstance(former, Listing) and isinstance(new, Listing):
        known = {it.number: it for it in former.numbers}
        numbers = tuple(_older(known.get(it.number), it) for it in new.numbers)
        is_same = len(numbers) == len(former.numbers) and all(map(is_, numbers, former.numbers))
        numbers = former.numbers if is_same else numbers
        return _older(former, msgspec.structs.replace(new, numbers=numbers))
    if isinstance(former, dict) and isinstance(new, dict):
        values = {key: _older(former.get(key), value) for key, value in new.items()}
        is_same = len(values) == len(former) and all(
            value is former.get(key) for key, value in values.items()
        )
        return former if is_same else values
    return _older(former, new)


def _older(former: Any, new: Any) -> Any:
    """``former`` where it is equal to ``new``."""
    return former if former == new else new


def _reading(breaker: _BreakerAt, wait: float) -> BreakerReading:
    is_over = breaker.state is BreakerState.OPEN and not wait
    return BreakerReading(
        BreakerState.HALF_OPEN if is_over else breaker.state, breaker.failures, wait
    )


_SAME_CLOCK = 1.0
"""Seconds by which two clocks may differ and count as one: it took that long to read them."""


def restated_by(merged: MergeState, step: float) -> MergeState:
    """``merged`` by a clock that is ``step`` seconds ahead of its writer's."""
    return replace(restated(merged, step), clock_set=merged.clock_set)


def _with_numbers(merged: MergeState, part: _Numbers) -> MergeState:
    snapshot = msgspec.structs.replace(
        merged.snapshot,
        listing=part.listing,
        gone=part.gone,
        gone_at=part.gone_at,
        previous_states=part.previous_states,
    )
    return replace(
        merged,
        snapshot=snapshot,
        missing=part.missing,
        unreadable=part.unreadable,
        rejected=part.rejected,
        last_states=part.last_states,
        gone=part.gone_at,
    )


def _with_phones(merged: MergeState, part: _Phones) -> MergeState:
    return _with(merged, bindings=part.bindings, unlisted_bindings=part.unlisted)


def _with_calls(merged: MergeState, part: _Calls) -> MergeState:
    return _with(merged, **msgspec.structs.asdict(part))


def _with(merged: MergeState, **facts: Any) -> MergeState:
    return replace(merged, snapshot=msgspec.structs.replace(merged.snapshot, **facts))


_ADDED: Mapping[str, Callable[[MergeState, Any], MergeState]] = {
    "numbers": _with_numbers,
    "phones": _with_phones,
    "routings": lambda merged, part: _with(merged, routings=part.routings),
    "calls": _with_calls,
    PUSHED: lambda merged, part: replace(merged, pushed=part.pushed),
}


def decode_handover(value: bytes) -> tuple[Handover, bool]:
    """The handover, and whether it is the last of its writer; raises ``ValueError``."""
    stored = msgspec.msgpack.decode(value, type=_Handover)
    return stored.handover, stored.is_last


def decode_call_ids(parts: Mapping[str, bytes]) -> dict[int, Sequence[int]]:
    """The ids of calls by the hour; raises ``ValueError``."""
    return {
        int(name.removeprefix(CALL_IDS)): msgspec.msgpack.decode(value, type=list[int])
        for name, value in parts.items()
        if name.startswith(CALL_IDS)
    }
