"""What a replica's metrics say of itself and of the accounts that nobody polls."""

import time
from collections.abc import Callable, Mapping

from agent.model import AccountKey
from agent.store.leases import Lease
from agent.store.postgresql.lease_keeper import Survey
from exporters.telemetry import Telemetry

UNOWNED_AFTER = 10.0
"""Seconds after which an account that is free is shown: whoever should have taken it has not."""
OWNED_AFTER = 5.0
"""Seconds after which one that is not free any more is left out. A replica that takes an account
and cannot begin to poll it gives it back at once, again and again."""


class ReplicaSeries:
    """Shows what the database said last; nothing where that is no longer known.

    Args:
        telemetry: The agent's own metrics.
        database: The name of the database, without a password.
        clock: Monotonic seconds.
    """

    def __init__(
        self, telemetry: Telemetry, database: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._telemetry = telemetry
        self._database = database
        self._clock = clock
        self._free: dict[AccountKey, tuple[float, float]] = {}
        """When each account was first and last seen to be free."""
        self._shown: frozenset[AccountKey] = frozenset()

    def note(self, survey: Survey, accounts: Mapping[AccountKey, str]) -> None:
        """Show what ``survey`` says; ``accounts`` has the lease's name of every account."""
        self._telemetry.replicas.set(len(survey.members))
        self._telemetry.database_clock_skew.labels(self._database).set(survey.clock_ahead)
        now, free = self._clock(), frozenset(survey.free)
        current: dict[AccountKey, tuple[float, float]] = {}
        for key, name in accounts.items():
            first, last = self._free.get(key, (now, now - OWNED_AFTER))
            if name in free:
                current[key] = first, now
            elif now - last < OWNED_AFTER:
                current[key] = first, last
        self._free = current
        self._show({key for key, (first, _) in current.items() if now - first >= UNOWNED_AFTER})

    def forget(self) -> None:
        """Show nothing that only the database can tell: it has not for too long."""
        self._free = {}
        self._show(set())
        self._telemetry.database_clock_skew.clear()

    def show_lease(self, key: AccountKey, lease: Lease) -> None:
        """The account is polled here, under ``lease``."""
        self._telemetry.lease_epoch.labels(*key).set(lease.epoch)

    def hide_lease(self, key: AccountKey) -> None:
        """The account is not polled here any more."""
        self._telemetry.lease_epoch.forget(*key)

    def _show(self, unowned: set[AccountKey]) -> None:
        for key in unowned - self._shown:
            self._telemetry.account_unowned.labels(*key).set(1)
        for key in self._shown - unowned:
            self._telemetry.account_unowned.remove(*key)
        self._shown = frozenset(unowned)
