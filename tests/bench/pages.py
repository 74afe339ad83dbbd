"""Every page over 1,000,000 numbers: how long an answer takes, how large it is, and loop lag.

``NUMWATCH_BENCH_NUMBERS`` makes the world smaller, ``NUMWATCH_BENCH_PAGES`` chooses addresses by
parts of them, separated by commas. The first answer after a change of the facts is
a line of its own: it may compute what later ones share.
"""

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from agent.config.secret import Secret
from agent.event_loop import SWITCH_INTERVAL
from agent.web.app import make_app
from agent.web.pages.rendering import HTML
from agent.web.pages.routes import PAGE_ROUTES
from agent.webhooks.auth import TokenCheck
from exporters.telemetry import Telemetry
from tests.bench._world import PARENT, Sizes, large_world, name_of
from tests.lag import longest_lag

MILLISECONDS, KILOBYTES, LAG_MILLISECONDS = 300, 300, 50
"""What every page keeps to."""
ROUNDS = 40
TOKEN = "the token of the bench"
IDLE = name_of(5)


def paths(sizes: Sizes) -> dict[str, tuple[str, ...]]:
    """Addresses to ask for, by the route that answers them."""
    member = name_of(sizes.numbers // 10 + 5)
    return {
        "/": ("/",),
        "/numbers": (
            "/numbers",
            "/numbers?health=trouble&offset=10000",
            "/numbers?q=400812",
            "/numbers?q=company%20123",
            "/numbers?sort=company&offset=500000",
            "/numbers?sort=seen&state=frozen",
            "/numbers?limit=200",
        ),
        "/numbers/{number}": (f"/numbers/{IDLE}", f"/numbers/{member}"),
        "/numbers/{number}/diagnosis": (
            f"/numbers/{IDLE}/diagnosis",
            f"/numbers/{member}/diagnosis",
        ),
        "/accounts": ("/accounts", "/accounts?offset=1950"),
        "/accounts/{provider}/{account}": (
            "/accounts/north/a0",
            "/accounts/north/a1?days=400",
            "/accounts/north/s1",
        ),
        "/providers": ("/providers", "/providers?offset=1950"),
        "/tickets": (
            "/tickets",
            "/tickets?view=board",
            "/tickets?offset=15000",
            "/tickets?state=closed",
            "/tickets?text=company%20199",
        ),
        "/tickets/{id}": (
            f"/tickets/{PARENT}",
            f"/tickets/{PARENT}?offset=40000",
            f"/tickets/NW-{7:012X}-2",
        ),
        "/rules": ("/rules", "/rules?offset=19900", "/rules?text=4000000123"),
        "/sinks": ("/sinks", "/sinks?offset=15000"),
        "/runbooks": ("/runbooks",),
        "/runbooks/{alert}": ("/runbooks/NumberNotActive",),
        "/config": ("/config", "/config?show=all"),
        "/complaints": ("/complaints", "/complaints?offset=15000", f"/complaints?number={IDLE}"),
        "/complaints/new": ("/complaints/new",),
        "/complaints/{id}": ("/complaints/c7",),
        "/audit": ("/audit", "/audit?offset=15000"),
    }


def unmeasured(sizes: Sizes) -> set[str]:
    """The pages that :func:`paths` leaves out and should not."""
    routes = {it.path for it in PAGE_ROUTES if it.method == "GET" and it.response == HTML}
    return routes - set(paths(sizes))


async def serve(resources: AsyncExitStack, sizes: Sizes) -> TestClient:
    """A client of the pages over the whole world."""
    folder = resources.enter_context(tempfile.TemporaryDirectory())
    services = await resources.enter_async_context(large_world(sizes, Path(folder)))
    tokens = TokenCheck(lambda: Secret(TOKEN), Telemetry("1"))
    server = TestServer(make_app(replace(services, tokens=tokens)))
    gc.collect()
    gc.freeze()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return await resources.enter_async_context(TestClient(server, headers=headers))


async def _measure(client: TestClient, path: str, sizes: Sizes) -> dict[str, Any]:
    taken: list[float] = []
    worked: list[float] = []
    lags: list[float] = []
    for _ in range(ROUNDS):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        asking = asyncio.ensure_future(_ask(client, path))
        lags.append(await longest_lag(asking))
        taken.append(time.perf_counter() - begin)
        worked.append(time.process_time() - begin_cpu)
    first, later = taken[0], sorted(taken[1:])
    line = {
        "bench": f"page {path}",
        "numbers": sizes.numbers,
        "first_ms": round(first * 1000),
        "p50_ms": round(later[len(later) // 2] * 1000),
        "p99_ms": round(later[-1] * 1000),
        "cpu_p50_ms": round(sorted(worked[1:])[len(later) // 2] * 1000),
        "lag_p50_ms": round(sorted(lags[1:])[len(later) // 2] * 1000, 1),
        "lag_first_ms": round(lags[0] * 1000, 1),
        "kilobytes": round(asking.result() / 1024, 1),
    }
    limits = {"p99_ms": MILLISECONDS, "kilobytes": KILOBYTES, "lag_p50_ms": LAG_MILLISECONDS}
    over = [name for name, most in limits.items() if line[name] > most]
    return {**line, "over": over}


async def _ask(client: TestClient, path: str) -> int:
    answer = await client.get(path)
    body = await answer.read()
    assert answer.status == 200, (path, answer.status, body[:300])
    return len(body)


def run() -> Iterable[dict[str, Any]]:
    """One line for every address."""
    numbers = int(os.environ.get("NUMWATCH_BENCH_NUMBERS", "1000000"))
    sizes = Sizes() if numbers >= Sizes.numbers else Sizes(numbers, 100, 500, 1000, 500)
    missing = unmeasured(sizes)
    assert not missing, f"no address of {sorted(missing)} is measured"
    # As the agent sets it: whoever computes in a thread gives way to the loop soon.
    sys.setswitchinterval(SWITCH_INTERVAL)
    with asyncio.Runner() as runner:
        resources = AsyncExitStack()
        client = runner.run(serve(resources, sizes))
        try:
            wanted = os.environ.get("NUMWATCH_BENCH_PAGES", "/").split(",")
            for path in chain.from_iterable(paths(sizes).values()):
                if any(part in path for part in wanted):
                    yield runner.run(_measure(client, path, sizes))
        finally:
            runner.run(resources.aclose())
