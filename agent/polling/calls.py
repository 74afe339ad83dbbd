"""A ledger of call records that no record enters twice, however late or often it is told.

Providers push call records out of order, repeat them and bring some an hour late. A record is
counted by its id, once. Ids are remembered by the hour in which the call began, for as long as
the window, so memory stays bounded; what began before the window is not counted at all.
"""

from collections.abc import Iterable
from threading import Lock

from agent.model import Call
from agent.polling.call_tally import RECENT_KEPT, CallFacts, CallTally

WINDOW = 48 * 3600.0
"""How long a record may be late and still be counted, in seconds."""

OVERLAP = 1800.0
"""Every poll asks again for this much of what was asked before, in seconds."""

LOOKBACK = 1800.0
"""The first poll asks for so much of the time before it, in seconds: evidence for a diagnosis,
left out of every counter."""

IDS_KEPT = 500_000
"""Ids remembered per account; the oldest hours are let go first."""

_HOUR = 3600.0


class CallLedger:
    """The call records of one account: counted from its first poll on."""

    def __init__(
        self, started_at: float, ids_kept: int = IDS_KEPT, evidence_kept: int = RECENT_KEPT
    ) -> None:
        self._counts_from = started_at
        self._known_from = started_at - LOOKBACK
        self._newest = started_at
        self._asked = False
        self._ids_kept = ids_kept
        self._seen: dict[int, set[int]] = {}
        self._tally = CallTally(evidence_kept)
        self._view = CallFacts()
        # A poll that was broken off may still be counting in its thread.
        self._counting = Lock()

    def since(self) -> float:
        """The time from which the next poll must ask for records."""
        if not self._asked:
            return self._known_from
        return max(self._known_from, self._newest - OVERLAP)

    def add(self, calls: Iterable[Call], now: float) -> CallFacts:
        """Take in the records not seen before; the same object as before when none was new."""
        with self._counting:
            self._asked = True
            fresh = [call for call in calls if self._is_new(call, now)]
            for call in fresh:
                self._take_in(call)
            if fresh:
                self._view = self._tally.facts()
            self._let_go(now)
            return self._view

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop what is known of numbers that are gone; should one return it starts from nothing."""
        with self._counting:
            self._tally.forget(numbers)
            self._view = self._tally.facts()

    def facts(self) -> CallFacts:
        """Everything taken in so far."""
        return self._view

    def _take_in(self, call: Call) -> None:
        self._tally.remember(call)
        if call.started_at >= self._counts_from:
            self._tally.count(call)

    def _is_new(self, call: Call, now: float) -> bool:
        if call.started_at < self._known_from:
            return False
        began = min(call.started_at, now)
        ids = self._seen.setdefault(int(began // _HOUR), set())
        # A hash of 64 bits, keyed anew by every process, is all that is kept of an id.
        mark = hash(call.id)
        if mark in ids:
            return False
        ids.add(mark)
        self._newest = max(self._newest, began)
        return True

    def _let_go(self, now: float) -> None:
        oldest = int((now - WINDOW) // _HOUR)
        for hour in sorted(self._seen):
            kept = sum(map(len, self._seen.values()))
            if hour >= oldest and kept <= self._ids_kept:
                break
            del self._seen[hour]
            self._known_from = max(self._known_from, (hour + 1) * _HOUR)
