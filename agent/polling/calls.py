"""Call totals that no record changes twice, however late or often it is told.

Providers push call records out of order, repeat them and bring some an hour late. A record is
counted by its id, once. Ids are remembered by the hour in which the call began, for as long as
the window, so memory stays bounded; what began before the window is not counted at all.
"""

from collections.abc import Iterable
from threading import Lock

from agent.model import Call
from agent.polling.merge import CallKey, CallTotals

WINDOW = 48 * 3600.0
"""How long a record may be late and still be counted, in seconds."""

OVERLAP = 1800.0
"""Every poll asks again for this much of what was asked before, in seconds."""

IDS_KEPT = 500_000
"""Ids remembered per account; the oldest hours are let go first."""

_HOUR = 3600.0


class CallLedger:
    """The call totals of one account, from its first poll on."""

    def __init__(self, started_at: float, ids_kept: int = IDS_KEPT) -> None:
        self._floor = started_at
        self._newest = started_at
        self._ids_kept = ids_kept
        self._seen: dict[int, set[int]] = {}
        self._totals: dict[CallKey, int] = {}
        self._view: CallTotals = {}
        # A poll that was broken off may still be counting in its thread.
        self._counting = Lock()

    def since(self) -> float:
        """The time from which the next poll must ask for records."""
        return max(self._floor, self._newest - OVERLAP)

    def add(self, calls: Iterable[Call], now: float) -> CallTotals:
        """Count the records not counted before; the totals, the same object when none was new."""
        with self._counting:
            fresh = [call for call in calls if self._is_new(call, now)]
            if fresh:
                self._view = dict(self._totals)
            self._let_go(now)
            return self._view

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop the totals of numbers that are gone; should one return it starts from nothing."""
        gone = frozenset(numbers)
        if any(number in gone for number, _ in self._totals):
            self._totals = {key: n for key, n in self._totals.items() if key[0] not in gone}
            self._view = dict(self._totals)

    def totals(self) -> CallTotals:
        """Calls counted so far, by number and result."""
        return self._view

    def _is_new(self, call: Call, now: float) -> bool:
        if call.started_at < self._floor:
            return False
        began = min(call.started_at, now)
        ids = self._seen.setdefault(int(began // _HOUR), set())
        # A hash of 64 bits, keyed anew by every process, is all that is kept of an id.
        mark = hash(call.id)
        if mark in ids:
            return False
        ids.add(mark)
        self._newest = max(self._newest, began)
        key = (call.number, call.result)
        self._totals[key] = self._totals.get(key, 0) + 1
        return True

    def _let_go(self, now: float) -> None:
        oldest = int((now - WINDOW) // _HOUR)
        for hour in sorted(self._seen):
            kept = sum(map(len, self._seen.values()))
            if hour >= oldest and kept <= self._ids_kept:
                break
            del self._seen[hour]
            self._floor = max(self._floor, (hour + 1) * _HOUR)
