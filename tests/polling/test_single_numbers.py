"""Answers about single numbers that cannot be read: the other numbers are known as before."""

import pytest
from aiohttp import web

from agent.states import Capability, PollFailure
from tests.polling.polling_bench import settings_of, until

ROUTING = Capability.ROUTING
NUMBERS = [f"400622000{n}" for n in range(1, 6)]
BAD = NUMBERS[2]


@pytest.fixture
def answers(server, bench):
    """Answers about routing, one by one; those of spoilt numbers are no JSON."""
    bench.capabilities = {Capability.NUMBERS, ROUTING}
    server.answers["/hq/numbers"] = dict.fromkeys(NUMBERS, "active")
    waits = dict.fromkeys(NUMBERS, 20)

    def answer(number):
        wait = waits[number]
        return web.Response(text="<html>") if wait is None else web.json_response({"wait": wait})

    for number in NUMBERS:
        server.answers[f"/hq/routing/{number}"] = lambda _request, it=number: answer(it)
    return waits


async def polled_once(bench):
    await bench.pollers.poll_once("north", "hq")
    return bench.status(ROUTING)


async def test_one_that_is_malformed_is_unknown_and_the_others_are_fresh(bench, answers):
    await bench.pollers.prepare(settings_of("hq"))
    first = await polled_once(bench)
    assert first.failure is None
    answers[BAD] = None
    answers[NUMBERS[0]] = 30
    second = await polled_once(bench)
    assert second.failure is PollFailure.DECODE
    assert second.last_success == second.last_attempt > first.last_success
    routings = bench.snapshot().routings
    assert sorted(routings) == [it for it in NUMBERS if it != BAD]
    assert routings[NUMBERS[0]].wait_seconds == 30
    assert bench.count("poll_failures", capability="routing", reason="decode") == 1
    answers[BAD] = 40
    third = await polled_once(bench)
    assert third.failure is None
    assert bench.snapshot().routings[BAD].wait_seconds == 40


async def test_where_all_are_malformed_what_was_known_grows_old(bench, answers):
    """The control."""
    await bench.pollers.prepare(settings_of("hq"))
    first = await polled_once(bench)
    answers |= dict.fromkeys(NUMBERS)
    second = await polled_once(bench)
    assert second.failure is PollFailure.DECODE
    assert second.last_success == first.last_success
    assert sorted(bench.snapshot().routings) == NUMBERS


@pytest.mark.parametrize("spoilt", [[BAD], NUMBERS])
async def test_a_single_number_pauses_no_poll(bench, answers, spoilt):
    answers |= dict.fromkeys(spoilt)
    polling = {"breaker_failures": 2, "breaker_pause": 60, "intervals": {"routing": 0.1}}
    await bench.pollers.start(settings_of("hq", polling=polling))

    def attempts():
        return bench.count("poll_attempts", capability="routing")

    if spoilt == [BAD]:
        await until(lambda: attempts() >= 5)
        assert "not polled again" not in bench.status(ROUTING).detail
    else:
        await until(attempts)
        await until(lambda: "not polled again" in bench.status(ROUTING).detail)
        assert attempts() == 2
