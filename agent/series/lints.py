"""Series of the lints, a row per number and severity."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Rows
from agent.lints.columns import Bits
from agent.lints.finding import Level
from agent.series.drift import QUIET_ROWS
from agent.series.source import Source, account_frame, worded
from agent.states import Capability
from exporters.block import Block, Frame
from exporters.family import FAMILIES

_FAMILY = "numwatch_number_lint_findings"
_ACCOUNT_FAMILY = "numwatch_account_lint_findings"
_LEVELS = tuple(Level)
_WORDS = tuple(level.value for level in _LEVELS)
_CONFIGURED_BY = (Capability.NUMBERS, Capability.ROUTING, Capability.REACHABILITY)


class Cells:
    """The rows and the levels (as indexes of ``Level``) that have a sample."""

    def __init__(self, rows: Rows, levels: Rows) -> None:
        self.rows = rows
        self.levels = levels


def lint_blocks(source: Source) -> Iterator[Block]:
    """The findings that nobody has waived; none while a fact they rest on is not fresh.

    An account of more than ``QUIET_ROWS`` numbers shows only levels that have had a finding
    since the agent started.
    """
    lints, polls = source.checked.lints, source.snapshot.polls
    if lints is None or not all(source.fresh(it) for it in _CONFIGURED_BY if it in polls):
        return
    memo, masks = source.memo, lints.linter.level_bits()
    counts = memo.of("lint counts", _counts, lints.unwaived, tuple(masks.values()))
    count = lints.unwaived.size
    seen = lints.ever_unwaived if count > QUIET_ROWS else None
    cells = memo.of("lint cells", _cells, count, seen, tuple(masks.values()), source.picked)
    frame = memo.of("lint frame", _frame, source.owner, source.checked.names, cells)
    yield memo.of(_FAMILY, _block, frame, counts, cells)
    yield _account_block(source, masks)


def _account_block(source: Source, masks: Mapping[Level, int]) -> Block:
    found = [it.level for it in source.checked.account_lints if not it.is_waived]
    values = tuple(float(found.count(level)) for level in masks)
    frame = source.frame(_ACCOUNT_FAMILY, ("severity",), _WORDS)
    return source.memo.of(_ACCOUNT_FAMILY, _small, frame, values)


def _small(frame: Frame, values: Sequence[float]) -> Block:
    return Block(FAMILIES[_ACCOUNT_FAMILY], frame, np.array(values))


def _counts(standing: Bits, masks: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Findings by number and level."""
    return np.stack([_ones(standing & np.uint64(mask)) for mask in masks], axis=1)


def _ones(bits: Bits) -> npt.NDArray[np.uint8]:
    """How many bits are set in each."""
    return np.asarray(np.bitwise_count(bits), dtype=np.uint8)


def _cells(count: int, seen: Bits | None, masks: Sequence[int], picked: Rows | None) -> Cells:
    shown = np.ones((count, len(masks)), dtype=np.bool_)
    if seen is not None:
        shown = np.stack([(seen & np.uint64(mask)) != 0 for mask in masks], axis=1)
    if picked is not None:
        hidden = np.ones(count, dtype=np.bool_)
        hidden[picked] = False
        shown[hidden] = False
    return Cells(*np.nonzero(shown))


def _frame(owner: tuple[str, str], names: Sequence[str], cells: Cells) -> Frame:
    numbers, levels = worded(names, cells.rows), worded(_WORDS, cells.levels)
    return account_frame(owner, ("number", "severity"), numbers, levels)


def _block(frame: Frame, counts: npt.NDArray[np.uint8], cells: Cells) -> Block:
    return Block(FAMILIES[_FAMILY], frame, counts[cells.rows, cells.levels].astype(np.float64))
