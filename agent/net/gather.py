"""Several requests at once; the first failure ends them all and is the one that is told."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run ``works`` side by side until all are done.

    Not a TaskGroup: Python 3.11's leaves its caller marked as being cancelled after a failure,
    and forgets a true cancellation that arrives together with one.

    Raises:
        ProviderError: the first that one of them raised; the others are cancelled.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in filter(done.__contains__, tasks):
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
