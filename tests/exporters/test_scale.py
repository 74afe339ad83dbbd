"""100,000 numbers with two bindings each: the loop keeps turning and memory stays small."""

import asyncio
import gc
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from exporters.block import Block, Frame
from exporters.exposition import Exposition, Page
from exporters.family import SERIES_FAMILIES
from tests.lag import LONGEST_BLOCK_SECONDS, Stopwatch, assert_unblocked, longest_lag

NUMBERS, BINDINGS = 100_000, 2
LARGEST_GROWTH_MIB = 60
"""Text as such would be some 200 MiB."""


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _columns(labels: tuple[str, ...], count: int) -> list[list[str]]:
    numbers = [str(4_008_000_000 + row // (count // NUMBERS)) for row in range(count)]
    varied = {
        "number": numbers,
        "provider": ["north"] * count,
        "account": ["hq"] * count,
        "binding": [f"b{row % BINDINGS + 1}" for row in range(count)],
    }
    return [varied.get(label, [f"some_{label}"] * count) for label in labels]


def big_blocks() -> list[Block]:
    """Every family of one row per number or per binding; families of one shape share a frame."""
    frames: dict[tuple[str, ...], Frame] = {}
    blocks = []
    for family in SERIES_FAMILIES:
        if "number" not in family.labels:
            continue
        count = NUMBERS * (BINDINGS if "binding" in family.labels else 1)
        if family.labels not in frames:
            frames[family.labels] = Frame.of(family.labels, _columns(family.labels, count))
        values = np.arange(count) % 7 / 3 if family.unit else (np.arange(count) % 97 > 0) * 1.0
        blocks.append(Block(family, frames[family.labels], values))
    return blocks


def _anew(blocks: list[Block]) -> list[Block]:
    """The same blocks, nothing of them rendered yet."""
    frames = {id(b.frame): Frame.of(b.frame.names, b.frame.columns) for b in blocks}
    return [Block(b.family, frames[id(b.frame)], b.values, b.rows) for b in blocks]


def _longest_part(page: Page) -> float:
    watch = Stopwatch()
    for part in page.parts():
        assert part
        watch.lap()
    return watch.longest


async def _lag_of_first_pages(blocks: list[Block]) -> float:
    """The longest lag while a page is rendered, sent again, and sent uncompressed."""
    exposition, lag = Exposition(), 0.0
    exposition.publish("north/hq", blocks)
    for encoding in ("gzip", "gzip", ""):
        scrape = asyncio.ensure_future(exposition.scrape("", encoding))
        lag = max(lag, await longest_lag(scrape), _longest_part(await scrape))
    return lag


async def test_a_first_render_does_not_block_the_loop():
    blocks = big_blocks()
    assert sum(block.size for block in blocks) > 1_300_000
    await assert_unblocked(lambda: _lag_of_first_pages(_anew(blocks)), "a first page")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
async def test_pages_of_every_kind_take_little_memory():
    blocks = big_blocks()
    exposition = Exposition()
    gc.collect()
    before = _resident_mib()
    exposition.publish("north/hq", blocks)
    for accept in ("", "application/openmetrics-text"):
        assert (await exposition.scrape(accept, "gzip")).compressed
        assert all((await exposition.scrape(accept)).parts())
    gc.collect()
    assert _resident_mib() - before < LARGEST_GROWTH_MIB


async def test_rendering_in_the_loop_would_be_noticed():
    exposition, blocks = Exposition(), big_blocks()
    exposition.publish("north/hq", blocks)

    async def in_the_loop() -> None:
        assert all(block.piece.size for block in blocks)

    assert await longest_lag(asyncio.ensure_future(in_the_loop())) > LONGEST_BLOCK_SECONDS
