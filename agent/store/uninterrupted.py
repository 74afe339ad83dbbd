"""Runs database work to its end even when the task that awaits it is cancelled.

A cancellation in the middle of a statement would leave it unknown whether the work was done, and
the pool would open a second connection beside the one that is being torn down.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``; a cancellation takes effect only after ``work`` has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled():
            # Retrieved here, or asyncio would log it: the caller gets the cancellation instead.
            task.exception()
        raise


def uninterrupted(
    method: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """A decorator: ``method``, always run to its end once started."""

    @wraps(method)
    async def uncancelled(*args: P.args, **kwargs: P.kwargs) -> T:
        return await finish(method(*args, **kwargs))

    return uncancelled
