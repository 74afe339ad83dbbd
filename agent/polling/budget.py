"""How hard one account may be asked: requests a second, at once, and pauses it asked for."""

import asyncio
import random
from collections.abc import Callable

from aiolimiter import AsyncLimiter

from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.polling.deadline import in_trouble, remaining
from agent.states import PollFailure

LONGEST_PAUSE = 3600.0
"""The longest ``Retry-After`` that is honoured, in seconds (reliability.md §1, 429 storm)."""

_BEATS = 10.0
"""The rate is dealt out in this many portions a second."""

_JITTER = 0.1
"""The share of a pause that is added at random, so that accounts do not return together."""


def limiter_of(rate: float) -> AsyncLimiter:
    """A leaky bucket of ``rate`` requests a second that lets at most a tenth of it burst."""
    portion = max(1.0, rate / _BEATS)
    return AsyncLimiter(portion, portion / rate)


class Budget:
    """Rate, concurrency and pauses of one account; everything the account sends passes here.

    After a pause one request goes ahead alone: the others follow only when it was not turned
    away again, so a provider in distress sees one request per window.
    """

    def __init__(
        self,
        rate: float,
        concurrency: int,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.rate = rate
        self.concurrency = concurrency
        self._limiter = limiter_of(rate)
        self._slots = asyncio.Semaphore(concurrency)
        self._scout = asyncio.Lock()
        self._chance = chance
        self._paused_until = 0.0
        self._wary = False

    def wrap(self, fetch: Fetch) -> Fetch:
        """``fetch`` within this budget."""

        async def fetch_within_budget(request: Request) -> Answer:
            while True:
                if self._wary and (answer := await self._after_pause(fetch, request)):
                    return answer
                async with self._slots:
                    await self._limiter.acquire()
                    if not self._wary:
                        return await self._send(fetch, request)

        return fetch_within_budget

    def pause(self, seconds: float) -> None:
        """Send nothing for ``seconds`` (clamped to 0..3600) and up to a tenth more."""
        wait = min(max(seconds, 0.0), LONGEST_PAUSE) * (1 + _JITTER * self._chance())
        now = asyncio.get_running_loop().time()
        self._paused_until = max(self._paused_until, now + wait)
        self._wary = True

    def pause_left(self) -> float:
        """Seconds until the account may be asked again; 0 when it may be asked now."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    async def _after_pause(self, fetch: Fetch, request: Request) -> Answer | None:
        """Wait until the pause is over; ask if nobody else has, else ``None``."""
        with in_trouble(_paused(self.pause_left())):
            async with self._scout:
                if not self._wary:
                    return None
                await self._wait_out_pause()
                return await self._ask(fetch, request)

    async def _ask(self, fetch: Fetch, request: Request) -> Answer:
        async with self._slots:
            await self._limiter.acquire()
            return await self._send(fetch, request)

    async def _send(self, fetch: Fetch, request: Request) -> Answer:
        try:
            answer = await fetch(request)
        except ProviderError as error:
            if error.retry_after is None:
                self._wary = False
            else:
                self.pause(error.retry_after)
            raise
        self._wary = False
        return answer

    async def _wait_out_pause(self) -> None:
        while left := self.pause_left():
            if left >= remaining():
                raise _paused(left)
            await asyncio.sleep(left)


def _paused(seconds: float) -> ProviderError:
    return ProviderError(
        PollFailure.RATE_LIMITED,
        f"the provider turned requests away and asked for a pause, {seconds:.0f} s of it left",
    )
