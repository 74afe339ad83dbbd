"""Coroutines at once: the first failure ends the others."""

import asyncio

import pytest

from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.states import PollFailure


async def test_all_run_at_once_to_their_end():
    gate, ended = asyncio.Barrier(3), []

    async def meet(name):
        await gate.wait()
        ended.append(name)

    async with asyncio.timeout(5):
        await run_concurrently(meet(name) for name in "abc")
    assert sorted(ended) == ["a", "b", "c"]


async def test_the_first_failure_is_raised_at_once_and_ends_the_others():
    ended, slow_began = [], asyncio.Event()

    async def fail():
        await slow_began.wait()
        raise ProviderError(PollFailure.TIMEOUT, "x: too late")

    async def slow():
        slow_began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append("slow")

    async with asyncio.timeout(5):
        with pytest.raises(ProviderError, match=r"^timeout: x: too late$"):
            await run_concurrently([slow(), fail()])
    # The others have ended, their clean-up included, before the caller goes on.
    assert ended == ["slow"]


async def test_of_several_failures_the_first_coroutine_s_is_raised():
    async def fail(name):
        raise ProviderError(PollFailure.DECODE, name)

    with pytest.raises(ProviderError, match=r"^decode: a$"):
        await run_concurrently([fail("a"), fail("b")])


async def test_cancelling_the_caller_ends_all():
    began, ended = asyncio.Event(), []

    async def hang():
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("hang")

    task = asyncio.create_task(run_concurrently([hang()]))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["hang"]
