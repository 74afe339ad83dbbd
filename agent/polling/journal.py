"""What is told of an account's polls: counters, durations, and a log line at each turn."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from agent.providers.reports import Reports
from agent.states import Capability, PollFailure
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How one poll ended."""

    capability: Capability
    duration: float
    """Seconds."""
    failure: PollFailure | None = None
    """``None`` when it succeeded."""
    detail: str = ""


class Journal:
    """Counts one account's polls; logs once when a capability goes bad and once when it is back."""

    def __init__(self, telemetry: Telemetry, provider: str, account: str) -> None:
        self._telemetry = telemetry
        self._provider = provider
        self._account = account
        self._bad_since: dict[Capability, float] = {}
        self.reports = Reports(unmapped=self._unmapped, invalid=self._invalid)
        """Where the account's adapter tells of what it could not use."""

    def declare(self, capabilities: Iterable[Capability]) -> None:
        """Start the counters of these capabilities at 0."""
        self._telemetry.declare_account(self._provider, self._account, map(str, capabilities))

    def begun(self, capability: Capability) -> None:
        """A poll has begun."""
        self._telemetry.poll_attempts.labels(self._provider, self._account, capability).inc()

    def ended(self, outcome: Outcome, now: float) -> None:
        """A poll has ended at ``now``."""
        labels = (self._provider, self._account, outcome.capability)
        self._telemetry.poll_duration.labels(self._provider, outcome.capability).observe(
            outcome.duration
        )
        if outcome.failure is None:
            self._good(outcome.capability, now)
        else:
            self._telemetry.poll_failures.labels(*labels, outcome.failure).inc()
            self._bad(outcome, now)

    def cancelled(self, capability: Capability) -> None:
        """A poll was broken off by ourselves; the provider has nothing to do with it."""
        self._telemetry.poll_failures.labels(
            self._provider, self._account, capability, PollFailure.CANCELLED
        ).inc()

    def clock_skew(self, seconds: float | None) -> None:
        """The provider's clock minus ours, in seconds; ``None`` while it has told no time."""
        if seconds is not None:
            self._telemetry.clock_skew.labels(self._provider, self._account).set(seconds)

    def _unmapped(self, field: str, count: int) -> None:
        self._telemetry.values_unmapped.labels(self._provider, self._account, field).inc(count)

    def _invalid(self, capability: Capability, count: int) -> None:
        self._telemetry.records_invalid.labels(self._provider, self._account, capability).inc(count)

    def _bad(self, outcome: Outcome, now: float) -> None:
        if outcome.capability in self._bad_since:
            return
        self._bad_since[outcome.capability] = now
        log.warning(
            "poll_failing",
            account=f"{self._provider}/{self._account}",
            capability=str(outcome.capability),
            reason=str(outcome.failure),
            detail=outcome.detail,
        )

    def _good(self, capability: Capability, now: float) -> None:
        since = self._bad_since.pop(capability, None)
        if since is not None:
            log.info(
                "poll_recovered",
                account=f"{self._provider}/{self._account}",
                capability=str(capability),
                lasted_seconds=round(now - since, 3),
            )
