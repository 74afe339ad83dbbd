"""Tries a request again when its failure may pass; the only module that knows tenacity."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.polling.deadline import in_trouble, remaining
from agent.states import PollFailure

MAY_PASS: dict[PollFailure, bool] = {
    PollFailure.TIMEOUT: True,
    PollFailure.DNS: True,
    PollFailure.CONNECT: True,
    PollFailure.HTTP_5XX: True,
    PollFailure.RATE_LIMITED: True,
    PollFailure.PARTIAL: True,
    PollFailure.TLS: False,
    PollFailure.TLS_EXPIRED: False,
    PollFailure.REDIRECT: False,
    PollFailure.TOO_LARGE: False,
    PollFailure.ENCODING: False,
    PollFailure.CHARSET: False,
    PollFailure.DECODE: False,
    PollFailure.SCHEMA: False,
    PollFailure.API_ERROR: False,
    PollFailure.AUTH: False,
    PollFailure.HTTP_4XX: False,
    PollFailure.PAGINATION: False,
    PollFailure.EGRESS_DENIED: False,
    PollFailure.CANCELLED: False,
}
"""Whether the same request may succeed moments later. What was answered whole and is wrong
(``decode`` and what follows it) is wrong by the provider's own doing: the next poll asks again."""


@dataclass(frozen=True)
class Backoff:
    """Waits between attempts: exponential with full jitter, in seconds."""

    first: float = 0.5
    """The upper bound of the first wait; it doubles with every attempt."""
    longest: float = 8.0

    @classmethod
    def within(cls, timeout: float) -> "Backoff":
        """Waits that leave room for all attempts in a poll of ``timeout`` seconds."""
        return cls(first=min(cls.first, timeout / 20), longest=min(cls.longest, timeout / 4))


def may_pass(error: BaseException) -> bool:
    """Whether a request that failed with ``error`` is worth another attempt."""
    return isinstance(error, ProviderError) and MAY_PASS[error.kind]


def with_retries(
    fetch: Fetch,
    attempts: int,
    backoff: Backoff | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Fetch:
    """``fetch``, tried up to ``attempts`` times within the deadline of the poll under way.

    Every attempt calls ``fetch`` anew with the unsigned request, so each is signed afresh.
    A wait that would outlast the poll is not begun: the failure at hand is the better answer.
    """
    plan = backoff or Backoff()
    policy = AsyncRetrying(
        retry=retry_if_exception(may_pass),
        stop=stop_after_attempt(attempts) | _OutlastsPoll(),
        wait=wait_random_exponential(multiplier=plan.first, max=plan.longest),
        sleep=sleep,
        reraise=True,
    )

    async def fetch_with_retries(request: Request) -> Answer:
        if remaining() <= 0:
            # An adapter that overlooked the end of its poll gets no further.
            raise ProviderError(PollFailure.TIMEOUT, "the poll's time is over")
        try:
            return await fetch(request)
        except ProviderError as error:
            # Nearly every request succeeds at once; only one that failed pays for the machinery.
            with in_trouble(error):
                return await policy.copy()(_Resumed(fetch, error), request)

    return fetch_with_retries


class _Resumed:
    """A fetch whose first attempt has already failed."""

    def __init__(self, fetch: Fetch, failure: ProviderError) -> None:
        self._fetch = fetch
        self._failure: ProviderError | None = failure

    async def __call__(self, request: Request) -> Answer:
        if (failure := self._failure) is not None:
            self._failure = None
            raise failure
        return await self._fetch(request)


class _OutlastsPoll(stop_base):
    """Stops when the wait that comes next would not end within the poll."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked_for = error.retry_after if isinstance(error, ProviderError) else None
        return max(retry_state.upcoming_sleep, asked_for or 0.0) >= remaining()
