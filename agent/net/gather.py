"""Runs coroutines at once; the first failure cancels the others and is raised."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any


async def run_concurrently(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run ``coroutines`` at once and wait for all of them.

    Not a TaskGroup: that of Python 3.11 leaves its caller marked as being cancelled after a
    failure, and loses a real cancellation that arrives together with one.

    Raises:
        ProviderError: the first that one of them raised; the others are cancelled.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    failure: BaseException | None = None
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failure = next((it.exception() for it in tasks if it in done and _has_failed(it)), None)
        done.clear()
    finally:
        await _end(tasks)
        # The failure's traceback refers to this frame: through the tasks it would refer to
        # itself, and megabytes of answers would stay until the garbage collector comes by.
        tasks.clear()
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _has_failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
