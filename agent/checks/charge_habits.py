"""Learns what the hours of each account cost, and keeps that over restarts.

An hour that costs far more than usual is not learnt: a thief who goes on would become the usual.
After a week it is, because then it is a new price that nobody objected to.
"""

from array import array
from collections.abc import Iterator, Mapping

import msgspec

from agent.checks.charges import Charges, Hour, Meter
from agent.checks.learnt_pages import page_name, read_pages
from agent.model import AccountKey, Snapshot
from agent.states import CallResult, Capability

HOUR = 3600.0
MOST_HOURS = 2 * 168
"""The hours that are known of an account, two weeks; the oldest is dropped first."""
ACCEPTED_AFTER = 7 * 86400.0
"""Seconds after which what is unusual becomes usual."""
PAGE_PREFIX = "charges/"
_NEEDED = (Capability.BALANCE, Capability.CALLS)


_MOST_CALLS = 2**32 - 1
_BYTES = 4


class _Learnt(msgspec.Struct):
    """What is stored of one account, packed: there may be thousands of accounts."""

    calls: bytes = b""
    """By hour, as unsigned 32-bit integers."""
    spent: bytes = b""
    """By hour, as 32-bit floats."""
    unusual_since: float | None = None

    def hours(self) -> list[Hour]:
        """The hours that are known, the oldest first."""
        return list(zip(array("I", self.calls), array("f", self.spent), strict=True))

    def learn(self, calls: int, spent: float) -> None:
        """Add an hour."""
        most = MOST_HOURS * _BYTES
        self.calls = (self.calls + array("I", (min(calls, _MOST_CALLS),)).tobytes())[-most:]
        self.spent = (self.spent + array("f", (spent,)).tobytes())[-most:]


class _Account:
    """One account's meter and what is learnt of it."""

    def __init__(self, learnt: _Learnt) -> None:
        self.meter = Meter()
        self.learnt = learnt
        self.hour = -1
        self.polled_at: float | None = None
        self.charges: Charges | None = None


class ChargeHabits:
    """Meters and learns the spend of each account. Not thread-safe."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, _Account] = {}
        self._unwritten: set[AccountKey] = set()

    def note(self, snapshot: Snapshot, now: float) -> Charges | None:
        """The spend of the last hour; ``None`` where balance or calls are not known now."""
        key = snapshot.provider, snapshot.account
        account = self._accounts.setdefault(key, _Account(_Learnt()))
        polled_at = snapshot.polls[Capability.BALANCE].last_success if _polls(snapshot) else None
        is_fresh = all(snapshot.is_fresh(it, now) for it in _NEEDED)
        if snapshot.balance is None or polled_at is None or not is_fresh:
            account.meter.reset()
            account.polled_at = account.charges = None
        elif polled_at != account.polled_at:
            # Only then: calls are added up over all numbers of the account.
            account.polled_at = polled_at
            account.meter.note(polled_at, snapshot.balance, _answered(snapshot))
            account.charges = account.meter.read(account.learnt.hours())
            self._end_hour(key, account, polled_at)
        return account.charges

    def _end_hour(self, key: AccountKey, account: _Account, at: float) -> None:
        if account.charges is not None and int(at // HOUR) != account.hour:
            account.hour = int(at // HOUR)
            self._learn(key, account, account.charges, at)

    def _learn(self, key: AccountKey, account: _Account, charges: Charges, at: float) -> None:
        """Learn the hour that ended, if all of it was observed."""
        if not account.meter.is_whole(at):
            return
        learnt = account.learnt
        since = (learnt.unusual_since or at) if charges.is_unusual else None
        if since is None or at - since >= ACCEPTED_AFTER:
            learnt.learn(charges.calls, charges.spent)
        learnt.unusual_since = since
        self._unwritten.add(key)

    def forget(self, key: AccountKey) -> None:
        """Drop an account that is no longer configured; what is stored of it stays."""
        self._accounts.pop(key, None)

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        """Yields the page name and content of every account that changed since the last call."""
        while self._unwritten:
            key = self._unwritten.pop()
            if key in self._accounts:
                content = msgspec.msgpack.encode(self._accounts[key].learnt)
                yield page_name(PAGE_PREFIX, key), content

    def restore(self, pages: Mapping[str, bytes]) -> None:
        """Restore stored pages.

        Raises:
            ValueError: if a page is damaged; names the page.
        """
        for key, learnt in read_pages(PAGE_PREFIX, pages, _Learnt):
            self._accounts[key] = _Account(learnt)


def _polls(snapshot: Snapshot) -> bool:
    return all(capability in snapshot.polls for capability in _NEEDED)


def _answered(snapshot: Snapshot) -> int:
    """The calls that cost something; where records tell no outcome, all of them."""
    return sum(
        count
        for (_, result), count in snapshot.call_totals.items()
        if result in (CallResult.ANSWERED, CallResult.UNKNOWN)
    )
