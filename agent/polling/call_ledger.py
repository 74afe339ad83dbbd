"""Counts an account's call records, each once, however late or often the provider repeats it.

Providers push call records out of order, repeat them and deliver some an hour late. A record is
counted once, by its id. Ids are grouped by the hour in which the call began and dropped when
that hour leaves the window, so memory stays bounded; a call that began before the window is not
counted.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from threading import Lock
from typing import TypeVar

import msgspec

from agent.model import Call, CallOutcome
from agent.states import CallResult

WINDOW = 48 * 3600.0
"""Seconds after its beginning within which a call is still counted."""

OVERLAP = 1800.0
"""Seconds by which each poll's time range overlaps that of the poll before."""

LOOKBACK = 1800.0
"""Seconds before the first poll from which records are read as evidence for a diagnosis.

They are left out of every counter: a counter must not begin with calls made before the agent
watched.
"""

MAX_IDS = 500_000
"""Record ids remembered per account; beyond that the oldest hours are dropped."""

MAX_NUMBERS = 100_000
"""The most numbers per account whose records are counted, by default."""

MAX_LEGS = 500_000
"""The most pairs of phone and result per account that are counted, by default."""

RECENT_CALLS = 8
"""The number of newest records kept per hotline number as evidence, however old they are."""

MOST_RECENT_CALLS = 128
"""The most records kept per hotline number: evidence is in proportion to traffic, so those of the
last half hour are kept up to here."""

MAX_RECORDS = 1_000_000
"""Records kept per account beyond :data:`RECENT_CALLS` of each number."""

WAIT_LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 60.0, 90.0)
"""Upper bounds of the wait distribution's buckets, in seconds (docs/reference/domain.md §5)."""

CallKey = tuple[str, CallResult]
"""Number and result."""
LegKey = tuple[str, str, CallResult]
"""Number, id of the bound phone, result."""
CallTotals = Mapping[CallKey, int]
LegTotals = Mapping[LegKey, int]
Waits = Mapping[str, tuple[int, ...]]
"""By number: the calls whose wait falls into each bucket of ``WAIT_LIMITS`` (not cumulative),
and in the last place those that waited longer."""

_HOUR = 3600.0
_NO_WAITS = (0,) * (len(WAIT_LIMITS) + 1)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class CallFacts(msgspec.Struct, frozen=True, gc=False):
    """The totals of an account's calls and the newest records of each number."""

    totals: CallTotals = {}
    legs: LegTotals = {}
    waits: Waits = {}
    recent: Mapping[str, tuple[CallOutcome, ...]] = {}
    """By number, the oldest first."""


class CountedCalls(msgspec.Struct, frozen=True):
    """How far an account's call records were read, and what was counted."""

    counts_from: float
    accepts_from: float
    newest: float
    since: float
    facts: CallFacts


