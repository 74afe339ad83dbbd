"""What is told of an account's polls: counters, durations, and a log line at each turn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

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
    invalid_records: int = 0


class Journal:
    """Counts one account's polls; logs once when a capability goes bad and once when it is back."""

    def __init__(
        self,
        telemetry: Telemetry,
        provider: str,
        account: str,
        asks: Iterable[Capability],
        skew: Callable[[], float | None],
    ) -> None:
        """``skew`` gives the provider's clock minus ours in seconds, once it told the time."""
        self._telemetry = telemetry
        self._skew = skew
        self._provider = provider
        self._account = account
        self._bad_since: dict[Capability, float] = {}
        telemetry.declare_account(provider, account, [str(capability) for capability in asks])

    def begun(self, capability: Capability) -> None:
        """A poll has begun."""
        self._telemetry.poll_attempts.labels(self._provider, self._account, capability).inc()

    def ended(self, outcome: Outcome, now: float) -> None:
        """A poll has ended at ``now``."""
        labels = (self._provider, self._account, outcome.capability)
        self._telemetry.poll_duration.labels(self._provider, outcome.capability).observe(
            outcome.duration
        )
        if (seconds := self._skew()) is not None:
            self._telemetry.clock_skew.labels(self._provider, self._account).set(seconds)
        if outcome.invalid_records:
            self._telemetry.records_invalid.labels(*labels).inc(outcome.invalid_records)
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
