"""Several requests at once; the first failure ends them all and is the one that is told."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from agent.providers.base import ProviderError


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run ``works`` side by side until all are done.

    Raises:
        ProviderError: the first that one of them raised; the others are cancelled.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as failures:
        first = failures.exceptions[0]
        if isinstance(first, ProviderError):
            raise first from None
        raise
