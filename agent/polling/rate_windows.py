"""The provider's own rate limits: at most so many requests in any stretch of so many seconds.

A leaky bucket would let a burst and the flow behind it into one stretch, which a provider that
counts strictly refuses; so the times of the last requests are kept.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Final

from agent.net.exchange import RateLimit
from agent.polling.handover import RequestTimes

_MARGIN: Final = 0.05
"""The share by which a stretch is lengthened: requests take different times to arrive."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class RateWindows:
    """When the last requests of one account were sent, for each limit; ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float] = _now) -> None:
        self._clock = clock
        self._sent: dict[RateLimit, deque[float]] = {}

    async def wait(self, limits: Collection[RateLimit]) -> None:
        """Wait until a request under ``limits`` may be sent."""
        if not limits:
            return
        seconds = self.wait_seconds(limits)
        while seconds > 0:
            await asyncio.sleep(seconds)
            # Another request may have been sent meanwhile.
            seconds = self.wait_seconds(limits)

    def wait_seconds(self, limits: Collection[RateLimit]) -> float:
        """Seconds until a request may be sent; 0 when it may now."""
        now = self._clock()
        return max((self._times(limit, now)[1] for limit in limits), default=0.0)

    def take(self, limits: Collection[RateLimit]) -> bool:
        """Count a request that is sent now; returns False, counting none, when it may not be."""
        if not limits:
            return True
        now = self._clock()
        counted = [self._times(limit, now) for limit in limits]
        if any(seconds > 0 for _, seconds in counted):
            return False
        for times, _ in counted:
            times.append(now)
        return True

    def _times(self, limit: RateLimit, now: float) -> tuple[deque[float], float]:
        """The times of the last requests under ``limit``, and the seconds it asks to wait."""
        times = self._sent.setdefault(limit, deque(maxlen=limit.requests))
        if len(times) < limit.requests:
            return times, 0.0
        return times, max(0.0, times[0] + limit.seconds * (1 + _MARGIN) - now)

    def export(self) -> list[RequestTimes]:
        """When requests were sent, for the next poller of the account."""
        now = self._clock()
        return [
            RequestTimes(it.requests, it.seconds, it.scope, [now - at for at in times])
            for it, times in self._sent.items()
        ]

    def adopt(self, former: Iterable[RequestTimes], absence: float, unsaved: int) -> None:
        """Count what a former poller has sent before an ``absence`` of so many seconds.

        Up to ``unsaved`` requests more are counted as sent just now: nobody knows of them.
        """
        now = self._clock()
        for it in former:
            limit = RateLimit(it.requests, it.seconds, it.scope)
            times = [now - absence - age for age in it.ages] + [now] * min(unsaved, it.requests)
            self._sent[limit] = deque(times, maxlen=limit.requests)
