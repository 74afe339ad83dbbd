"""Runs queries in threads of their own: few at a time, each within its time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from agent.rules.promql.errors import EvaluationError
from agent.rules.queries.matrix import TooLargeError
from agent.rules.queries.queries import QueryTimeoutError
from agent.web.prometheus.errors import ErrorType, QueryApiError

CONCURRENCY = 2
TIMEOUT = 30.0
"""Seconds a query may wait and run, unless it asks for less."""
TIMED_OUT = "query timed out in expression evaluation"

Result = TypeVar("Result")


class QueryExecutor:
    """Runs at most ``concurrency`` functions at once, in threads that do nothing else.

    A long query must not hold up polls, checks and rules, which share one thread.
    """

    def __init__(self, concurrency: int = CONCURRENCY) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="query")

    async def run(self, function: Callable[[float], Result], seconds: float = TIMEOUT) -> Result:
        """The result of ``function``, which is called with its deadline in monotonic seconds.

        A thread cannot be ended: a function that overruns keeps its slot until it returns.

        Raises:
            QueryApiError: when it failed or timed out.
        """
        deadline = monotonic() + seconds
        try:
            await asyncio.wait_for(self._slots.acquire(), seconds)
        except TimeoutError:
            raise QueryApiError("query timed out in query queue", ErrorType.TIMEOUT) from None
        task = asyncio.get_running_loop().run_in_executor(self._threads, function, deadline)
        task.add_done_callback(self._release)
        await asyncio.wait((task,), timeout=max(0.0, deadline - monotonic()))
        if not task.done():
            raise QueryApiError(TIMED_OUT, ErrorType.TIMEOUT)
        return _result(task)

    def _release(self, task: "asyncio.Future[Result]") -> None:
        self._slots.release()
        if not task.cancelled():
            # Retrieved, so that asyncio does not log the error of a task nobody waits for.
            task.exception()


def _result(task: "asyncio.Future[Result]") -> Result:
    try:
        return task.result()
    except QueryTimeoutError:
        raise QueryApiError(TIMED_OUT, ErrorType.TIMEOUT) from None
    except (EvaluationError, TooLargeError) as error:
        raise QueryApiError(str(error), ErrorType.EXECUTION) from None
