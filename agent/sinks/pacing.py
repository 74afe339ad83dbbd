"""When a sink may be sent the next delivery: backoff, rate limits, outages.

No I/O: the two classes hold only their counters, and callers pass the time.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.sinks.base import RateLimit, RetryPolicy

JITTER = 0.1
"""A wait is up to this share longer or shorter, so that retries do not coincide."""
LONGEST_PAUSE = 60.0
"""Seconds between two probes of a sink that is down, at most, unless it asks for longer."""

_MAX_DOUBLINGS = 40
"""Keeps the power within what a float can hold."""
_MARGIN = 1 / 60
_MIN_MARGIN = 0.25
"""Share and seconds by which a rate limit's period is extended: two requests may take
differently long to arrive, and the receiver counts arrivals."""
_TICKETS_OF_AN_OUTAGE = 2


def backoff(attempts: int, policy: RetryPolicy, jitter: float) -> float:
    """Seconds to wait after the ``attempts``-th failure in a row, each twice the one before.

    ``jitter`` is drawn from 0 to 1 and varies the wait by :data:`JITTER`.
    """
    doubled = policy.retry_first * 2.0 ** min(max(attempts, 1) - 1, _MAX_DOUBLINGS)
    return min(doubled, policy.retry_longest) * (1 + JITTER * (2 * jitter - 1))


class RateBudget:
    """Keeps deliveries within every one of a sink's rate limits."""

    def __init__(self, limits: Sequence[RateLimit]) -> None:
        self._limits = tuple(limits)
        most = max((limit.count for limit in limits), default=0)
        self._sent: deque[float] = deque(maxlen=most or 1)

    @property
    def longest_period(self) -> float:
        """Seconds for which a delivery counts; 0 without limits."""
        return max((_period(limit) for limit in self._limits), default=0.0)

    def record(self, at: float) -> None:
        """Count a delivery that was sent at ``at``."""
        self._sent.append(at)

    def restore(self, sent: Iterable[float]) -> None:
        """Count the deliveries that an earlier run sent."""
        self._sent.extend(sorted(sent))

    def wait(self, now: float) -> float:
        """Seconds until the next delivery may be sent; 0 if it may be sent now.

        A delivery recorded in the future, before the clock was set back, counts as of now.
        """
        return max((self._wait(limit, now) for limit in self._limits), default=0.0)

    def _wait(self, limit: RateLimit, now: float) -> float:
        if len(self._sent) < limit.count:
            return 0.0
        oldest = min(self._sent[-limit.count], now)
        return max(oldest + _period(limit) - now, 0.0)


def _period(limit: RateLimit) -> float:
    return limit.seconds + max(limit.seconds * _MARGIN, _MIN_MARGIN)


@dataclass
class OutageDetector:
    """Distinguishes a ticket that fails by itself from a sink that is down.

    Failures in a row on one ticket are that ticket's own; on several they are the sink's.
    """

    failures: int = 0
    """Failed attempts since the last delivery that was accepted."""
    paused_until: float = 0.0
    """Epoch seconds before which nothing is sent."""
    requested_wait: float = 0.0
    """The wait the receiver asked for at the newest failure, in seconds."""
    accepted_at: float = 0.0
    """When the newest delivery since the start was accepted; 0 before the first."""
    _tickets: set[str] = field(default_factory=set)
    _sink_wide: bool = False

    @property
    def is_down(self) -> bool:
        """Whether the sink accepts nothing, so that it is probed instead of sent to."""
        return self._sink_wide or len(self._tickets) >= _TICKETS_OF_AN_OUTAGE

    def accepted_since(self, first_attempt: float | None) -> bool:
        """Whether a delivery was accepted since, which shows that the fault is the ticket's."""
        return first_attempt is not None and self.accepted_at > first_attempt

    def record_failure(
        self,
        tickets: Iterable[str],
        now: float,
        waits: tuple[float, float],
        requested_wait: float,
        *,
        sink_wide: bool = False,
    ) -> None:
        """Count a failed attempt and set how long the sink is paused.

        Args:
            tickets: The tickets whose delivery failed.
            now: Epoch seconds.
            waits: The backoff after one failure, and after as many failures as there are now.
            requested_wait: The wait the receiver asked for.
            sink_wide: Whether the failure is known to be the sink's, not the tickets'.
        """
        self.failures += 1
        self.requested_wait = requested_wait
        self._tickets.update(tickets)
        self._sink_wide = self._sink_wide or sink_wide
        first, current = waits
        pause = min(current, LONGEST_PAUSE) if self.is_down else first
        self.paused_until = now + max(pause, requested_wait)

    def recover(self) -> None:
        """Forget the failures: a delivery was accepted."""
        self.failures, self.paused_until, self.requested_wait = 0, 0.0, 0.0
        self._tickets.clear()
        self._sink_wide = False
