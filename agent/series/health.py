"""Series of the health of single numbers (docs/health.md)."""

from collections.abc import Iterator, Sequence

import numpy as np

from agent.checks.columns import Rows
from agent.health.rule import HEALTHS, Codes
from agent.series.context import SeriesContext, decode, with_label
from agent.series.numbers import ones
from exporters.block import Block, Frame
from exporters.equal_columns import shared

_FAMILY = "numwatch_number_health"
_FRAME = "frame " + _FAMILY
_NAMES = tuple(health.value for health in HEALTHS)


def health_blocks(context: SeriesContext) -> Iterator[Block]:
    """The block of every number's health; of a stale account all are unknown."""
    memo, codes = context.memo, context.health.codes
    # By content: each assessment has a column of its own, most of them equal to the former.
    former = memo.of("health codes", _first, context.owner)
    if not np.array_equal(former[0], codes):
        former[0] = shared(codes)
    inputs = (context.number_frame(), former[0], _NAMES, context.number_rows)
    frame = memo.of(_FRAME, _health_frame, *inputs)
    yield memo.of(_FAMILY, ones, _FAMILY, frame)


def _first(_owner: tuple[str, str]) -> list[Codes]:
    return [np.empty(0, dtype=np.int8)]


def _health_frame(frame: Frame, codes: Codes, names: Sequence[str], rows: Rows | None) -> Frame:
    shown = codes if rows is None else codes[rows]
    return with_label(frame, "health", decode(names, shown))
