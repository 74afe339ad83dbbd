"""The provider's own rate limits: kept whatever the account's configuration says."""

import asyncio

import pytest

from agent.net.exchange import Answer, ProviderError, RateLimit, Request
from agent.polling.budget import Budget
from agent.polling.rate_windows import RateWindows
from agent.states import PollFailure

LIMIT = RateLimit(3, 0.1)


def most_within(times, seconds):
    return max(sum(first <= time < first + seconds for time in times) for first in times)


@pytest.fixture
def times():
    return []


@pytest.fixture
def send(times):
    async def fetch(_request):
        times.append(asyncio.get_running_loop().time())
        return Answer(200, {}, b"{}", None)

    return fetch


async def send_all(budget, send, requests):
    await asyncio.gather(*map(budget.wrap(send), requests))


@pytest.mark.parametrize("rate", [10_000.0, 500.0])
async def test_never_more_in_any_stretch_than_the_limit(times, send, rate):
    request = Request("GET", "http://x", rate_limits=(LIMIT,))
    await send_all(Budget(rate, 8), send, [request] * 13)
    assert len(times) == 13
    assert most_within(times, 0.1) <= 3


async def test_without_a_limit_more_are_sent_at_once(times, send):
    await send_all(Budget(10_000.0, 8), send, [Request("GET", "http://x")] * 13)
    assert most_within(times, 0.1) > 3


async def test_the_account_may_only_lower_it(times, send):
    request = Request("GET", "http://x", rate_limits=(RateLimit(1000, 0.1),))
    await send_all(Budget(20.0, 8), send, [request] * 5)
    # Two at once, the others one after the other.
    assert times[-1] - times[0] >= 0.13


async def test_a_limit_of_one_operation_does_not_hold_up_the_others(times, send):
    slow = Request("GET", "http://x", rate_limits=(RateLimit(1, 30.0, "calls"),))
    budget = Budget(10_000.0, 2)
    waiting = [asyncio.create_task(budget.wrap(send)(slow)) for _ in range(5)]
    try:
        fetch = budget.wrap(send)
        async with asyncio.timeout(5):
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for _ in range(5):
                await fetch(Request("GET", "http://x"))
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert len(times) == 6


async def test_it_holds_for_the_request_after_a_pause_too(times):
    async def fetch(_request):
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise ProviderError(PollFailure.RATE_LIMITED, "429", 0.01)
        return Answer(200, {}, b"{}", None)

    budget = Budget(10_000.0, 8)
    request = Request("GET", "http://x", rate_limits=(RateLimit(1, 0.1),))
    with pytest.raises(ProviderError):
        await budget.wrap(fetch)(request)
    await budget.wrap(fetch)(request)
    assert times[1] - times[0] >= 0.1


def test_limits_are_counted_by_scope():
    windows = RateWindows(lambda: 100.0)
    assert windows.take((RateLimit(1, 1.0, "a"),))
    assert windows.take((RateLimit(1, 1.0, "b"),))
    assert not windows.take((RateLimit(1, 1.0, "c"), RateLimit(1, 1.0, "a")))
    assert windows.take((RateLimit(1, 1.0, "c"),)), "a refused request counts for no limit"
    assert windows.wait_seconds((RateLimit(1, 1.0, "a"),)) == pytest.approx(1.05)
