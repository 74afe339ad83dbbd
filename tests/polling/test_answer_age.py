"""A provider, or a cache before it, that serves yesterday's answers."""

import time
from email.utils import formatdate

import pytest
from aiohttp import web

from agent.states import NumberState, PollFailure
from tests.polling.polling_bench import settings_of

DAY = 86400
SUSPENDED, ACTIVE = {"4006220001": "suspended_violation"}, {"4006220001": "active"}


def answer(states, **headers):
    named = {name.title(): str(value) for name, value in headers.items()}
    return lambda _request: web.json_response(states, headers=named)


@pytest.fixture
async def polled(bench):
    """An account that lists a suspended number, with facts that are stale after three minutes."""
    bench.server.answers["/hq/numbers"] = SUSPENDED
    await bench.pollers.prepare(settings_of("hq", polling={"intervals": {"numbers": 60}}))
    await bench.pollers.poll_once("north", "hq")
    return bench


@pytest.mark.parametrize(
    "headers",
    [
        lambda: {"date": formatdate(time.time() - DAY, usegmt=True)},
        lambda: {"age": DAY},
        lambda: {"date": formatdate(time.time() - DAY, usegmt=True), "age": DAY},
    ],
    ids=["date", "age", "both"],
)
async def test_yesterdays_answer_is_no_fact_of_today(polled, headers):
    before = polled.status().last_success
    polled.server.answers["/hq/numbers"] = answer(ACTIVE, **headers())
    (outcome,) = await polled.pollers.poll_once("north", "hq")
    assert outcome.failure is PollFailure.OUTDATED
    assert "old by their own Date or Age" in outcome.detail
    assert polled.snapshot().listing.numbers[0].state is NumberState.SUSPENDED_VIOLATION
    assert polled.status().last_success == before


async def test_an_answer_a_minute_old_makes_facts_a_minute_old(polled):
    polled.server.answers["/hq/numbers"] = answer(ACTIVE, age=100)
    # Facts of a moment ago are not replaced by older ones.
    (outcome,) = await polled.pollers.poll_once("north", "hq")
    assert outcome.failure is None
    assert polled.snapshot().listing.numbers[0].state is NumberState.SUSPENDED_VIOLATION
    fresh = type(polled)(polled.server)
    await fresh.pollers.prepare(settings_of("hq", polling={"intervals": {"numbers": 60}}))
    (outcome,) = await fresh.pollers.poll_once("north", "hq")
    assert outcome.failure is None
    assert time.time() - fresh.status().last_success == pytest.approx(100, abs=5)
    await fresh.pollers.stop()


@pytest.mark.parametrize("age", ["-1", "soon", "9" * 30, ""])
async def test_an_age_that_is_none_changes_nothing(polled, age):
    polled.server.answers["/hq/numbers"] = answer(ACTIVE, age=age)
    (outcome,) = await polled.pollers.poll_once("north", "hq")
    assert outcome.failure is None
    assert time.time() - polled.status().last_success < 5
