"""Places and time of queries: how long they wait and run, and what becomes of who goes away."""

import asyncio
import threading
from functools import partial

import pytest

from agent.rules.promql import budget as budgets
from agent.rules.promql.budget import LONGEST_TEXT, QueryBudget, QueryTimeoutError
from agent.web.prometheus.errors import QueryApiError
from agent.web.prometheus.executor import MOST_WAITING, QueryExecutor


async def test_a_query_waits_and_runs_no_longer_than_it_may() -> None:
    executor = QueryExecutor(concurrency=1, timeout=30)
    end = threading.Event()
    first = asyncio.create_task(executor.run(lambda _deadline: end.wait(30), 0.2))
    async with asyncio.timeout(10):
        with pytest.raises(QueryApiError, match="query timed out in expression evaluation"):
            await first
        # The thread of the first goes on, and so its place is taken.
        with pytest.raises(QueryApiError, match="query timed out in query queue"):
            await executor.run(lambda _deadline: "served", 0.2)
        end.set()
        assert await executor.run(lambda _deadline: "served") == "served"


async def test_who_goes_away_as_a_place_is_free_leaves_it_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = QueryExecutor(concurrency=1, timeout=30)
    end = threading.Event()
    first = asyncio.create_task(executor.run(lambda _deadline: end.wait(30)))
    gone = asyncio.create_task(executor.run(lambda _deadline: "served"))
    await asyncio.sleep(0.05)
    hand_out = executor._hand_out

    def hand_out_and_go_away() -> None:
        hand_out()
        gone.cancel()

    monkeypatch.setattr(executor, "_hand_out", hand_out_and_go_away)
    end.set()
    await asyncio.wait([first, gone])
    assert gone.cancelled()
    monkeypatch.undo()
    async with asyncio.timeout(10):
        assert await executor.run(lambda _deadline: "served") == "served"


async def test_who_has_gone_away_is_not_counted_among_those_who_wait() -> None:
    executor = QueryExecutor(concurrency=1, timeout=30)
    end = threading.Event()
    first = asyncio.create_task(executor.run(lambda _deadline: end.wait(30), client="a"))
    await asyncio.sleep(0.05)
    waiting = [
        asyncio.create_task(executor.run(lambda _deadline: "served", client="a"))
        for _ in range(MOST_WAITING)
    ]
    await asyncio.sleep(0.05)
    for task in waiting[1:]:
        task.cancel()
    await asyncio.wait(waiting[1:])
    later = asyncio.create_task(executor.run(lambda _deadline: "served", client="a"))
    await asyncio.sleep(0.05)
    end.set()
    async with asyncio.timeout(10):
        assert [await first, await waiting[0], await later] == [True, "served", "served"]


def test_a_query_ends_at_its_deadline_wherever_it_is() -> None:
    now = [5.0]
    budget = QueryBudget(100, 10**9, until=5.0, clock=lambda: now[0])
    charges = (budget.check_time, partial(budget.charge_samples, 1))
    long_text = partial(budget.charge_text, LONGEST_TEXT)
    for charge in (*charges, long_text):
        charge()
    now[0] = 5.1
    for charge in (*charges, long_text):
        with pytest.raises(QueryTimeoutError):
            charge()


def test_a_query_lets_other_threads_run_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [1e9], []
    monkeypatch.setattr(budgets, "_PAUSES", threading.local())
    monkeypatch.setattr(budgets, "monotonic", lambda: now[0])
    monkeypatch.setattr(budgets, "sleep", pauses.append)
    budget = QueryBudget(100, 100, until=1.0, clock=lambda: 0.0)
    for _ in range(3):
        now[0] += 1
        for _ in range(10):
            budget.check_time()
    assert len(pauses) == 3


async def test_one_client_leaves_a_place_to_the_others() -> None:
    executor = QueryExecutor(concurrency=2, timeout=10)
    end = threading.Event()
    many = [
        asyncio.create_task(executor.run(lambda _deadline: end.wait(10), client="many"))
        for _ in range(20)
    ]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        for _ in range(5):
            assert await executor.run(lambda _deadline: "served", client="other") == "served"
    end.set()
    assert all(await asyncio.gather(*many))


async def test_clients_take_turns() -> None:
    executor = QueryExecutor(concurrency=1, timeout=10)
    order: list[str] = []
    begin = threading.Event()
    first = asyncio.create_task(executor.run(lambda _deadline: begin.wait(10), client="a"))
    await asyncio.sleep(0.05)
    rest = [
        asyncio.create_task(executor.run(lambda _deadline, it=it: order.append(it), client=it))
        for it in "aaabbc"
    ]
    await asyncio.sleep(0.05)
    begin.set()
    await asyncio.gather(first, *rest)
    assert order[:3] in (["a", "b", "c"], ["b", "c", "a"])
    assert sorted(order) == list("aaabbc")


async def test_too_many_waiting_queries_of_one_client_are_refused_at_once() -> None:
    executor = QueryExecutor(concurrency=1, timeout=0.5)
    end = threading.Event()
    tasks = [
        asyncio.create_task(executor.run(lambda _deadline: end.wait(5), client="a"))
        for _ in range(MOST_WAITING + 5)
    ]
    await asyncio.sleep(0.05)
    refused = [task for task in tasks if task.done()]
    assert len(refused) == 4
    assert {str(task.exception()) for task in refused} == {"too many queries of this client wait"}
    end.set()
    await asyncio.gather(*tasks, return_exceptions=True)
