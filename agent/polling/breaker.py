"""When to stop asking a capability that keeps failing: a state machine without a clock."""

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
    """After how many failed polls in a row to pause, and for how many seconds."""

    failures: int
    pause: float


OPENS_AT_ONCE = frozenset({PollFailure.AUTH})
"""Asking again with the same credentials can only get them locked (style.md A.4)."""

NOT_COUNTED = frozenset({PollFailure.CANCELLED, PollFailure.RATE_LIMITED})
"""A stop of ours says nothing of the provider; a rate limit says itself how long to wait."""


@dataclass(frozen=True)
class Breaker:
    """Where one capability stands. Times are of any one clock that only goes forward."""

    failures: int = 0
    """Failed polls in a row that count."""
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
        """Closed again, with nothing held against it."""
        return CLOSED

    def after_failure(self, kind: PollFailure, now: float, limits: BreakerLimits) -> "Breaker":
        """One failed poll later: opens when the limit is reached, or again from half-open."""
        if kind in NOT_COUNTED:
            return self
        failures = self.failures + 1
        if failures >= limits.failures or kind in OPENS_AT_ONCE or self.open_until is not None:
            return Breaker(failures, now + limits.pause, kind)
        return replace(self, failures=failures)


CLOSED = Breaker()
"""A breaker that has seen nothing bad."""
