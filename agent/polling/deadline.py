"""When the poll under way must end, known to every request it makes; and what troubles it."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from agent.net.exchange import ProviderError


@dataclass(eq=False)
class Poll:
    """One poll while it is under way."""

    ends: float = math.inf
    """Loop time."""
    troubles: list[ProviderError] = field(default_factory=list)
    """What requests that are not through yet have met, the newest last."""


_NO_POLL = Poll()
_POLL: ContextVar[Poll] = ContextVar("poll", default=_NO_POLL)


@contextmanager
def poll_ends_at(ends: float) -> Iterator[Poll]:
    """Within the block, and in tasks started in it, the poll ends at loop time ``ends``."""
    poll = Poll(ends)
    token = _POLL.set(poll)
    try:
        yield poll
    finally:
        _POLL.reset(token)


def remaining() -> float:
    """Seconds the poll under way still has; infinite outside a poll."""
    return _POLL.get().ends - asyncio.get_running_loop().time()


@contextmanager
def in_trouble(error: ProviderError) -> Iterator[None]:
    """A request goes on in spite of ``error``; should the poll's time run out, that is why.

    Cancellation leaves the trouble in place: it is how a poll's end reaches its requests.
    """
    troubles = _POLL.get().troubles
    if _POLL.get() is _NO_POLL:
        yield
        return
    troubles.append(error)
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException:
        troubles.remove(error)
        raise
    troubles.remove(error)
