"""The budget of one account: requests per second, requests at once, and requested pauses."""

import asyncio
import math
import random
from collections.abc import Callable

from aiolimiter import AsyncLimiter

from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.polling.deadline import pending_failure, remaining
from agent.polling.handover import Absence, SentRequests
from agent.polling.rate_windows import RateWindows
from agent.states import PollFailure

LONGEST_PAUSE = 3600.0
"""The longest ``Retry-After`` that is honoured, in seconds (docs/reference/reliability.md §1)."""

_PORTIONS_PER_SECOND = 10.0
"""The rate is handed out in this many portions a second, so that bursts stay small."""

_JITTER_SHARE = 0.1
"""The share of a pause that is added at random, so that accounts do not return together."""


def make_limiter(rate: float) -> AsyncLimiter:
    """A leaky bucket of ``rate`` requests a second that lets at most a tenth of it burst."""
    portion = max(1.0, rate / _PORTIONS_PER_SECOND)
    return AsyncLimiter(portion, portion / rate)


class Budget:
    """Rate, concurrency and pauses of one account; each of its requests passes here.

    The provider's own limits, which requests carry, hold beside the account's rate: whichever is
    lower counts.

    After a pause one request goes ahead alone; the others follow only when it was not turned
    away again, so a provider in distress receives one request per pause.

    Args:
        rate: Requests per second.
        concurrency: Requests at once.
        jitter: A random number from 0 to 1.
    """

    def __init__(
        self,
        rate: float,
        concurrency: int,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.rate = rate
        self.concurrency = concurrency
        self._limiter = make_limiter(rate)
        self._windows = RateWindows()
        self._slots = asyncio.Semaphore(concurrency)
        self._trial = asyncio.Lock()
        self._jitter = jitter
        self._paused_until = 0.0
        self.sent = 0
        """How many requests were sent."""
        self._on_trial = False
        """Whether the provider asked for a pause and has not answered normally since."""

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch`` within this budget."""

        async def fetch_within_budget(request: Request) -> Answer:
            while True:
                if self._on_trial and (answer := await self._after_pause(fetch, request)):
                    return answer
                # Without a slot: what waits for the provider's limit must not hold up the others.
                await self._windows.wait(request.rate_limits)
                async with self._slots:
                    await self._limiter.acquire()
                    # Checked again: another request may have been turned away during the wait.
                    if not self._on_trial and self._windows.take(request.rate_limits):
                        return await self._send(fetch, request)

        return fetch_within_budget

    def pause(self, seconds: float) -> None:
        """Send nothing for ``seconds`` (clamped to 0..3600) and up to a tenth more."""
        wait = min(max(seconds, 0.0), LONGEST_PAUSE) * (1 + _JITTER_SHARE * self._jitter())
        now = asyncio.get_running_loop().time()
        self._paused_until = max(self._paused_until, now + wait)
        self._on_trial = True

    def remaining_pause(self) -> float:
        """Seconds until the account may send again; 0 when it may now."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    async def _after_pause(self, fetch: Fetch, request: Request) -> Answer | None:
        """Wait until the pause is over and send the trial request.

        Returns ``None`` when another request was the trial and succeeded.
        """
        with pending_failure(_paused(self.remaining_pause())):
            async with self._trial:
                if not self._on_trial:
                    return None
                await self._wait_out_pause()
                async with self._slots:
                    await self._limiter.acquire()
                    while not self._windows.take(request.rate_limits):
                        await self._windows.wait(request.rate_limits)
                    return await self._send(fetch, request)

    def export(self) -> SentRequests:
        """What was sent lately, for the next poller of the account."""
        pause = self.remaining_pause()
        return SentRequests(self.rate, self._windows.export(), pause, self._on_trial)

    def adopt(self, former: SentRequests, absence: Absence) -> None:
        """Go on within what a former poller of the account has left of its budget."""
        unsaved = math.ceil(former.rate * absence.unsaved)
        self._windows.adopt(former.limits, absence.seconds, unsaved)
        now = asyncio.get_running_loop().time()
        self._paused_until = now + max(0.0, former.pause - absence.seconds)
        self._on_trial = former.on_trial

    async def _send(self, fetch: Fetch, request: Request) -> Answer:
        self.sent += 1
        try:
            answer = await fetch(request)
        except ProviderError as error:
            if error.retry_after is None:
                self._on_trial = False
            else:
                self.pause(error.retry_after)
            raise
        self._on_trial = False
        return answer

    async def _wait_out_pause(self) -> None:
        # A loop: a request sent before the pause began may still prolong it.
        while wait := self.remaining_pause():
            if wait >= remaining():
                raise _paused(wait)
            await asyncio.sleep(wait)


def _paused(seconds: float) -> ProviderError:
    return ProviderError(
        PollFailure.RATE_LIMITED,
        f"the provider turned requests away and asked for a pause, {seconds:.0f} s of it left",
    )
