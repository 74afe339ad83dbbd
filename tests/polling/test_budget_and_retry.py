"""Budget and retries against a real server: how often, how hard, and when not at all."""

import asyncio
import itertools
import math

import pytest
from aiohttp import web
from msgspec.structs import replace

from agent.net.exchange import ProviderError, Request
from agent.polling.budget import LONGEST_PAUSE, Budget
from agent.polling.deadline import poll_ends_at
from agent.polling.retry import TRANSIENT, Backoff, with_retries
from agent.states import PollFailure
from tests.polling.polling_bench import until

QUICK = Backoff(initial=0.001, maximum=0.002)


def get(server, path="/x", sign=None):
    return Request("GET", server.url + path, sign=sign)


def status(code, **headers):
    return lambda: web.Response(status=code, headers=headers)


def answering(*makers):
    sequence = itertools.chain(makers, itertools.repeat(makers[-1]))
    return lambda _request: next(sequence)()


OK = status(200)


def loop_time():
    return asyncio.get_running_loop().time()


def most_within(times, seconds):
    return max(sum(t <= other < t + seconds for other in times) for t in times)


async def longest_pause(until):
    """The longest time, in seconds, for which this process did not run until ``until`` was done."""
    longest = 0.0
    while not until.done():
        began = loop_time()
        await asyncio.sleep(0.001)
        longest = max(longest, loop_time() - began - 0.001)
    await until
    return longest


async def test_requests_keep_to_the_rate_without_bursts(server, client):
    fetch = Budget(50, 64).wrap(client.fetch)
    began = loop_time()
    fetched = asyncio.gather(*(fetch(get(server)) for _ in range(75)))
    pause = await longest_pause(fetched)
    elapsed = loop_time() - began
    assert 1.3 <= elapsed <= 2.5 + pause
    # What was due while the machine stood still arrives together, after it.
    assert most_within(server.times, 0.1) <= 12 + 50 * pause
    assert most_within(server.times, 1.0) <= 50 * 1.1 + 2 + 50 * pause


async def test_a_low_rate_is_kept_without_a_burst(server, client):
    fetch = Budget(5, 4).wrap(client.fetch)
    await asyncio.gather(*(fetch(get(server)) for _ in range(4)))
    assert server.times[-1] - server.times[0] >= 0.55


async def test_no_more_requests_at_once_than_allowed(server, client):
    async def slow(_request):
        await asyncio.sleep(0.05)
        return web.Response()

    server.answers["/x"] = slow
    fetch = Budget(10_000, 3).wrap(client.fetch)
    await asyncio.gather(*(fetch(get(server)) for _ in range(12)))
    assert server.most_under_way == 3


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [(5.0, 5.0), (0.0, 0.0), (-3.0, 0.0), (9_999_999_999.0, LONGEST_PAUSE), (math.inf, 3600.0)],
)
async def test_a_pause_is_clamped_and_jittered(retry_after, pause):
    for share in (0.0, 1.0):
        budget = Budget(50, 8, jitter=lambda share=share: share)
        budget.pause(retry_after)
        assert budget.remaining_pause() == pytest.approx(pause * (1 + share / 10), abs=0.01)


async def test_without_the_clamp_a_header_would_hold_an_account_for_centuries(monkeypatch):
    monkeypatch.setattr("agent.polling.budget.LONGEST_PAUSE", math.inf)
    budget = Budget(50, 8, jitter=lambda: 0.0)
    budget.pause(9_999_999_999.0)
    assert budget.remaining_pause() > 300 * 365 * 86400


async def test_one_request_per_window_while_the_provider_asks_for_pauses(server, client):
    server.answers["/x"] = answering(*[status(429, **{"Retry-After": "1"})] * 2, OK)
    budget = Budget(1000, 8)
    fetch = with_retries(budget.wrap(client.fetch), 5, QUICK)
    await fetch(get(server, "/warm"))
    with pytest.raises(ProviderError):
        await budget.wrap(client.fetch)(get(server))
    server.times.clear()
    answers = await asyncio.gather(*(fetch(get(server)) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    first, second, *rest = server.times
    assert second - first >= 1.0
    assert len(rest) == 19
    assert rest[0] >= second


async def test_a_pause_longer_than_the_poll_fails_it_at_once_without_a_request(server, client):
    budget = Budget(50, 8)
    budget.pause(60)
    with poll_ends_at(loop_time() + 5), pytest.raises(ProviderError) as failed:
        await with_retries(budget.wrap(client.fetch), 3)(get(server))
    assert failed.value.kind is PollFailure.RATE_LIMITED
    assert not server.times


def test_every_reason_is_transient_or_not():
    assert set(TRANSIENT) == set(PollFailure)


async def test_a_transient_failure_is_retried_and_signed_afresh(server, client):
    server.answers["/x"] = answering(status(500), status(503), OK)
    nonces = itertools.count()

    def sign(request):
        return Request("GET", request.url, params=(("nonce", str(next(nonces))),))

    answer = await with_retries(client.fetch, 3, QUICK)(get(server, sign=sign))
    assert answer.status == 200
    assert server.paths == ["/x?nonce=0", "/x?nonce=1", "/x?nonce=2"]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 302])
async def test_a_lasting_failure_is_not_retried(server, client, code):
    server.answers["/x"] = answering(status(code))
    with pytest.raises(ProviderError):
        await with_retries(client.fetch, 5, QUICK)(get(server))
    assert len(server.times) == 1


async def test_the_last_failure_is_raised_after_all_attempts(server, client):
    server.answers["/x"] = answering(status(500), status(500), status(503))
    with pytest.raises(ProviderError, match="503") as failed:
        await with_retries(client.fetch, 3, QUICK)(get(server))
    assert failed.value.kind is PollFailure.HTTP_5XX
    assert len(server.times) == 3


async def test_a_wait_that_would_outlast_the_poll_is_not_begun(server, client):
    server.answers["/x"] = answering(status(500))
    began = loop_time()
    backoff = Backoff(initial=1000.0, maximum=1000.0)
    with poll_ends_at(began + 0.5), pytest.raises(ProviderError):
        await with_retries(client.fetch, 10, backoff)(get(server))
    assert loop_time() - began < 0.6


async def test_waits_grow_and_are_spread_by_full_jitter(server, client):
    server.answers["/x"] = answering(status(500))
    waits = []

    async def note(seconds):
        waits.append(seconds)

    for _ in range(40):
        with pytest.raises(ProviderError):
            await with_retries(client.fetch, 4, Backoff(1.0, 3.0), note)(get(server))
    for attempt, limit in enumerate((1.0, 2.0, 3.0)):
        waits_of_attempt = waits[attempt::3]
        assert max(waits_of_attempt) <= limit
        assert max(waits_of_attempt) > limit * 0.6
        assert min(waits_of_attempt) < limit * 0.4


async def test_being_cancelled_is_no_failure_to_try_again(server, client):
    async def hang(_request):
        await asyncio.sleep(5)

    server.answers["/x"] = hang
    task = asyncio.create_task(with_retries(client.fetch, 5, QUICK)(get(server)))
    await until(lambda: server.times)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.times) == 1


async def test_a_request_that_costs_money_is_sent_once(server, client):
    server.answers["/x"] = answering(status(503), OK)
    fetch = with_retries(client.fetch, 3, QUICK)
    with pytest.raises(ProviderError) as caught:
        await fetch(replace(get(server), is_paid=True))
    assert caught.value.kind is PollFailure.HTTP_5XX
    assert len(server.times) == 1
    assert (await fetch(get(server))).status == 200
