"""The health of the whole fleet: what of it can be used again, and when it must be computed."""

from collections.abc import Callable, Iterable

from agent.checks.result import CheckResult
from agent.health.account import AccountHealth, assess, freshness
from agent.health.faults import AccountFaults, OpenFaults
from agent.model import AccountKey

LASTS = 1.0
"""Seconds for which calls are counted: older ones leave the window as time passes."""


class FleetHealth:
    """The newest health of each account; computed again only when something could change it.

    May be used from several threads: what it holds is immutable, and two that miss compute the
    same.

    Args:
        open_faults: Returns what the open tickets say of single numbers.
    """

    def __init__(self, open_faults: Callable[[], OpenFaults] = OpenFaults) -> None:
        self._open_faults = open_faults
        self._faults_seen = OpenFaults()
        self._newest: dict[AccountKey, AccountHealth] = {}

    def of(self, result: CheckResult, now: float) -> AccountHealth:
        """The health of the numbers of ``result`` at ``now``, epoch seconds."""
        return self._of(result, now, self._open_faults())

    def of_all(self, results: Iterable[CheckResult], now: float) -> list[AccountHealth]:
        """The health of the numbers of several accounts, by the same open tickets."""
        faults = self._open_faults()
        return [self._of(result, now, faults) for result in results]

    def take_changed(self) -> frozenset[AccountKey] | None:
        """The accounts about which open tickets changed since the last call; ``None``: any."""
        faults, former = self._open_faults(), self._faults_seen
        self._faults_seen = faults
        return frozenset() if faults is former else faults.changed(former)

    def forget(self, account: AccountKey) -> None:
        """Drop the health of an account that is no longer configured."""
        self._newest.pop(account, None)

    def _of(self, result: CheckResult, now: float, open_faults: OpenFaults) -> AccountHealth:
        key = result.snapshot.provider, result.snapshot.account
        faults, before = open_faults.of(key), self._newest.get(key)
        if before is not None and _is_current(before, result, faults, now):
            return before
        newest = self._newest[key] = assess(result, now, faults, before)
        return newest


def _is_current(
    health: AccountHealth, result: CheckResult, faults: AccountFaults, now: float
) -> bool:
    are_same_faults = health.faults is faults or health.faults == faults
    is_counted = health.calls is None or 0 <= now - health.at < LASTS
    is_same = health.result is result and are_same_faults and is_counted
    return is_same and (
        health.at <= now < health.fresh_until or health.freshness == freshness(result, now)
    )
