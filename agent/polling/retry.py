"""Retries a request whose failure is transient; the only module that uses tenacity."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.polling.deadline import pending_failure, remaining
from agent.states import PollFailure

TRANSIENT: dict[PollFailure, bool] = {
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
    PollFailure.TOO_MANY: False,
    PollFailure.OUTDATED: False,
    PollFailure.EGRESS_DENIED: False,
    PollFailure.CANCELLED: False,
}
"""By reason, whether the same request may succeed moments later.

An answer that arrived whole and is wrong (``decode``, ``schema`` …) would only be sent again, so
it waits for the next poll.
"""


@dataclass(frozen=True)
class Backoff:
    """Waits between attempts: exponential with full jitter, in seconds."""

    initial: float = 0.5
    """The upper bound of the first wait; it doubles with every attempt."""
    maximum: float = 8.0

    @classmethod
    def within(cls, timeout: float) -> "Backoff":
        """Waits short enough for all attempts to fit into a poll of ``timeout`` seconds."""
        return cls(initial=min(cls.initial, timeout / 20), maximum=min(cls.maximum, timeout / 4))


def is_transient(error: BaseException) -> bool:
    """Whether a request that failed with ``error`` is worth another attempt."""
    return isinstance(error, ProviderError) and TRANSIENT[error.kind]


def with_retries(
    fetch: Fetch,
    attempts: int,
    backoff: Backoff | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Fetch:
    """``fetch``, tried up to ``attempts`` times within the deadline of the poll under way.

    Every attempt calls ``fetch`` with the unsigned request, so each is signed afresh. A wait
    that would outlast the poll is not begun; the last failure is raised instead.
    """
    waits = backoff or Backoff()
    policy = AsyncRetrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(attempts) | _WaitOutlastsPoll(),
        wait=wait_random_exponential(multiplier=waits.initial, max=waits.maximum),
        sleep=sleep,
        reraise=True,
    )

    async def fetch_with_retries(request: Request) -> Answer:
        if remaining() <= 0:
            # An adapter that swallowed the cancellation at its deadline sends nothing more.
            raise ProviderError(PollFailure.TIMEOUT, "the poll's time is over")
        outcome = await _outcome(fetch, request)
        if isinstance(outcome, ProviderError) and not request.is_paid:
            # Nearly every request succeeds at once; only one that failed pays for tenacity.
            with pending_failure(outcome):
                again = _AfterFirstAttempt(fetch, outcome)
                outcome = await _outcome(partial(policy.copy(), again), request)
        if isinstance(outcome, Answer):
            return outcome
        try:
            raise outcome
        finally:
            # Its traceback refers to this frame, which must not refer to it.
            del outcome

    return fetch_with_retries


async def _outcome(fetch: Fetch, request: Request) -> Answer | ProviderError:
    """The answer, or the failure without the frames of whoever tried."""
    try:
        return await fetch(request)
    except ProviderError as error:
        return error.bare()


class _AfterFirstAttempt:
    """A fetch whose first attempt was made before: it raises that failure, then fetches."""

    def __init__(self, fetch: Fetch, failure: ProviderError) -> None:
        self._fetch = fetch
        self._failure: ProviderError | None = failure

    async def __call__(self, request: Request) -> Answer:
        if (failure := self._failure) is not None:
            self._failure = None
            try:
                raise failure
            finally:
                del failure
        return await self._fetch(request)


class _WaitOutlastsPoll(stop_base):
    """Stops when the next wait would not end within the poll."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        pause = error.retry_after if isinstance(error, ProviderError) else None
        return max(retry_state.upcoming_sleep, pause or 0.0) >= remaining()
