"""Learns the most calls that each number had in an hour, of each kind that is compared.

What is unusual is not learnt: a thief who goes on would become the usual. After a week it is,
because then nobody objected. It is kept over restarts.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from agent.checks.charge_habits import ACCEPTED_AFTER
from agent.checks.concurrency import WINDOW, most_at_once
from agent.checks.learnt_pages import page_name, read_pages
from agent.checks.opening_hours import OpeningHours, has_hours
from agent.checks.unusual_calls import (
    ComparedCalls,
    UnusualReason,
    compare,
    from_abroad,
    out_of_hours,
)
from agent.model import AccountKey, CallOutcome, Routing, Snapshot
from agent.polling.call_ledger import LOOKBACK, MAX_NUMBERS
from agent.states import Capability

HOUR: Final = 3600.0
STEP: Final = 60.0
"""Seconds after which calls are counted again though no record is new."""
ENDED_AFTER: Final = 3 * 86400.0
"""Seconds without any after which unusual calls have ended; a night or a weekend is no end."""
ACTIVE: Final = WINDOW + HOUR
"""Seconds since its newest call began after which a number has no calls of late."""
PAGE_PREFIX: Final = "calls/"
_NO_ROUTINGS: Final[Mapping[str, Routing]] = {}
_NOTHING: Final[Mapping[str, tuple[ComparedCalls, ...]]] = {}

Known = tuple[int, int]
"""Hours that are known, and the most calls of any of them."""
Period = tuple[float, float]
"""When calls were unusual first and when last, epoch seconds."""
Counts = dict[UnusualReason, int]
"""Calls of the kinds that are known."""


class _Learnt(msgspec.Struct):
    """What is stored of one account."""

    known: dict[str, dict[UnusualReason, Known]] = {}
    """By number."""
    unusual: dict[str, dict[UnusualReason, Period]] = {}
    """By number, what is unusual and has not ended yet."""


class _Account:
    """What is learnt of one account, and its present hour."""

    def __init__(self, learnt: _Learnt) -> None:
        self.learnt = learnt
        self.hour = -1
        self.is_whole = False
        """Whether the present hour was observed from its beginning."""
        self.peaks: dict[str, Counts] = {}
        """The most of the present hour, of numbers with calls."""
        self.schedules: dict[str, tuple[object, float]] = {}
        """By number with calls: its schedule, and the poll at which it was first seen."""
        self.inputs: tuple[Any, ...] = ()
        self.compared = _NOTHING


class CallHabits:
    """Compares the calls of each number with what was learnt of it. Not thread-safe."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, _Account] = {}
        self._unwritten: dict[AccountKey, bytes] = {}
        """What is to be stored. It is encoded here, as whoever stores it must not be held up."""

    def note(
        self, snapshot: Snapshot, hours: OpeningHours, now: float
    ) -> Mapping[str, tuple[ComparedCalls, ...]]:
        """The calls of late beside those that are usual, by number.

        A number without calls of late, and one of which too little is known, is not among them.
        """
        key = snapshot.provider, snapshot.account
        account = self._accounts.setdefault(key, _Account(_Learnt()))
        if not snapshot.is_fresh(Capability.CALLS, now):
            account.is_whole, account.inputs, account.compared = False, (), _NOTHING
            return _NOTHING
        self._turn(key, account, snapshot, now)
        inputs = (snapshot.recent_calls, _routings(snapshot, now), now // STEP, hours)
        if not _are_same(inputs, account.inputs):
            account.inputs = inputs
            account.compared = _compare_all(account, snapshot, hours, now)
        return account.compared

    def _turn(self, key: AccountKey, account: _Account, snapshot: Snapshot, now: float) -> None:
        """Learn the hour that ended, if all of it was observed."""
        hour = int(now // HOUR)
        if hour == account.hour:
            return
        if account.is_whole and hour == account.hour + 1:
            _learn(account, snapshot, now)
            self._unwritten[key] = msgspec.msgpack.encode(account.learnt)
        # An agent that has just started has not seen the beginning of its hour.
        account.is_whole = hour == account.hour + 1
        account.hour, account.peaks = hour, {}

    def forget(self, key: AccountKey) -> None:
        """Drop an account that is no longer configured; what is stored of it stays."""
        self._accounts.pop(key, None)
        self._unwritten.pop(key, None)

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        """Yields the page name and content of every account that changed since the last call."""
        while self._unwritten:
            key, content = self._unwritten.popitem()
            yield page_name(PAGE_PREFIX, key), content

    def restore(self, pages: Mapping[str, bytes]) -> None:
        """Restore stored pages.

        Raises:
            ValueError: if a page is damaged; names the page.
        """
        for key, learnt in read_pages(PAGE_PREFIX, pages, _Learnt):
            self._accounts[key] = _Account(learnt)


def _are_same(inputs: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    """Whether nothing changed; facts are compared by identity, as they are never modified."""
    return bool(before) and all(
        it is other or (isinstance(it, float) and it == other)
        for it, other in zip(inputs, before, strict=True)
    )


def _routings(snapshot: Snapshot, now: float) -> Mapping[str, Routing]:
    return snapshot.routings if snapshot.is_fresh(Capability.ROUTING, now) else _NO_ROUTINGS


def _compare_all(
    account: _Account, snapshot: Snapshot, hours: OpeningHours, now: float
) -> Mapping[str, tuple[ComparedCalls, ...]]:
    routings = _routings(snapshot, now)
    compared = {}
    for number, outcomes in snapshot.recent_calls.items():
        if outcomes and outcomes[-1].started_at > now - ACTIVE:
            routing = _steady(account, snapshot, number, routings.get(number))
            counts = _counts(outcomes, routing, hours, now)
            _raise_peaks(account.peaks.setdefault(number, {}), counts)
            own = _compared(account.learnt, number, counts, now)
            if own:
                compared[number] = own
    return compared


Steady = tuple[Routing, float, float]
"""A routing, and from when until when its schedule is known to have been this."""


def _steady(
    account: _Account, snapshot: Snapshot, number: str, routing: Routing | None
) -> Steady | None:
    """The routing of a number with the time in which its hours were these.

    A call that came before a change of the hours must not be held against them.
    """
    status = snapshot.polls.get(Capability.ROUTING)
    if routing is None or not has_hours(routing) or status is None or status.last_success is None:
        return None
    schedule = routing.schedule, routing.special_days, routing.national_calendar
    former = account.schedules.get(number)
    if former is None or former[0] != schedule:
        former = account.schedules[number] = (schedule, status.last_success)
    return routing, former[1], status.last_success


def _counts(
    outcomes: tuple[CallOutcome, ...], steady: Steady | None, hours: OpeningHours, now: float
) -> Counts:
    """The calls of each kind that is known."""
    recent = [it for it in outcomes if it.started_at >= now - LOOKBACK]
    counts: dict[UnusualReason, int | None] = {
        UnusualReason.CONCURRENCY: most_at_once(outcomes, now - WINDOW),
        UnusualReason.ABROAD: from_abroad(recent),
    }
    if steady is not None:
        routing, since, until = steady
        calls = [it for it in recent if since <= it.started_at <= until]
        counts[UnusualReason.OUT_OF_HOURS] = out_of_hours(routing, calls, hours)
    return {reason: count for reason, count in counts.items() if count is not None}


def _raise_peaks(peaks: Counts, counts: Counts) -> None:
    for reason, count in counts.items():
        peaks[reason] = max(count, peaks.get(reason, 0))


def _compared(
    learnt: _Learnt, number: str, counts: Counts, now: float
) -> tuple[ComparedCalls, ...]:
    """The calls of a number beside what is usual; notes when they are unusual."""
    known = learnt.known.get(number, {})
    pairs = [compare(it, count, *known.get(it, (0, 0))) for it, count in counts.items()]
    own = tuple(pair for pair in pairs if pair is not None)
    for pair in own:
        if pair.is_unusual:
            periods = learnt.unusual.setdefault(number, {})
            first, _ = periods.get(pair.reason, (now, now))
            periods[pair.reason] = first, now
    return own


def _learn(account: _Account, snapshot: Snapshot, now: float) -> None:
    """Learn the hour that ended, of every number that has had a call."""
    learnt, routings, recent = account.learnt, _routings(snapshot, now), snapshot.recent_calls
    account.schedules = {it: own for it, own in account.schedules.items() if it in recent}
    for number in (*learnt.known, *(recent.keys() - learnt.known.keys())):
        if number not in learnt.known and len(learnt.known) >= MAX_NUMBERS:
            break
        peaks = account.peaks.get(number)
        counts = _quiet(routings.get(number)) if peaks is None else peaks
        own = learnt.known.setdefault(number, {})
        for reason, count in counts.items():
            if not _is_refused(learnt, number, reason, now):
                hours, most = own.get(reason, (0, 0))
                own[reason] = hours + 1, max(most, count)


def _quiet(routing: Routing | None) -> Counts:
    """The calls of an hour without any."""
    counts = {UnusualReason.CONCURRENCY: 0, UnusualReason.ABROAD: 0}
    return counts | ({UnusualReason.OUT_OF_HOURS: 0} if has_hours(routing) else {})


def _is_refused(learnt: _Learnt, number: str, reason: UnusualReason, now: float) -> bool:
    """Whether calls were unusual of late and are not accepted yet.

    No hour between is learnt either: what is just not unusual would raise the limit by and by.
    """
    periods = learnt.unusual.get(number, {})
    if reason not in periods:
        return False
    first, last = periods[reason]
    if now - last <= ENDED_AFTER:
        return now - first < ACCEPTED_AFTER
    del periods[reason]
    if not periods:
        del learnt.unusual[number]
    return False
