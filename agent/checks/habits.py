"""How many calls a number usually has at this hour of the week (domain.md §5, NoCallsUnusual).

Whole hours only: the calls of an hour count when the records were fresh at its beginning and at
its end. What is usual is the mean of the same hour of the earlier weeks, at least two of them.
"""

from array import array
from collections.abc import Iterator, Mapping

import msgspec

from agent.model import AccountKey, Snapshot
from agent.states import Capability

HOUR = 3600.0
WEEK_HOURS = 168
WEEKS = 4
_SLOTS = WEEK_HOURS * WEEKS
_MOST = 65_535
PAGE_PREFIX = "habits/"


class Usual(msgspec.Struct, frozen=True, gc=False):
    """A number's calls in the newest whole hour, and what is usual then."""

    number: str
    calls: int
    expected: float


class _Account(msgspec.Struct):
    """One account's hours. Slots are hours since the epoch, modulo four weeks."""

    hour: int = -1
    """The hour under way."""
    whole: bool = False
    """Whether the hour under way was seen from its beginning."""
    base: dict[str, int] = {}
    """Calls counted when the hour began."""
    seen: bytes = bytes(_SLOTS)
    """1 where the hour was seen whole."""
    counts: dict[str, bytes] = {}
    """Calls per slot, as unsigned 16-bit numbers."""
    newest: list[Usual] = []


class Habits:
    """Learns what is usual, account by account. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, _Account] = {}
        self._unwritten: set[AccountKey] = set()

    def note(self, snapshot: Snapshot, now: float) -> list[Usual]:
        """Take in what was polled; gives what is known of the newest whole hour.

        The list is the same object until the next hour.
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
        """An hour ended."""
        fresh = snapshot.is_fresh(Capability.CALLS, now)
        totals = _totals(snapshot)
        whole = account.whole and fresh and hour == account.hour + 1
        account.newest = _learn(account, totals) if whole else []
        account.hour, account.whole, account.base = hour, fresh, totals

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        """Every account that learnt something since it was last taken: a name and its content."""
        while self._unwritten:
            key = self._unwritten.pop()
            account = self._accounts[key]
            kept = (account.seen, account.counts, account.hour)
            yield f"{PAGE_PREFIX}{'/'.join(key)}", msgspec.msgpack.encode(kept)

    def restore(self, pages: Mapping[str, bytes]) -> None:
        """Take up what was learnt before.

        Raises:
            ValueError: when a page is damaged; it names the page.
        """
        for name, content in pages.items():
            provider, _, account = name.removeprefix(PAGE_PREFIX).partition("/")
            try:
                kept = msgspec.msgpack.decode(content, type=tuple[bytes, dict[str, bytes], int])
            except msgspec.MsgspecError as error:
                raise ValueError(f"{name} cannot be read: {error}") from error
            self._accounts[provider, account] = _Account(seen=kept[0], counts=kept[1])


def _totals(snapshot: Snapshot) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (number, _), count in snapshot.call_totals.items():
        totals[number] = totals.get(number, 0) + count
    return totals


def _learn(account: _Account, totals: Mapping[str, int]) -> list[Usual]:
    """Write the hour that ended down; gives what was usual for it."""
    slot = account.hour % _SLOTS
    weeks = [(slot - WEEK_HOURS * back) % _SLOTS for back in range(1, WEEKS)]
    known = [week for week in weeks if account.seen[week]]
    found = []
    for number in {**account.counts, **totals}:
        calls = max(0, totals.get(number, 0) - account.base.get(number, 0))
        held = array("H", account.counts.get(number) or bytes(2 * _SLOTS))
        if len(known) > 1:
            expected = sum(held[week] for week in known) / len(known)
            found.append(Usual(number, calls, expected))
        held[slot] = min(calls, _MOST)
        account.counts[number] = held.tobytes()
    seen = bytearray(account.seen)
    seen[slot] = 1
    account.seen = bytes(seen)
    return found
