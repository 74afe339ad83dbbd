"""One hour as it is observed: what samples of the check results and tickets add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from agent.checks.result import CheckResult
from agent.history.phones import PhoneColumns
from agent.model import AccountKey, Balance
from agent.states import CallResult, Capability

CallTotals = Mapping[tuple[str, CallResult], int]
_NO_CALLS: Final[CallTotals] = {}


@dataclass(frozen=True)
class Extremes:
    """The first, the last, the least and the greatest figure of a stretch of time."""

    first: float
    last: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float) -> "Extremes":
        """Those of a moment."""
        return cls(value, value, value, value)

    def followed_by(self, newer: "Extremes") -> "Extremes":
        """Both as one stretch of time."""
        low, high = min(self.low, newer.low), max(self.high, newer.high)
        return Extremes(self.first, newer.last, low, high)


@dataclass(eq=False)
class AccountHour:
    """One account over the part of an hour that was observed.

    Attributes:
        calls_before: The totals at the hour's beginning.
        calls_now: The totals now.
        balance: ``None`` while no balance was known in this hour.
        phones: ``None`` while reachability was not known in this hour.
        reachability_seconds: For how long it was known.
        calls_seconds: For how long the call records were known.
        stored_calls: By subject and code of the result, the calls of this hour that the database
            had from before this process.
        looked_up: The subjects that were looked for in it.
        stored_seconds: The seconds that it had, of reachability and of calls.
    """

    calls_before: CallTotals = field(default_factory=lambda: _NO_CALLS)
    calls_now: CallTotals = field(default_factory=lambda: _NO_CALLS)
    balance: Extremes | None = None
    currency: str = ""
    phones: PhoneColumns | None = None
    reachability_seconds: float = 0.0
    calls_seconds: float = 0.0
    stored_calls: dict[tuple[int, int], int] = field(default_factory=dict)
    looked_up: set[int] = field(default_factory=set)
    stored_seconds: tuple[float, float] | None = None
    _seen_phones: object = None

    def observe(self, result: CheckResult, now: float, elapsed: float) -> None:
        """Add one sample; ``elapsed`` seconds have passed since the one before."""
        money = result.money
        if money is not None and result.is_fresh(Capability.BALANCE, now):
            self._observe_balance(money.balance)
        if result.is_fresh(Capability.REACHABILITY, now):
            self.reachability_seconds += elapsed
            self._observe_phones(result)
        if _knows_calls(result, now):
            self.calls_seconds += elapsed
            self.calls_now = result.snapshot.call_totals

    def _observe_balance(self, balance: Balance) -> None:
        newer = Extremes.of(balance.amount)
        if self.balance is None or balance.currency != self.currency:
            self.balance, self.currency = newer, balance.currency
        else:
            self.balance = self.balance.followed_by(newer)

    def _observe_phones(self, result: CheckResult) -> None:
        # The columns of the checks are the same objects until something in them changes.
        if self._seen_phones is result.phones and self.phones is not None:
            return
        self._seen_phones = result.phones
        newer = PhoneColumns.of(result)
        self.phones = newer if self.phones is None else self.phones.followed_by(newer)

    def calls(self) -> Iterator[tuple[str, CallResult, int]]:
        """Number, result and count of the calls of this hour."""
        for key, total in self.calls_now.items():
            before = self.calls_before.get(key, 0)
            # A total that has become less was counted anew.
            count = total - before if total >= before else total
            if count:
                yield *key, count

    def next(self) -> "AccountHour":
        """The account at the beginning of the hour that follows."""
        return AccountHour(calls_before=self.calls_now, calls_now=self.calls_now)


def _knows_calls(result: CheckResult, now: float) -> bool:
    snapshot = result.snapshot
    # Records that are only pushed do not grow stale (agent.series.calls).
    is_pushed = Capability.CALLS not in snapshot.polls and bool(snapshot.call_totals)
    return is_pushed or result.is_fresh(Capability.CALLS, now)


@dataclass(eq=False)
class FleetHour:
    """Everything over the part of an hour that was observed."""

    hour: int
    """As the count of hours since the epoch."""
    accounts: dict[AccountKey, AccountHour] = field(default_factory=dict)
    tickets: dict[str, Extremes] = field(default_factory=dict)
    """The count of open tickets by severity."""

    def observe(
        self, results: Mapping[AccountKey, CheckResult], now: float, elapsed: float
    ) -> None:
        """Add one sample of every account."""
        for key, result in results.items():
            self.accounts.setdefault(key, AccountHour()).observe(result, now, elapsed)

    def observe_tickets(self, counts: Mapping[str, int]) -> None:
        """Add one sample of the open tickets by severity; every severity counts, with 0 too."""
        for severity, count in counts.items():
            newer = Extremes.of(count)
            before = self.tickets.get(severity)
            self.tickets[severity] = newer if before is None else before.followed_by(newer)

    def next(self, hour: int) -> "FleetHour":
        """The hour that follows, with the accounts as they are at its beginning."""
        return FleetHour(hour, {key: account.next() for key, account in self.accounts.items()})
