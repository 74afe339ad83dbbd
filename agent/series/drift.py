"""Series of configuration drift, a row per number and section."""

from collections.abc import Iterator, Sequence

import numpy as np

from agent.baselines.drift import BINDINGS_BIT, ROUTING_BITS, SECTIONS
from agent.baselines.drift_columns import Bits
from agent.checks.columns import Rows
from agent.series.source import Source, account_frame, worded
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.family import FAMILIES

QUIET_ROWS = 10_000
"""An account with more numbers shows only sections that have drifted since the agent started:
seven zeros for every number would outweigh all its other series together."""

_FAMILY = "numwatch_number_config_drift"
_WORDS = tuple(section.value for section in SECTIONS)


def drift_blocks(source: Source) -> Iterator[Block]:
    """The drift block; sections whose facts are not fresh are absent."""
    fresh = ROUTING_BITS if source.fresh(Capability.ROUTING) else 0
    if source.fresh(Capability.REACHABILITY):
        fresh |= BINDINGS_BIT
    if not fresh:
        return
    drift, memo = source.checked.drift, source.memo
    cells = memo.of("drift cells", _cells, drift.known, drift.seen, fresh, source.picked)
    held = (source.owner, source.checked.names, cells)
    frame = memo.of("drift frame", _frame, *held)
    yield memo.of(_FAMILY, _block, frame, drift.drifted, cells)


class Cells:
    """The rows and the sections (as indexes of ``SECTIONS``) that have a sample."""

    def __init__(self, rows: Rows, sections: Rows) -> None:
        self.rows = rows
        self.sections = sections


def _cells(known: Bits, seen: Bits, fresh: int, picked: Rows | None) -> Cells:
    shown = known & np.uint8(fresh)
    if known.size > QUIET_ROWS:
        shown = shown & seen
    if picked is not None:
        hidden = np.ones(known.size, dtype=np.bool_)
        hidden[picked] = False
        shown = np.where(hidden, np.uint8(0), shown)
    rows, sections = np.nonzero(_spread(shown))
    return Cells(rows, sections)


def _frame(owner: tuple[str, str], names: Sequence[str], cells: Cells) -> Frame:
    numbers, sections = worded(names, cells.rows), worded(_WORDS, cells.sections)
    return account_frame(owner, ("number", "section"), numbers, sections)


def _block(frame: Frame, drifted: Bits, cells: Cells) -> Block:
    values = (drifted[cells.rows] >> cells.sections.astype(np.uint8)) & 1
    return Block(FAMILIES[_FAMILY], frame, values.astype(np.float64))


def _spread(bits: Bits) -> Bits:
    """One column per section, each 0 or 1."""
    places = np.arange(len(SECTIONS), dtype=np.uint8)
    return np.asarray((bits[:, None] >> places) & 1, dtype=np.uint8)
