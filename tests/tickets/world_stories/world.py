"""The world of the stories: accounts whose numbers, phones, money and calls change."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from agent.model import (
    AccountKey,
    Balance,
    Binding,
    CallOutcome,
    Listing,
    Number,
    PollStatus,
    Routing,
    Snapshot,
)
from agent.states import (
    BindingKind,
    BindingState,
    CallResult,
    Capability,
    Grade,
    NetworkState,
    NumberState,
    PollFailure,
    Strategy,
)

DAY = 86400.0
CALLS_A_MINUTE = 4
ANSWERED = {CallResult.ANSWERED: 1.0}
_MOST_CALLS = 128
_INTERVAL = 60.0
_PHONES = ("b1", "b2")


@dataclass
class Hotline:
    """One number as its provider has it."""

    name: str
    carrier: str = ""
    state: NumberState = NumberState.ACTIVE
    network: NetworkState = NetworkState.ACTIVE
    phones: dict[str, BindingState] = field(
        default_factory=lambda: dict.fromkeys(_PHONES, BindingState.OK)
    )
    calls: dict[CallResult, float] = field(default_factory=lambda: dict(ANSWERED))
    """The share of each result."""
    contract_end: float = 400 * DAY
    """Seconds from now."""
    realname_ok: bool = True
    wait_seconds: float = 20.0
    listed: bool = True
    trunk: str = ""
    grade: Grade = Grade.AA


@dataclass
class Account:
    """One account of a provider."""

    key: AccountKey
    hotlines: dict[str, Hotline]
    balance: float = 5000.0
    failing: bool = False
    has_calls: bool = True
    totals: dict[tuple[str, CallResult], int] = field(default_factory=dict)
    recent: dict[str, tuple[CallOutcome, ...]] = field(default_factory=dict)
    owed: dict[tuple[str, CallResult], float] = field(default_factory=lambda: defaultdict(float))
    missing: dict[str, int] = field(default_factory=dict)
    """For how many listings each number was not listed."""
    gone_at: dict[str, float] = field(default_factory=dict)
    states: dict[str, NumberState] = field(default_factory=dict)
    changes: dict[str, tuple[NumberState, NumberState, float]] = field(default_factory=dict)
    newest: Snapshot | None = None

    def call(self, now: float) -> None:
        """A minute of calls, where any of the account's are ever lost."""
        if not self.has_calls:
            return
        for name, hotline in self.hotlines.items():
            made = []
            for result, share in hotline.calls.items():
                self.owed[name, result] += CALLS_A_MINUTE * share
                count = int(self.owed[name, result])
                self.owed[name, result] -= count
                self.totals[name, result] = self.totals.get((name, result), 0) + count
                made += [result] * count
            outcomes = (
                CallOutcome(
                    now - 50 + 10 * place,
                    result,
                    binding="b1" if result is not CallResult.OVER_CONCURRENCY else "",
                    wait_seconds=20.0 if result is CallResult.NO_ANSWER else 8.0,
                    talk_seconds=90.0 if result is CallResult.ANSWERED else None,
                )
                for place, result in enumerate(made)
            )
            self.recent[name] = (*self.recent.get(name, ()), *outcomes)[-_MOST_CALLS:]

    def poll(self, now: float) -> Snapshot:
        """The account's next snapshot, as polling would make it."""
        if self.failing and self.newest is not None:
            polls = {
                it: msgspec.structs.replace(status, last_attempt=now, failure=PollFailure.HTTP_5XX)
                for it, status in self.newest.polls.items()
            }
            self.newest = msgspec.structs.replace(
                self.newest, revision=self.newest.revision + 1, polls=polls
            )
            return self.newest
        self.newest = self._snapshot(now)
        return self.newest

    def _snapshot(self, now: float) -> Snapshot:
        status = PollStatus(_INTERVAL, last_attempt=now, last_success=now)
        present = self._present(now)
        self._note_changes(present, now)
        provider, account = self.key
        former = self.newest
        listed = tuple(self._number(it, now) for it in present)
        bindings = {it.name: tuple(_phones(it)) for it in present if it.listed}
        routings = {it.name: _routing(it) for it in present if it.listed}
        if former is not None and former.listing is not None:
            # As polling does: what did not change is the very same object.
            listing = former.listing if former.listing.numbers == listed else Listing(listed)
            bindings = dict(former.bindings) if former.bindings == bindings else bindings
            routings = dict(former.routings) if former.routings == routings else routings
        else:
            listing = Listing(listed)
        return Snapshot(
            provider=provider,
            account=account,
            revision=1 if self.newest is None else self.newest.revision + 1,
            polls=dict.fromkeys(Capability, status),
            stale_after=dict.fromkeys(Capability, 3 * _INTERVAL),
            listing=listing,
            bindings=bindings,
            routings=routings,
            balance=Balance(self.balance, "CNY", notice_threshold=35.0, stop_threshold=15.0),
            call_totals=dict(self.totals),
            recent_calls=dict(self.recent),
            gone=frozenset(name for name, count in self.missing.items() if count > 1),
            gone_at=dict(self.gone_at),
            previous_states=dict(self.changes),
        )

    def _present(self, now: float) -> list[Hotline]:
        """Those listed, and those that only the newest listing lacks."""
        for name, hotline in self.hotlines.items():
            self.missing[name] = 0 if hotline.listed else self.missing.get(name, 0) + 1
            if self.missing[name] == 2:
                self.gone_at[name] = now
        known = (it for it in self.hotlines.values() if self.missing[it.name] < 2)
        return sorted(known, key=lambda it: it.name)

    def _note_changes(self, present: Iterable[Hotline], now: float) -> None:
        for it in present:
            before = self.states.get(it.name, it.state)
            if before is not it.state and it.listed:
                self.changes[it.name] = (before, it.state, now)
            self.states[it.name] = it.state

    def _number(self, it: Hotline, now: float) -> Number:
        known = it.listed
        return Number(
            it.name,
            it.state if known else NumberState.UNKNOWN,
            it.network if known else NetworkState.UNKNOWN,
            reason="" if known else "missing from the newest complete listing",
            company="示例公司",
            carrier=it.carrier,
            grade=it.grade,
            contract_end=round(now / DAY) * DAY + it.contract_end,
            realname_ok=it.realname_ok,
        )


def _phones(it: Hotline) -> Iterable[Binding]:
    for position, (label, state) in enumerate(sorted(it.phones.items()), 1):
        kind = BindingKind.MOBILE if position == 1 else BindingKind.LANDLINE
        phone = f"138{it.name[-7:]}{position}" if position == 1 else f"022{it.name[-7:]}{position}"
        yield Binding(label, phone, kind, position, state)


def _routing(it: Hotline) -> Routing:
    return Routing(
        strategy=Strategy.SEQUENTIAL,
        wait_seconds=it.wait_seconds,
        special_days=(),
        menu=(),
        voicemail=False,
        overflow="",
        binding_order=tuple(sorted(it.phones)),
        trunk=it.trunk,
    )
