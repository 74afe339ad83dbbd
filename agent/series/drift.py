"""Series of configuration drift, a row per number and section."""

from collections.abc import Iterator, Sequence

import numpy as np

from agent.baselines.drift import BINDINGS_BIT, ROUTING_BITS, SECTIONS
from agent.baselines.drift_columns import Bits
from agent.checks.columns import Rows
from agent.series.context import SeriesContext, account_frame, decode
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.equal_columns import shared
from exporters.family import FAMILIES
from exporters.label_column import Codes, small

QUIET_ROWS = 10_000
"""Numbers above which an account has series only of sections that have drifted since the start.

Seven zeros per number would otherwise be more series than all its others together.
"""

_FAMILY = "numwatch_number_config_drift"
_SECTION_NAMES = tuple(section.value for section in SECTIONS)


def drift_blocks(context: SeriesContext) -> Iterator[Block]:
    """The drift block, without the sections whose facts are stale."""
    fresh = ROUTING_BITS if context.fresh(Capability.ROUTING) else 0
    if context.fresh(Capability.REACHABILITY):
        fresh |= BINDINGS_BIT
    if not fresh:
        return
    drift, memo = context.result.drift, context.memo
    cells = memo.of("drift cells", _cells, drift.known, drift.seen, fresh, context.number_rows)
    inputs = (context.owner, context.result.names, cells)
    frame = memo.of("drift frame", _frame, *inputs)
    yield memo.of(_FAMILY, _block, frame, drift.drifted, cells)


class Cells:
    """The samples' rows and sections (as indexes of ``SECTIONS``)."""

    def __init__(self, rows: Codes, sections: Codes) -> None:
        self.rows = rows
        self.sections = sections


def _cells(known: Bits, seen: Bits, fresh: int, number_rows: Rows | None) -> Cells:
    shown = known & np.uint8(fresh)
    if known.size > QUIET_ROWS:
        shown = shown & seen
    if number_rows is not None:
        hidden = np.ones(known.size, dtype=np.bool_)
        hidden[number_rows] = False
        shown = np.where(hidden, np.uint8(0), shown)
    rows, sections = np.nonzero(_spread(shown))
    return Cells(small(rows, known.size), small(sections, len(SECTIONS)))


def _frame(owner: tuple[str, str], names: Sequence[str], cells: Cells) -> Frame:
    numbers, sections = decode(names, cells.rows), decode(_SECTION_NAMES, cells.sections)
    return account_frame(owner, ("number", "section"), numbers, sections)


def _block(frame: Frame, drifted: Bits, cells: Cells) -> Block:
    values = (drifted[cells.rows] >> cells.sections.astype(np.uint8)) & 1
    return Block(FAMILIES[_FAMILY], frame, shared(values.astype(np.float64)))


def _spread(bits: Bits) -> Bits:
    """One column per section with 0 or 1 for each number."""
    positions = np.arange(len(SECTIONS), dtype=np.uint8)
    return np.asarray((bits[:, None] >> positions) & 1, dtype=np.uint8)
