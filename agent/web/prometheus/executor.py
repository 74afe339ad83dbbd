"""Work in threads: few at a time, and nobody waits for ever."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from agent.rules.promql.errors import EvaluationError
from agent.rules.queries.matrix import TooLargeError
from agent.rules.queries.queries import QueryTimeoutError
from agent.web.prometheus.failure import Kind, QueryApiError

AT_A_TIME = 2
LONGEST = 30.0
"""Seconds a query may wait and work, unless it asks for less."""
TIMED_OUT = "query timed out in expression evaluation"

Result = TypeVar("Result")


class QueryExecutor:
    """Lets ``AT_A_TIME`` pieces of work run at once, in threads that do nothing else.

    A long query must not hold up polls, checks and rules, which share one thread.
    """

    def __init__(self, at_a_time: int = AT_A_TIME) -> None:
        self._places = asyncio.Semaphore(at_a_time)
        self._threads = ThreadPoolExecutor(at_a_time, thread_name_prefix="query")

    async def run(self, work: Callable[[float], Result], seconds: float = LONGEST) -> Result:
        """What ``work`` gives; it is told until when (monotonic seconds) it may take.

        A thread cannot be ended: work that overruns its time keeps its place until it is done.

        Raises:
            Failure: when it failed, or its time is over.
        """
        until = monotonic() + seconds
        try:
            await asyncio.wait_for(self._places.acquire(), seconds)
        except TimeoutError:
            raise QueryApiError("query timed out in query queue", Kind.TIMEOUT) from None
        task = asyncio.get_running_loop().run_in_executor(self._threads, work, until)
        task.add_done_callback(self._leave)
        await asyncio.wait((task,), timeout=max(0.0, until - monotonic()))
        if not task.done():
            raise QueryApiError(TIMED_OUT, Kind.TIMEOUT)
        return _result(task)

    def _leave(self, task: "asyncio.Future[Result]") -> None:
        self._places.release()
        if not task.cancelled():
            task.exception()  # of a task nobody waits for any more: asked for, so not logged


def _result(task: "asyncio.Future[Result]") -> Result:
    try:
        return task.result()
    except QueryTimeoutError:
        raise QueryApiError(TIMED_OUT, Kind.TIMEOUT) from None
    except (EvaluationError, TooLargeError) as error:
        raise QueryApiError(str(error), Kind.EXECUTION) from None
