"""100,000 numbers: every answer comes without blocking the loop."""

import asyncio
import gc
from functools import partial

from aiohttp.test_utils import TestClient

from agent.model import Snapshot
from agent.states import BindingState, NumberState
from tests.lag import assert_unblocked, longest_lag
from tests.web.facts import number, phone, snapshot

NUMBERS = 100_000
LARGEST_ANSWER = 1_500_000
PATHS = (
    "/",
    "/api/numbers?limit=1000",
    "/api/numbers?healthy=false&limit=1000&offset=5000",
    "/api/numbers/4008050000",
    "/api/accounts",
)


def large_snapshot() -> Snapshot:
    fine = (phone("b1"), phone("b2"))
    bad = (phone("b1", BindingState.OFF), phone("b2", BindingState.ARREARS))
    names = [str(4_008_000_000 + row) for row in range(NUMBERS)]
    listed = [
        number(name, NumberState.FROZEN if row % 9 == 0 else NumberState.ACTIVE)
        for row, name in enumerate(names)
    ]
    return snapshot(listed, {name: bad if name[-1] == "3" else fine for name in names})


async def _lag_of(client: TestClient, path: str) -> float:
    request = asyncio.ensure_future(client.get(path))
    lag = await longest_lag(request)
    answer = await request
    assert answer.status == 200
    assert len(await answer.read()) < LARGEST_ANSWER
    return lag


async def test_no_answer_blocks_the_loop(client: TestClient, facts):
    facts.show(large_snapshot())
    gc.collect()
    gc.freeze()
    try:
        for path in PATHS:
            await assert_unblocked(partial(_lag_of, client, path), path)
    finally:
        gc.unfreeze()
