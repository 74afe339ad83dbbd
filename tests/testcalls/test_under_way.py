"""A call that somebody asked for is nobody's: it goes on whoever follows it goes away."""

import asyncio
from typing import Any

import pytest

from agent.probing.facts import ProbeCall
from agent.testcalls.outcome import CallRequest
from agent.testcalls.under_way import CallsUnderWay, CallUnderWay
from tests.probe_calls import NUMBER, call

pytestmark = pytest.mark.timeout(30)


@pytest.mark.parametrize("follows", ["begun", "follow"])
async def test_whoever_asked_and_goes_away_leaves_the_call_to_its_end(follows: str) -> None:
    placed, may_end, facts = asyncio.Event(), asyncio.Event(), call(0)

    async def place(*_: object, **__: object) -> ProbeCall:
        placed.set()
        await may_end.wait()
        return facts

    under_way: Any = CallsUnderWay(place, lambda: 0.0)
    made: list[CallUnderWay] = []

    async def asks() -> None:
        made.append(under_way.begin(CallRequest(NUMBER)))
        if follows == "begun":
            await made[0].begun()
        async for _ in made[0].follow():
            pass

    asked = asyncio.create_task(asks())
    await placed.wait()
    asked.cancel()
    await asyncio.wait([asked])
    assert asked.cancelled()
    may_end.set()
    async with asyncio.timeout(10):
        async for _ in made[0].follow():
            pass
    assert (made[0].facts, made[0].error) == (facts, None)
