"""Queries over a large fleet: answered whole, and the loop goes on meanwhile."""

import asyncio
import dataclasses
import gc
from functools import partial
from pathlib import Path

import numpy as np
from aiohttp.test_utils import TestClient

from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries.queries import Queries
from agent.web.app import make_app
from agent.web.services import WebServices
from exporters.block import Block, Frame
from exporters.family import Family
from tests.lag import assert_unblocked, longest_lag
from tests.web.facts import NOW

SERIES = 100_000
PATHS = (
    "query?query=up",
    "query?query=sum by (account) (up)",
    f"query_range?query=up&start={NOW - 60}&end={NOW}&step=15",
    "series?match[]=up",
    "labels",
    "label/number/values",
)


def engine(folder: Path) -> tuple[RuleEngine, tuple[Block, ...]]:
    file = folder / "rules.yml"
    file.write_text("groups: []\n", encoding="utf-8")
    names = [str(4_008_000_000 + row) for row in range(SERIES)]
    accounts = [f"account-{row % 20}" for row in range(SERIES)]
    family = Family("up", "gauge", "help", ("account", "number"))
    frame = Frame.of(family.labels, (accounts, names))
    blocks = (Block(family, frame, np.arange(SERIES, dtype=np.float64)),)
    made = RuleEngine(load_rules([file]), retention=300)
    for moment in (NOW - 30, NOW - 15, NOW):
        made.evaluate(blocks, moment)
    return made, blocks


async def _lag_of(client: TestClient, path: str) -> float:
    asked = asyncio.ensure_future(_body(client, path))
    longest = await longest_lag(asked)
    assert (await asked).startswith(b'{"status":"success"')
    return longest


async def _body(client: TestClient, path: str) -> bytes:
    answer = await client.get(f"/api/v1/{path}")
    parts = [part async for part in answer.content.iter_chunked(65_536)]
    return b"".join(parts)


async def test_no_query_blocks_the_loop(
    services: WebServices, tmp_path: Path, aiohttp_client
) -> None:
    made, blocks = await asyncio.to_thread(engine, tmp_path)
    queries = Queries(lambda: made, lambda: blocks, lambda: NOW, lambda: 15.0)
    shown = dataclasses.replace(services, queries=lambda: queries, clock=lambda: NOW)
    client = await aiohttp_client(make_app(shown))
    gc.collect()
    gc.freeze()
    try:
        for path in PATHS:
            await assert_unblocked(partial(_lag_of, client, path), path)
    finally:
        gc.unfreeze()
