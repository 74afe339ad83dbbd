"""Polls that people ask for: against a real server, within the account's limits."""

import asyncio

from aiohttp import web

from agent.polling.breaker import BreakerState
from agent.polling.requested_polls import LEAST_SECONDS, PollAnswer
from agent.states import Capability
from tests.polling.polling_bench import settings_of, until

ONE = {"4006220001": "active"}
SLOWLY = {"intervals": {"numbers": 3600}}


async def started(bench, **polling):
    bench.server.answers["/hq/numbers"] = ONE
    await bench.pollers.start(settings_of("hq", polling={**SLOWLY, **polling}))
    await until(lambda: bench.snapshot() and bench.snapshot().listing)
    return len(bench.server.times)


async def test_the_account_is_polled_now_and_not_when_it_is_due(bench):
    before = await started(bench)
    bench.server.answers["/hq/numbers"] = {**ONE, "4006220002": "frozen"}
    result = await bench.pollers.requested.poll("north", "hq", 5.0)
    assert result.answer is PollAnswer.DONE
    assert [outcome.failure for outcome in result.outcomes] == [None]
    assert len(bench.server.times) == before + 1
    assert len(bench.snapshot().listing.numbers) == 2


async def test_a_second_one_a_moment_later_is_refused_and_sends_nothing(bench):
    await started(bench)
    await bench.pollers.requested.poll("north", "hq", 5.0)
    before = len(bench.server.times)
    result = await bench.pollers.requested.poll("north", "hq", 5.0)
    assert result.answer is PollAnswer.TOO_SOON
    assert 0 < result.wait <= LEAST_SECONDS
    assert len(bench.server.times) == before


async def test_those_who_ask_at_once_wait_for_the_same_poll(bench):
    before = await started(bench)
    asked = [bench.pollers.requested.poll("north", "hq", 5.0) for _ in range(20)]
    results = await asyncio.gather(*asked)
    assert {result.answer for result in results} == {PollAnswer.DONE}
    assert len(bench.server.times) == before + 1


async def test_whoever_does_not_wait_is_told_that_it_runs_and_it_goes_on(bench):
    await started(bench)
    may_answer = asyncio.Event()

    async def late(_request):
        await may_answer.wait()
        return web.json_response(ONE)

    bench.server.answers["/hq/numbers"] = late
    result = await bench.pollers.requested.poll("north", "hq", 0.05)
    assert (result.answer, result.outcomes) == (PollAnswer.RUNNING, ())
    may_answer.set()
    result = await bench.pollers.requested.poll("north", "hq", 5.0)
    assert result.answer is PollAnswer.DONE


async def test_a_failure_is_told(bench):
    await started(bench, attempts=1)
    bench.server.answers["/hq/numbers"] = lambda _request: web.Response(status=500)
    result = await bench.pollers.requested.poll("north", "hq", 5.0)
    assert result.answer is PollAnswer.FAILED
    assert result.outcomes[0].failure is not None


async def test_refused_credentials_are_not_tried_again(bench):
    bench.server.answers["/hq/numbers"] = lambda _request: web.Response(status=401)
    await bench.pollers.start(settings_of("hq", polling=SLOWLY))
    await until(lambda: bench.snapshot() and bench.status().failure)
    before = len(bench.server.times)
    result = await bench.pollers.requested.poll("north", "hq", 5.0)
    assert result.answer is PollAnswer.CREDENTIALS_REFUSED
    assert len(bench.server.times) == before


async def test_an_account_that_is_not_configured_is_refused(bench):
    await started(bench)
    result = await bench.pollers.requested.poll("north", "nowhere", 5.0)
    assert result.answer is PollAnswer.UNKNOWN_ACCOUNT


async def test_a_stop_ends_a_poll_that_is_under_way(bench):
    await started(bench)
    bench.server.answers["/hq/numbers"] = lambda _request: asyncio.sleep(30)
    await bench.pollers.requested.poll("north", "hq", 0.05)
    async with asyncio.timeout(3.0):
        await bench.pollers.stop()


async def test_the_breaker_of_a_real_poller_is_told_as_it_is(bench):
    await started(bench, breaker_failures=1, breaker_pause=60)
    requested = bench.pollers.requested
    closed = requested.breakers("north", "hq")[Capability.NUMBERS]
    assert (closed.state, closed.failures) == (BreakerState.CLOSED, 0)
    bench.server.answers["/hq/numbers"] = lambda _request: web.Response(status=500)
    await requested.poll("north", "hq", 5.0)
    is_open = requested.breakers("north", "hq")[Capability.NUMBERS]
    assert (is_open.state, is_open.failures) == (BreakerState.OPEN, 1)
    assert 0 < is_open.wait <= 60
    assert requested.breakers("north", "nowhere") == {}
