"""A circuit breaker per capability: a state machine that is given the time."""

from dataclasses import dataclass, replace
from enum import StrEnum, unique

from agent.states import PollFailure


@unique
class BreakerState(StrEnum):
    """Closed lets polls through, open holds them back, half-open lets one try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class BreakerLimits:
    """The number of consecutive failed polls that opens a breaker, and its pause in seconds."""

    failures: int
    pause: float


OPENS_AT_ONCE = frozenset({PollFailure.AUTH})
"""Reasons that open the breaker at the first failure.

Repeating a request with refused credentials can only get them locked.
"""

NOT_COUNTED = frozenset({PollFailure.CANCELLED, PollFailure.RATE_LIMITED})
"""Reasons that leave the breaker as it is.

A cancellation is the agent's own doing, and a rate limit comes with its own waiting time.
"""


@dataclass(frozen=True)
class Breaker:
    """The breaker of one capability. Times are of any one monotonic clock, in seconds."""

    failures: int = 0
    """Consecutive failed polls that count."""
    open_until: float | None = None
    reason: PollFailure | None = None
    """The failure that opened it."""

    def state(self, now: float) -> BreakerState:
        """Closed, open, or half-open once the pause is over."""
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def allows(self, now: float) -> bool:
        """Whether a poll may be made now."""
        return self.state(now) is not BreakerState.OPEN

    def after_success(self) -> "Breaker":
        """The breaker after a poll that succeeded: closed, without failures."""
        return CLOSED

    def after_failure(self, kind: PollFailure, now: float, limits: BreakerLimits) -> "Breaker":
        """The breaker after a poll that failed: open at the limit, or again from half-open."""
        if kind in NOT_COUNTED:
            return self
        failures = self.failures + 1
        if failures >= limits.failures or kind in OPENS_AT_ONCE or self.open_until is not None:
            return Breaker(failures, now + limits.pause, kind)
        return replace(self, failures=failures)


@dataclass(frozen=True)
class BreakerReading:
    """A breaker as people see it."""

    state: BreakerState
    failures: int
    """Consecutive failed polls that count."""
    wait: float = 0.0
    """Seconds until it is half-open, where it is open."""


def reading_of(breaker: Breaker, now: float) -> BreakerReading:
    """``breaker`` at ``now``, of the clock that it was given."""
    wait = max(0.0, (breaker.open_until or now) - now)
    return BreakerReading(breaker.state(now), breaker.failures, wait)


CLOSED = Breaker()
"""A closed breaker without failures."""
