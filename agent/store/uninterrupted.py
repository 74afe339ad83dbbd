"""Database work that is carried to its end even when whoever asked for it is cancelled.

A cancellation in the middle of a statement would leave it open whether the work was done, and
make the pool open a second connection beside the one that is being torn down.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` gives; a cancellation is obeyed only after ``work`` has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled():
            # Looked at here because nobody is left to be told of it.
            task.exception()
        raise


def uninterrupted(
    method: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """``method``, always carried to its end once begun."""

    @wraps(method)
    async def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        return await finish(method(*args, **kwargs))

    return whole
