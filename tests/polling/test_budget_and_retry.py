"""Budget and retries against a real server: how often, how hard, and when not at all."""

import asyncio
import itertools
import math

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError, Request
from agent.polling.budget import LONGEST_PAUSE, Budget
from agent.polling.deadline import poll_ends_at
from agent.polling.retry import MAY_PASS, Backoff, with_retries
from agent.states import PollFailure
from tests.polling.polling_bench import until

QUICK = Backoff(first=0.001, longest=0.002)


def get(desk, path="/x", sign=None):
    return Request("GET", desk.url + path, sign=sign)


def in_turn(*answers):
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _request: next(turns)


def status(code, **headers):
    return lambda: web.Response(status=code, headers=headers)


def answering(*makers):
    turns = itertools.chain(makers, itertools.repeat(makers[-1]))
    return lambda _request: next(turns)()


OK = status(200)


def loop_time():
    return asyncio.get_running_loop().time()


def most_within(times, seconds):
    return max(sum(t <= other < t + seconds for other in times) for t in times)


async def test_requests_keep_to_the_rate_without_bursts(desk, door):
    fetch = Budget(50, 64).wrap(door.fetch)
    began = loop_time()
    await asyncio.gather(*(fetch(get(desk)) for _ in range(75)))
    elapsed = loop_time() - began
    assert 1.3 <= elapsed <= 2.5
    assert most_within(desk.times, 0.1) <= 12
    assert most_within(desk.times, 1.0) <= 50 * 1.1 + 2


async def test_a_rate_below_one_a_second_is_kept_too(desk, door):
    fetch = Budget(5, 4).wrap(door.fetch)
    await asyncio.gather(*(fetch(get(desk)) for _ in range(4)))
    assert desk.times[-1] - desk.times[0] >= 0.55


async def test_no_more_requests_at_once_than_allowed(desk, door):
    async def slow(_request):
        await asyncio.sleep(0.05)
        return web.Response()

    desk.answers["/x"] = slow
    fetch = Budget(10_000, 3).wrap(door.fetch)
    await asyncio.gather(*(fetch(get(desk)) for _ in range(12)))
    assert desk.most_under_way == 3


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(5.0, 5.0), (0.0, 0.0), (-3.0, 0.0), (9_999_999_999.0, LONGEST_PAUSE), (math.inf, 3600.0)],
)
async def test_a_pause_is_clamped_and_jittered(asked, pause):
    for chance in (0.0, 1.0):
        budget = Budget(50, 8, chance=lambda chance=chance: chance)
        budget.pause(asked)
        assert budget.pause_left() == pytest.approx(pause * (1 + chance / 10), abs=0.01)


async def test_one_request_per_window_while_the_provider_asks_for_pauses(desk, door):
    desk.answers["/x"] = answering(*[status(429, **{"Retry-After": "1"})] * 2, OK)
    budget = Budget(1000, 8)
    fetch = with_retries(budget.wrap(door.fetch), 5, QUICK)
    await fetch(get(desk, "/warm"))
    with pytest.raises(ProviderError):
        await budget.wrap(door.fetch)(get(desk))
    desk.times.clear()
    answers = await asyncio.gather(*(fetch(get(desk)) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    first, second, *rest = desk.times
    assert second - first >= 1.0
    assert len(rest) == 19
    assert rest[0] >= second


async def test_a_pause_longer_than_the_poll_fails_it_at_once_and_asks_nothing(desk, door):
    budget = Budget(50, 8)
    budget.pause(60)
    with poll_ends_at(loop_time() + 5), pytest.raises(ProviderError) as failed:
        await with_retries(budget.wrap(door.fetch), 3)(get(desk))
    assert failed.value.kind is PollFailure.RATE_LIMITED
    assert not desk.times


def test_every_reason_is_decided():
    assert set(MAY_PASS) == set(PollFailure)


async def test_what_may_pass_is_tried_again_and_signed_afresh(desk, door):
    desk.answers["/x"] = answering(status(500), status(503), OK)
    nonces = itertools.count()

    def sign(request):
        return Request("GET", request.url, params=(("nonce", str(next(nonces))),))

    answer = await with_retries(door.fetch, 3, QUICK)(get(desk, sign=sign))
    assert answer.status == 200
    assert desk.paths == ["/x?nonce=0", "/x?nonce=1", "/x?nonce=2"]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 302])
async def test_what_will_not_pass_is_tried_once(desk, door, code):
    desk.answers["/x"] = answering(status(code))
    with pytest.raises(ProviderError):
        await with_retries(door.fetch, 5, QUICK)(get(desk))
    assert len(desk.times) == 1


async def test_the_last_failure_is_the_one_told_after_all_attempts(desk, door):
    desk.answers["/x"] = answering(status(500), status(500), status(503))
    with pytest.raises(ProviderError, match="503") as failed:
        await with_retries(door.fetch, 3, QUICK)(get(desk))
    assert failed.value.kind is PollFailure.HTTP_5XX
    assert len(desk.times) == 3


async def test_a_wait_that_would_outlast_the_poll_is_not_begun(desk, door):
    desk.answers["/x"] = answering(status(500))
    began = loop_time()
    backoff = Backoff(first=1000.0, longest=1000.0)
    with poll_ends_at(began + 0.5), pytest.raises(ProviderError):
        await with_retries(door.fetch, 10, backoff)(get(desk))
    assert loop_time() - began < 0.6


async def test_waits_grow_and_are_spread_by_full_jitter(desk, door):
    desk.answers["/x"] = answering(status(500))
    waits = []

    async def note(seconds):
        waits.append(seconds)

    for _ in range(40):
        with pytest.raises(ProviderError):
            await with_retries(door.fetch, 4, Backoff(1.0, 3.0), note)(get(desk))
    for turn, most in enumerate((1.0, 2.0, 3.0)):
        of_turn = waits[turn::3]
        assert max(of_turn) <= most
        assert max(of_turn) > most * 0.6
        assert min(of_turn) < most * 0.4


async def test_being_cancelled_is_no_failure_to_try_again(desk, door):
    async def hang(_request):
        await asyncio.sleep(5)

    desk.answers["/x"] = hang
    task = asyncio.create_task(with_retries(door.fetch, 5, QUICK)(get(desk)))
    await until(lambda: desk.times)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(desk.times) == 1
