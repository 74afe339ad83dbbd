"""Series of the lints, a row per number and severity."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Rows
from agent.lints.columns import Bits
from agent.lints.finding import Level
from agent.series.context import SeriesContext, account_frame, decode
from agent.series.drift import QUIET_ROWS
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.equal_columns import shared
from exporters.family import FAMILIES
from exporters.label_column import Codes, small

_FAMILY = "numwatch_number_lint_findings"
_ACCOUNT_FAMILY = "numwatch_account_lint_findings"
_LEVELS = tuple(Level)
_LEVEL_NAMES = tuple(level.value for level in _LEVELS)
_LINTED = (Capability.NUMBERS, Capability.ROUTING, Capability.REACHABILITY)


class Cells:
    """The samples' rows and levels (as indexes of ``Level``)."""

    def __init__(self, rows: Codes, levels: Codes) -> None:
        self.rows = rows
        self.levels = levels


def lint_blocks(context: SeriesContext) -> Iterator[Block]:
    """Counts of the findings that are not waived; no blocks while facts they rest on are stale.

    An account of more than ``QUIET_ROWS`` numbers shows only levels that have had a finding
    since the agent started.
    """
    lints, polls = context.result.lints, context.snapshot.polls
    if lints is None or not all(
        context.fresh(capability) for capability in _LINTED if capability in polls
    ):
        return
    memo, masks = context.memo, lints.linter.level_bits()
    counts = memo.of("lint counts", _counts, lints.unwaived, tuple(masks.values()))
    count = lints.unwaived.size
    seen = lints.ever_unwaived if count > QUIET_ROWS else None
    cells = memo.of("lint cells", _cells, count, seen, tuple(masks.values()), context.number_rows)
    frame = memo.of("lint frame", _frame, context.owner, context.result.names, cells)
    yield memo.of(_FAMILY, _block, frame, counts, cells)
    yield _account_block(context, masks)


def _account_block(context: SeriesContext, masks: Mapping[Level, int]) -> Block:
    levels = [finding.level for finding in context.result.account_lints if not finding.is_waived]
    values = tuple(float(levels.count(level)) for level in masks)
    frame = context.frame(_ACCOUNT_FAMILY, ("severity",), _LEVEL_NAMES)
    return context.memo.of(_ACCOUNT_FAMILY, _small, frame, values)


def _small(frame: Frame, values: Sequence[float]) -> Block:
    return Block(FAMILIES[_ACCOUNT_FAMILY], frame, shared(np.array(values)))


def _counts(unwaived: Bits, masks: Sequence[int]) -> npt.NDArray[np.uint8]:
    """The number of findings by number and level."""
    return np.stack([_bit_counts(unwaived & np.uint64(mask)) for mask in masks], axis=1)


def _bit_counts(bits: Bits) -> npt.NDArray[np.uint8]:
    """The number of bits set in each value."""
    return np.asarray(np.bitwise_count(bits), dtype=np.uint8)


def _cells(count: int, seen: Bits | None, masks: Sequence[int], number_rows: Rows | None) -> Cells:
    shown = np.ones((count, len(masks)), dtype=np.bool_)
    if seen is not None:
        shown = np.stack([(seen & np.uint64(mask)) != 0 for mask in masks], axis=1)
    if number_rows is not None:
        hidden = np.ones(count, dtype=np.bool_)
        hidden[number_rows] = False
        shown[hidden] = False
    rows, levels = np.nonzero(shown)
    return Cells(small(rows, count), small(levels, len(masks)))


def _frame(owner: tuple[str, str], names: Sequence[str], cells: Cells) -> Frame:
    numbers, levels = decode(names, cells.rows), decode(_LEVEL_NAMES, cells.levels)
    return account_frame(owner, ("number", "severity"), numbers, levels)


def _block(frame: Frame, counts: npt.NDArray[np.uint8], cells: Cells) -> Block:
    values = counts[cells.rows, cells.levels].astype(np.float64)
    return Block(FAMILIES[_FAMILY], frame, shared(values))
