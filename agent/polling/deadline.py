"""When the poll under way must end, known to every request it makes."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ENDS: ContextVar[float] = ContextVar("poll_ends", default=math.inf)


@contextmanager
def poll_ends_at(ends: float) -> Iterator[None]:
    """Within the block, and in tasks started in it, the poll ends at loop time ``ends``."""
    token = _ENDS.set(ends)
    try:
        yield
    finally:
        _ENDS.reset(token)


def remaining() -> float:
    """Seconds the poll under way still has; infinite outside a poll."""
    return _ENDS.get() - asyncio.get_running_loop().time()
