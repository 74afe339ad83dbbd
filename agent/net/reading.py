"""What an account may spend on reading its answers: processor time, and work on the event loop.

Answers that compress well, such as a million empty records, cost little to send and much to read.
They are read in a thread, in pieces, so that other accounts' work goes on between two of them;
and the processor time of a poll is limited.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Final, ParamSpec, TypeVar

from agent.net.exchange import ProviderError
from agent.states import PollFailure

INLINE_BYTES: Final = 64 * 1024
"""A body up to this size is decoded on the event loop; that takes about a millisecond."""
INLINE_RECORDS: Final = 256
"""Up to so many records are mapped on the event loop, and in one piece in a thread."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(eq=False)
class CpuBudget:
    """The processor time that the poll under way may spend on reading, in seconds."""

    limit: float
    spent: float = 0.0

    def charge(self, seconds: float) -> None:
        """Count ``seconds``.

        Raises:
            ProviderError: ``too_many`` once more than the limit was spent.
        """
        self.spent += seconds
        if self.spent > self.limit:
            raise ProviderError(
                PollFailure.TOO_MANY,
                f"reading the answers took more than {self.limit:g} s of processor time;"
                " polling.max_cpu sets the limit",
            )


_BUDGET: ContextVar[CpuBudget | None] = ContextVar("cpu_budget", default=None)


@contextmanager
def cpu_budget(seconds: float) -> Iterator[CpuBudget]:
    """Within the block, and in tasks and threads started in it, reading has this budget."""
    budget = CpuBudget(seconds)
    token = _BUDGET.set(budget)
    try:
        yield budget
    finally:
        _BUDGET.reset(token)


async def read_in_thread(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """The result of ``function`` called in a thread, its processor time charged to the poll."""
    timed = partial(_timed, function, *args, **kwargs)
    result, seconds = await asyncio.to_thread(timed)
    if (budget := _BUDGET.get()) is not None:
        budget.charge(seconds)
    return result


def _timed(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> tuple[_T, float]:
    began = time.thread_time()
    result = function(*args, **kwargs)
    return result, time.thread_time() - began
