"""Runs coroutines at once; the first failure cancels the others and is raised."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def run_concurrently(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run ``coroutines`` at once and wait for all of them.

    Not a TaskGroup: that of Python 3.11 leaves its caller marked as being cancelled after a
    failure, and loses a real cancellation that arrives together with one.

    Raises:
        ProviderError: the first that one of them raised; the others are cancelled.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in filter(done.__contains__, tasks):
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
