"""The deadline of the poll under way, known to each of its requests, and their pending failures."""

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
    """The deadline, in the event loop's time."""
    pending_failures: list[ProviderError] = field(default_factory=list)
    """Failures of requests that are still being retried or waiting, the newest last."""
    received: int = 0
    """Bytes of all answers so far, decompressed."""
    age: float = 0.0
    """Seconds: how old the oldest answer so far was when it arrived, by its own headers."""


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
    """Seconds until the deadline of the poll under way; infinite outside a poll."""
    return _POLL.get().ends - asyncio.get_running_loop().time()


def received(size: int) -> int:
    """Count ``size`` more bytes for the poll under way; returns all it has received.

    Outside a poll nothing is counted and the result is ``size``.
    """
    poll = _POLL.get()
    if poll is _NO_POLL:
        return size
    poll.received += size
    return poll.received


def note_age(seconds: float) -> None:
    """Note that an answer was so old when it arrived."""
    poll = _POLL.get()
    if poll is not _NO_POLL:
        poll.age = max(poll.age, seconds)


@contextmanager
def pending_failure(error: ProviderError) -> Iterator[None]:
    """Within the block a request goes on although it failed with ``error``.

    If the poll's time runs out meanwhile, ``error`` is the reason that is reported rather than a
    mere timeout. It therefore stays pending after a cancellation: that is how the end of a poll
    reaches its requests.
    """
    poll = _POLL.get()
    if poll is _NO_POLL:
        yield
        return
    poll.pending_failures.append(error)
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException:
        poll.pending_failures.remove(error)
        raise
    poll.pending_failures.remove(error)
