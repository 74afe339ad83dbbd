"""Where an evaluation's samples come from, and the agent's blocks as such a source."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from agent.rules.promql.frame_columns import FrameColumns
from agent.rules.promql.matchers import METRIC_NAME, Matcher
from agent.rules.promql.nodes import Selector
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.symbols import Rows, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Floats, Vector, empty, joined
from exporters.block import Block
from exporters.ones import are_ones, ones, zeros


class Source(Protocol):
    """Returns the samples of selectors at one instant."""

    symbols: Symbols

    def select(self, selector: Selector) -> Vector:
        """The samples of the series that ``selector`` selects; its time modifier is ignored."""
        ...

    def at(self, when: int) -> "Source":
        """The same series at another time, milliseconds since the epoch."""
        ...

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` of the series that ``selector`` selects."""
        ...


def matching(vector: Vector, matchers: Iterable[Matcher]) -> Vector:
    """The samples of ``vector`` whose labels all ``matchers`` accept."""
    for matcher in matchers:
        if matcher.label == METRIC_NAME and vector.metric:
            name = vector.table.symbols.texts[vector.metric]
            accepted = np.full(vector.size, matcher.accepts(name))
        else:
            accepted = vector.table.mask(matcher)[vector.rows]
        vector = vector.where(accepted)
    return vector


class BlockSource:
    """The agent's current series: the time of every sample is the evaluation time."""

    def __init__(self, columns: FrameColumns, blocks: Sequence[Block]) -> None:
        self.symbols = columns.symbols
        self._families = columns.families(blocks)
        self._places = columns.tables(self._families)
        self._whole: dict[str, Vector] = {}
        self._selected: dict[Selector, Vector] = {}

    def select(self, selector: Selector) -> Vector:
        """The samples of the series that ``selector`` selects."""
        if selector not in self._selected:
            if selector.name:
                vector = matching(self._family(selector.name), selector.matchers).compact()
            else:
                parts = [matching(self._family(name), selector.matchers) for name in self._families]
                vector = joined(self.symbols, parts)
            self._selected[selector] = vector
        return self._selected[selector]

    def blocks_of(self, name: str) -> tuple[Block, ...]:
        """A metric's blocks; the same tuple in every source while the blocks are the same."""
        return self._families.get(name, ())

    def _family(self, name: str) -> Vector:
        if name not in self._whole:
            self._whole[name] = self._gather(name, self.blocks_of(name))
        return self._whole[name]

    def _gather(self, name: str, blocks: Sequence[Block]) -> Vector:
        by_table: dict[Table, list[Block]] = {}
        for block in blocks:
            by_table.setdefault(self._places[block.frame][0], []).append(block)
        metric = self.symbols.derive(name)
        parts = [self._rows(table, members, metric) for table, members in by_table.items()]
        return joined(self.symbols, parts) if parts else empty(self.symbols)

    def _rows(self, table: Table, blocks: Sequence[Block], metric: int) -> Vector:
        rows, values = self._rows_of(table, blocks), _values_of(blocks)
        projection = table.project(table.names)
        if projection.table is not table:
            rows, first = np.unique(projection.ids[rows].astype(np.intp), return_index=True)
            values = values[first]
        return Vector(projection.table, rows, values, metric)

    def _rows_of(self, table: Table, blocks: Sequence[Block]) -> Rows:
        starts = [self._places[block.frame].start for block in blocks]
        is_whole = all(block.rows is None for block in blocks) and starts == sorted(starts)
        if is_whole and sum(block.size for block in blocks) == table.rows:
            # All rows of the table: one array for all families that have them.
            return table.all_rows
        return np.concatenate(
            [
                np.arange(start, start + block.frame.rows)
                if block.rows is None
                else block.rows + start
                for block, start in zip(blocks, starts, strict=True)
            ]
        )


def _values_of(blocks: Sequence[Block]) -> Floats:
    if all(are_ones(block.values) for block in blocks):
        return ones(sum(block.size for block in blocks))
    values = np.concatenate([block.values for block in blocks])
    # By their bits: a zero below zero is another value to some functions.
    return values if values.view(np.int64).any() else zeros(values.size)
