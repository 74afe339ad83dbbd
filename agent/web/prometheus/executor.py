"""Runs queries in threads of their own: few at a time, each within its time."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import TypeVar

from agent.net.heap import Heap
from agent.rules.promql.budget import QueryTimeoutError
from agent.rules.promql.errors import EvaluationError
from agent.rules.queries.matrix import TooLargeError
from agent.web.prometheus.errors import ErrorType, QueryApiError

CONCURRENCY = 2
TIMEOUT = 30.0
"""Seconds a query may wait and run, unless it asks for less."""
TIMED_OUT = "query timed out in expression evaluation"

Result = TypeVar("Result")


MOST_WAITING = 100
"""Queries of one client that may wait; a further one is refused at once."""


class QueryExecutor:
    """Runs at most ``concurrency`` functions at once, in threads that do nothing else.

    A long query must not hold up polls, checks and rules, which share one thread. Clients take
    turns: one that sends many queries gets all but one place, and waits behind the others.

    Args:
        concurrency: Queries that run at once.
        timeout: Seconds a query may wait and run, unless it asks for less.
    """

    def __init__(self, concurrency: int = CONCURRENCY, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self.heap = Heap()
        """Told of what was large: what a query took is not to stay with the process."""
        self._free = concurrency
        self._share = max(1, concurrency - 1)
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By client; the client whose turn is next comes first."""
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="query")

    async def run(
        self,
        function: Callable[[float], Result],
        seconds: float | None = None,
        client: str = "",
    ) -> Result:
        """The result of ``function``, which is called with its deadline in monotonic seconds.

        A thread cannot be ended: a function that overruns keeps its place until it returns.
        ``client`` is who asks; without one the query may have any place.

        Raises:
            QueryApiError: when it failed or timed out, or the client has too many waiting.
        """
        limit = self.timeout if seconds is None else min(seconds, self.timeout)
        deadline = monotonic() + limit
        await self._take_place(client, limit)
        task = asyncio.get_running_loop().run_in_executor(self._threads, function, deadline)
        task.add_done_callback(partial(self._release, client))
        await asyncio.wait((task,), timeout=max(0.0, deadline - monotonic()))
        if not task.done():
            raise QueryApiError(TIMED_OUT, ErrorType.TIMEOUT)
        return _result(task)

    async def _take_place(self, client: str, seconds: float) -> None:
        queue = self._waiting.setdefault(client, deque())
        if len(queue) >= MOST_WAITING:
            raise QueryApiError("too many queries of this client wait", ErrorType.UNAVAILABLE)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._hand_out()
        try:
            await asyncio.wait_for(place, seconds)
        except TimeoutError:
            raise QueryApiError("query timed out in query queue", ErrorType.TIMEOUT) from None
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give_back(client)
            raise
        finally:
            if place in queue:
                queue.remove(place)
            if not queue and self._waiting.get(client) is queue:
                del self._waiting[client]

    def _hand_out(self) -> None:
        """Give free places to those whose turn it is."""
        while self._free:
            ready = (
                client
                for client, queue in self._waiting.items()
                if queue and (not client or self._running[client] < self._share)
            )
            client = next(ready, None)
            if client is None:
                return
            queue = self._waiting.pop(client)
            place = queue.popleft()
            self._waiting[client] = queue  # behind the others
            if not place.done():
                self._free -= 1
                self._running[client] += 1
                place.set_result(None)

    def _give_back(self, client: str) -> None:
        self._free += 1
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        self._hand_out()

    def _release(self, client: str, task: "asyncio.Future[Result]") -> None:
        self._give_back(client)
        # Retrieved, so that asyncio does not log the error of a task nobody waits for.
        if not task.cancelled() and task.exception() is not None:
            self.heap.note_freed()


def _result(task: "asyncio.Future[Result]") -> Result:
    try:
        return task.result()
    except QueryTimeoutError:
        raise QueryApiError(TIMED_OUT, ErrorType.TIMEOUT) from None
    except (EvaluationError, TooLargeError) as error:
        raise QueryApiError(str(error), ErrorType.EXECUTION) from None
    except (RecursionError, MemoryError):
        text = "the query is nested too deeply, or too large: ask for less at once"
        raise QueryApiError(text, ErrorType.EXECUTION) from None
