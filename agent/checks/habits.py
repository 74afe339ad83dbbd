"""The usual number of calls at this hour of the week, for NoCallsUnusual.

An hour counts only if call records were fresh at its beginning and at its end. The usual number is
the mean over the same hour of at least two earlier weeks (docs/reference/domain.md §5).
"""

from array import array
from collections.abc import Iterator, Mapping

import msgspec

from agent.checks.learnt_pages import page_name, read_pages
from agent.model import AccountKey, Snapshot
from agent.states import Capability

HOUR = 3600.0
WEEK_HOURS = 168
WEEKS = 4
_SLOTS = WEEK_HOURS * WEEKS
_MOST = 65_535
PAGE_PREFIX = "habits/"


class Usual(msgspec.Struct, frozen=True, gc=False):
    """A number's calls in the newest complete hour, and the usual number."""

    number: str
    calls: int
    expected: float


class _Account(msgspec.Struct):
    """One account's hours. Slots are hours since the epoch, modulo four weeks."""

    hour: int = -1
    """The present hour, in hours since the epoch."""
    whole: bool = False
    """Whether the present hour was observed from its beginning."""
    base: dict[str, int] = {}
    """Calls counted when the hour began."""
    seen: bytes = bytes(_SLOTS)
    """1 for each slot that was observed completely."""
    counts: dict[str, bytes] = {}
    """Calls by slot, as unsigned 16-bit integers."""
    newest: list[Usual] = []


class Habits:
    """Counts calls by hour for each account. Not thread-safe."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, _Account] = {}
        self._unwritten: set[AccountKey] = set()

    def note(self, snapshot: Snapshot, now: float) -> list[Usual]:
        """Count the calls of ``snapshot``; returns the usual numbers of the newest complete hour.

        The list is the same object until the next hour begins.
        """
        account = self._accounts.setdefault((snapshot.provider, snapshot.account), _Account())
        hour = int(now // HOUR)
        if hour != account.hour:
            self._turn(account, snapshot, hour, now)
            self._unwritten.add((snapshot.provider, snapshot.account))
        elif not snapshot.is_fresh(Capability.CALLS, now):
            account.whole = False
        return account.newest

    def _turn(self, account: _Account, snapshot: Snapshot, hour: int, now: float) -> None:
        """Close the hour that ended."""
        fresh = snapshot.is_fresh(Capability.CALLS, now)
        totals = _totals(snapshot)
        whole = account.whole and fresh and hour == account.hour + 1
        account.newest = _learn(account, totals) if whole else []
        account.hour, account.whole, account.base = hour, fresh, totals

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        """Yields the page name and content of every account that changed since the last call."""
        while self._unwritten:
            key = self._unwritten.pop()
            account = self._accounts[key]
            stored = (account.seen, account.counts, account.hour)
            yield page_name(PAGE_PREFIX, key), msgspec.msgpack.encode(stored)

    def restore(self, pages: Mapping[str, bytes]) -> None:
        """Restore stored pages.

        Raises:
            ValueError: if a page is damaged; names the page.
        """
        for key, stored in read_pages(PAGE_PREFIX, pages, tuple[bytes, dict[str, bytes], int]):
            self._accounts[key] = _Account(seen=stored[0], counts=stored[1])


def _totals(snapshot: Snapshot) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (number, _), count in snapshot.call_totals.items():
        totals[number] = totals.get(number, 0) + count
    return totals


def _learn(account: _Account, totals: Mapping[str, int]) -> list[Usual]:
    """Store the hour that ended; returns its usual numbers."""
    slot = account.hour % _SLOTS
    weeks = [(slot - WEEK_HOURS * back) % _SLOTS for back in range(1, WEEKS)]
    known = [week for week in weeks if account.seen[week]]
    usual = []
    for number in {**account.counts, **totals}:
        calls = max(0, totals.get(number, 0) - account.base.get(number, 0))
        calls_by_slot = array("H", account.counts.get(number) or bytes(2 * _SLOTS))
        if len(known) > 1:
            expected = sum(calls_by_slot[week] for week in known) / len(known)
            usual.append(Usual(number, calls, expected))
        calls_by_slot[slot] = min(calls, _MOST)
        account.counts[number] = calls_by_slot.tobytes()
    seen = bytearray(account.seen)
    seen[slot] = 1
    account.seen = bytes(seen)
    return usual