class CallLedger:
    """The call records of one account, counted from ``started_at`` on (epoch seconds).

    ``recent_calls`` newest records of every number are kept as evidence, more of a busy one.
    """

    def __init__(
        self,
        started_at: float,
        max_ids: int = MAX_IDS,
        recent_calls: int = RECENT_CALLS,
        max_numbers: int = MAX_NUMBERS,
        max_legs: int = MAX_LEGS,
    ) -> None:
        self._counts_from = started_at
        self.accepts_from = started_at - LOOKBACK
        """Epoch seconds; a call that began earlier is ignored."""
        self._newest = started_at
        self._since = self.accepts_from
        self._max_ids = max_ids
        self.max_numbers = max_numbers
        self.max_legs = max_legs
        self.uncounted = 0
        """How many new records of the newest poll were left out: their number, or their phone and
        result, would be one too many."""
        self._ids_by_hour: dict[int, set[int]] = {}
        self._tally = _CallTally(recent_calls)
        self._facts = CallFacts()
        # A poll that was cancelled may still be counting in its thread.
        self._counting = Lock()

    def since(self) -> float:
        """The time from which the next poll must read records, in epoch seconds."""
        return max(self.accepts_from, self._since)

    def add(
        self, calls: Iterable[Call], now: float, complete_until: float | None = None
    ) -> CallFacts:
        """Count the records that are new.

        Every record before ``complete_until`` is among them and those added before; without it,
        every record until ``now``. Returns the same object as before when none was new.
        """
        with self._counting:
            new_calls = [call for call in calls if self._is_new(call, now)]
            counted = [call for call in new_calls if self._count(call)]
            self.uncounted = len(new_calls) - len(counted)
            if counted:
                self._facts = self._tally.facts()
            self._drop_old_ids(now)
            self._advance(now if complete_until is None else complete_until)
            return self._facts

    def add_pushed(self, calls: Iterable[Call], now: float) -> CallFacts:
        """Count the records that are new; how far polls have read stays as it is.

        A provider that pushes a record has not told that there are no others.
        """
        with self._counting:
            newest = self._newest
            new_calls = [call for call in calls if self._is_new(call, now)]
            counted = [call for call in new_calls if self._count(call)]
            self.uncounted = len(new_calls) - len(counted)
            self._newest = newest
            if counted:
                self._facts = self._tally.facts()
            self._drop_old_ids(now)
            return self._facts

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop the totals of ``numbers``; a number that comes back starts from zero."""
        with self._counting:
            self._tally.forget(numbers)
            self._facts = self._tally.facts()

    def facts(self) -> CallFacts:
        """Everything counted so far."""
        return self._facts

    def export(self) -> CountedCalls:
        """How far records were read, and what was counted, for the account's next poller."""
        return CountedCalls(
            self._counts_from, self.accepts_from, self._newest, self._since, self._facts
        )

    def ids(self) -> Mapping[int, Collection[int]]:
        """The hashes of the records' ids by the hour in which the calls began."""
        return self._ids_by_hour

    def adopt(self, former: CountedCalls, ids: Mapping[int, Collection[int]]) -> None:
        """Go on from what a former poller of the account has counted."""
        with self._counting:
            self._counts_from, self.accepts_from = former.counts_from, former.accepts_from
            self._newest, self._since = former.newest, former.since
            self._ids_by_hour = {hour: set(hashes) for hour, hashes in ids.items()}
            self._facts = former.facts
            self._tally.adopt(former.facts)

    def restate(self, step: float) -> None:
        """State times by a clock that is ``step`` seconds ahead of the one so far."""
        self._counts_from += step
        self.accepts_from += step
        self._newest += step
        self._since += step

    @property
    def id_count(self) -> int:
        """How many record ids are remembered."""
        return sum(map(len, self._ids_by_hour.values()))

    def _advance(self, complete_until: float) -> None:
        """Let the next poll begin later: at the newest record, or where it was read up to.

        An account without calls would otherwise be asked for an ever longer time.
        """
        newest = min(self._newest, complete_until)
        since = max(newest - OVERLAP, complete_until - WINDOW)
        # A later time than now is of a clock that was ahead and has been set.
        is_ahead = self._since > complete_until
        self._since = since if is_ahead else max(self._since, since)

    def _count(self, call: Call) -> bool:
        """Count a new record; returns False where it would be beyond a limit."""
        if not self._tally.has_space(call, self.max_numbers, self.max_legs):
            return False
        self._tally.remember(call)
        if call.started_at >= self._counts_from:
            self._tally.count(call)
        return True

    def _is_new(self, call: Call, now: float) -> bool:
        if call.started_at < self.accepts_from:
            return False
        began = min(call.started_at, now)
        # A 64-bit hash is kept instead of the id: less memory. Another process, which may poll the
        # account next, makes the same.
        id_hash = _hash(call.id)
        # In any hour: since the clock was set, the same record may fall into another.
        if any(id_hash in ids for ids in self._ids_by_hour.values()):
            return False
        self._ids_by_hour.setdefault(int(began // _HOUR), set()).add(id_hash)
        self._newest = max(self._newest, began)
        return True

    def _drop_old_ids(self, now: float) -> None:
        oldest = int((now - WINDOW) // _HOUR)
        for hour in sorted(self._ids_by_hour):
            if hour >= oldest and self.id_count <= self._max_ids:
                break
            del self._ids_by_hour[hour]
            # A record of that hour could no longer be recognized as a repetition.
            self.accepts_from = max(self.accepts_from, (hour + 1) * _HOUR)


class _CallTally:
    """Adds records up; the caller makes sure that each is added once."""

    def __init__(self, recent_calls: int) -> None:
        self._recent_calls = recent_calls
        self._totals: dict[CallKey, int] = {}
        self._legs: dict[LegKey, int] = {}
        self._waits: dict[str, tuple[int, ...]] = {}
        self._recent: dict[str, tuple[CallOutcome, ...]] = {}
        self._beyond = 0
        """The records that are kept beyond the least of each number."""

    def has_space(self, call: Call, max_numbers: int, max_legs: int) -> bool:
        """Whether ``call`` adds neither a number nor a leg beyond these limits."""
        if len(self._recent) >= max_numbers and call.number not in self._recent:
            return False
        leg = call.number, call.binding, call.result
        return len(self._legs) < max_legs or not call.binding or leg in self._legs

    def count(self, call: Call) -> None:
        """Add a record to the totals."""
        key = call.number, call.result
        self._totals[key] = self._totals.get(key, 0) + 1
        if call.binding:
            leg = call.number, call.binding, call.result
            self._legs[leg] = self._legs.get(leg, 0) + 1
        if call.wait_seconds is not None:
            bucket = bisect_left(WAIT_LIMITS, call.wait_seconds)
            waits = self._waits.get(call.number, _NO_WAITS)
            self._waits[call.number] = (*waits[:bucket], waits[bucket] + 1, *waits[bucket + 1 :])

    def remember(self, call: Call) -> None:
        """Keep a record as evidence while it is among its number's newest."""
        outcome = CallOutcome(
            call.started_at,
            call.result,
            call.binding,
            call.wait_seconds,
            call.talk_seconds,
            call.has_outcome,
            call.is_from_abroad,
        )
        outcomes = (*self._recent.get(call.number, ()), outcome)
        if len(outcomes) > 1 and outcomes[-2].started_at > call.started_at:
            outcomes = tuple(sorted(outcomes, key=lambda other: other.started_at))
        self._hold(call.number, outcomes[-self._size(outcomes) :])

    def _size(self, outcomes: tuple[CallOutcome, ...]) -> int:
        """How many of a number's newest records are kept."""
        if self._beyond >= MAX_RECORDS:
            return self._recent_calls
        oldest = outcomes[-1].started_at - LOOKBACK
        most = max(MOST_RECENT_CALLS, self._recent_calls)
        current = len(outcomes) - bisect_left(outcomes, oldest, key=lambda it: it.started_at)
        return max(self._recent_calls, min(most, current))

    def _hold(self, number: str, outcomes: tuple[CallOutcome, ...]) -> None:
        before = len(self._recent.get(number, ()))
        self._beyond += max(0, len(outcomes) - self._recent_calls)
        self._beyond -= max(0, before - self._recent_calls)
        self._recent[number] = outcomes

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop everything about ``numbers``."""
        dropped = frozenset(numbers)
        self._totals = _without(self._totals, dropped)
        self._legs = _without(self._legs, dropped)
        self._waits = _without(self._waits, dropped)
        for number in dropped & self._recent.keys():
            self._hold(number, ())
        self._recent = _without(self._recent, dropped)

    def adopt(self, facts: CallFacts) -> None:
        """Go on from ``facts``."""
        self._totals, self._legs = dict(facts.totals), dict(facts.legs)
        self._waits, self._recent, self._beyond = dict(facts.waits), {}, 0
        for number, outcomes in facts.recent.items():
            self._hold(number, outcomes)

    def facts(self) -> CallFacts:
        """Everything counted so far, in copies that later records do not change."""
        return CallFacts(
            dict(self._totals), dict(self._legs), dict(self._waits), dict(self._recent)
        )


def _hash(identity: str) -> int:
    text = identity.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def _without(mapping: dict[_Key, _Value], numbers: frozenset[str]) -> dict[_Key, _Value]:
    def number(key: _Key) -> object:
        return key[0] if isinstance(key, tuple) else key

    return {key: value for key, value in mapping.items() if number(key) not in numbers}
