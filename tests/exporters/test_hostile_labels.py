"""Whatever a provider writes, the page stays a page."""

import random
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.block import Block, Frame
from exporters.exposition import Exposition
from exporters.family import FAMILIES
from exporters.labels import clean
from exporters.piece import text

NASTY = (
    '"',
    "\\",
    "\n",
    "\r",
    "\x00",
    "\x1b[2J",
    "\ud800",
    "\udfff",
    "\u202e",
    "\u2028",
    "}",
    "{",
    ",",
    "=",
    " ",
    "#",
    "# EOF",
    "<script>alert(1)</script>",
    "\\n",
    '\\"',
    "企业",
    "\U0001f4de",
    "\ufeff",
    "\uffff",
    "x" * 300,
)
UP = FAMILIES["numwatch_number_up"]


def hostile_strings(count: int) -> list[str]:
    """``count`` strings made of everything that ever broke a page; none alike, none empty."""
    source = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < count:
        parts = source.choices(NASTY, k=source.randint(1, 6))
        parts += [chr(source.randrange(0x110000)) for _ in range(source.randint(0, 4))]
        source.shuffle(parts)
        found["".join(parts)] = None
    return list(found)


def block_of(values: list[str]) -> Block:
    rows = [str(row) for row in range(len(values))]
    return Block(UP, Frame.of(("number", "row"), (values, rows)), np.arange(len(values)) / 3)


def read_back(page: str) -> list[tuple[str, float]]:
    samples = [s for family in text_string_to_metric_families(page) for s in family.samples]
    return [(sample.labels.get("number", ""), sample.value) for sample in samples]


async def test_ten_thousand_hostile_strings(promtool: Callable[[bytes], str]):
    values = hostile_strings(10_000)
    exposition = Exposition()
    exposition.publish("a", [block_of(values)])
    page = bytes((await exposition.scrape()).body)
    assert promtool(page) == ""
    expected = [(clean(value), row / 3) for row, value in enumerate(values)]
    assert read_back(page.decode()) == expected


@given(st.lists(st.text(st.characters(), max_size=20), min_size=1, max_size=20))
def test_any_strings_read_back(values):
    page = text(block_of(values).piece).decode()
    expected = [(clean(value), row / 3) for row, value in enumerate(values)]
    assert read_back(page) == expected


def test_unescaped_quotes_would_be_noticed(promtool):
    assert promtool(b'# HELP a b\n# TYPE a gauge\na{b="c"d"} 1\n')
