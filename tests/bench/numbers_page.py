"""The list of numbers over 1,000,000 numbers: how long an answer takes, and how large it is.

``python -m tests.bench.numbers_page [NUMBERS]`` prints one JSON object a line.
"""

import asyncio
import json
import sys
import time

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from agent.model import Snapshot
from agent.states import BindingState, NumberState
from agent.web.app import make_app
from agent.web.services import WebServices
from exporters.exposition import Exposition
from tests.web.facts import Facts, number, phone, snapshot

ACCOUNTS = 10
ROUNDS = 40
COMPANIES = 20_000
PATHS = (
    "/numbers",
    "/numbers?health=trouble&offset=50000",
    "/numbers?q=400812",
    "/numbers?q=company%20123",
    "/numbers?sort=company&offset=500000",
    "/numbers?sort=number&offset=500000",
    "/numbers?sort=seen&state=frozen",
    "/",
)


class _NoTickets:
    async def open_tickets(self) -> list[object]:
        return []


def account(which: int, count: int) -> Snapshot:
    """One account of ``count`` numbers, some of them in trouble."""
    fine = (phone("b1"), phone("b2"))
    bad = (phone("b1", BindingState.OFF), phone("b2", BindingState.ARREARS))
    names = [str(4_008_000_000 + which * count + row) for row in range(count)]
    listed = [
        number(
            name,
            NumberState.FROZEN if row % 90 == 0 else NumberState.ACTIVE,
            company=f"Company {row % COMPANIES}",
        )
        for row, name in enumerate(names)
    ]
    bindings = {name: bad if row % 50 == 3 else fine for row, name in enumerate(names)}
    return snapshot(listed, bindings, account=f"a{which}")


def facts_of(count: int) -> Facts:
    """``count`` numbers in all, checked."""
    accounts = [{"id": f"a{which}"} for which in range(ACCOUNTS)]
    providers = [{"name": "north", "profile": "generic", "accounts": accounts}]
    facts = Facts()
    facts.settings = type(facts.settings).model_validate({"providers": providers})
    facts.show(*(account(which, count // ACCOUNTS) for which in range(ACCOUNTS)))
    return facts


def services_of(facts: Facts) -> WebServices:
    """The web application's services over ``facts``."""
    return WebServices(
        fleet=facts.fleet,
        exposition=Exposition(),
        tickets=_NoTickets(),  # type: ignore[arg-type] # nothing else is read
        settings=lambda: facts.settings,
        check_result=lambda provider, name: facts.results.get((provider, name)),
        diagnose=facts.diagnose,
        reload=facts.reload,
        ready=lambda: None,
        replay=lambda _ticket: asyncio.sleep(0, 0),
        version="1",
        started_at=facts.now,
        clock=lambda: facts.now,
    )


async def measure(count: int) -> list[dict[str, object]]:
    """For each path the first answer, the 50th and 99th percentile, and the size."""
    facts = facts_of(count)
    rows = []
    async with TestClient(TestServer(make_app(services_of(facts)))) as client:
        for path in PATHS:
            taken, worked = [], []
            for _ in range(ROUNDS):
                begin, begin_cpu = time.perf_counter(), time.process_time()
                answer = await client.get(path)
                body = await answer.read()
                taken.append(time.perf_counter() - begin)
                worked.append(time.process_time() - begin_cpu)
                assert answer.status == 200, body
            first, ordered = taken[0], sorted(taken[1:])
            rows.append(
                {
                    "bench": f"page {path}",
                    "numbers": count,
                    "first_ms": round(first * 1000),
                    "p50_ms": round(ordered[len(ordered) // 2] * 1000),
                    "p99_ms": round(ordered[-1] * 1000),
                    "cpu_p99_ms": round(max(worked[1:]) * 1000),
                    "kilobytes": round(len(body) / 1024),
                }
            )
    return rows


if __name__ == "__main__":
    for row in asyncio.run(measure(int((sys.argv[1:] or ["1000000"])[0]))):
        sys.stdout.write(json.dumps(msgspec.to_builtins(row)) + "\n")
