"""Where an evaluation's samples come from, and the agent's blocks as such a source."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from agent.rules.promql.keys import Rows
from agent.rules.promql.matchers import METRIC_NAME, Matcher
from agent.rules.promql.nodes import Selector
from agent.rules.promql.symbols import Codes, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from agent.rules.promql.windows import Matrix, Span
from exporters.block import Block, Frame


class Source(Protocol):
    """Answers selectors as of one instant."""

    symbols: Symbols

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks; whatever moment it asks for is not looked at."""
        ...

    def at(self, when: int) -> "Source":
        """The same series as of another instant, milliseconds since the epoch."""
        ...

    def window(self, selector: Selector, span: Span) -> Matrix:
        """The samples within ``span`` that ``selector`` picks."""
        ...


def matching(vector: Vector, matchers: Iterable[Matcher]) -> Vector:
    """The samples whose labels all ``matchers`` accept."""
    for matcher in matchers:
        if matcher.label == METRIC_NAME and vector.metric:
            name = vector.table.symbols.texts[vector.metric]
            kept = np.full(vector.size, matcher.accepts(name))
        else:
            kept = vector.table.mask(matcher)[vector.rows]
        vector = vector.where(kept)
    return vector


class Columns:
    """The label columns of frames, encoded once and kept while the frames are in use.

    Frames with the same label names lie one after the other in one table, so that families
    over the same frames are rows of the same table.
    """

    def __init__(self) -> None:
        self.symbols = Symbols()
        self._encoded: WeakKeyDictionary[Frame, dict[str, Codes]] = WeakKeyDictionary()
        self._tables: dict[tuple[str, ...], tuple[tuple[Frame, ...], Table]] = {}

    def tables(self, frames: Iterable[Frame]) -> Mapping[Frame, tuple[Table, int]]:
        """The table of each frame, and the row at which the frame starts in it."""
        grouped: dict[tuple[str, ...], dict[Frame, None]] = {}
        for frame in frames:
            grouped.setdefault(tuple(sorted(frame.names)), {})[frame] = None
        former, self._tables = self._tables, {}
        places: dict[Frame, tuple[Table, int]] = {}
        for names, members in grouped.items():
            together = tuple(members)
            kept = former.get(names)
            table = kept[1] if kept and kept[0] == together else self._table(names, together)
            self._tables[names] = (together, table)
            start = 0
            for frame in together:
                places[frame] = (table, start)
                start += frame.rows
        return places

    def _table(self, names: tuple[str, ...], frames: tuple[Frame, ...]) -> Table:
        encoded = [self.encoded(frame) for frame in frames]
        columns = {name: np.concatenate([one[name] for one in encoded]) for name in names}
        start = 0
        for frame in frames:
            # Kept as parts of the table, so that the codes are in memory once.
            end = start + frame.rows
            self._encoded[frame] = {name: codes[start:end] for name, codes in columns.items()}
            start = end
        return Table(self.symbols, columns, start)

    def encoded(self, frame: Frame) -> Mapping[str, Codes]:
        """The codes of a frame's labels."""
        if frame not in self._encoded:
            pairs = zip(frame.names, frame.columns, strict=True)
            self._encoded[frame] = {name: self.symbols.encode(column) for name, column in pairs}
        return self._encoded[frame]


class BlockSource:
    """The agent's own series as of now: every sample counts as taken at the evaluation."""

    def __init__(self, columns: Columns, blocks: Sequence[Block]) -> None:
        self.symbols = columns.symbols
        self._places = columns.tables(block.frame for block in blocks)
        self._families: dict[str, list[Block]] = {}
        for block in blocks:
            self._families.setdefault(block.family.name, []).append(block)
        self._whole: dict[str, Vector] = {}
        self._selected: dict[Selector, Vector] = {}

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        if selector not in self._selected:
            if selector.name:
                found = matching(self._family(selector.name), selector.matchers)
            else:
                parts = [matching(self._family(name), selector.matchers) for name in self._families]
                found = joined(self.symbols, parts)
            self._selected[selector] = found
        return self._selected[selector]

    def _family(self, name: str) -> Vector:
        if name not in self._whole:
            self._whole[name] = self._gather(name, self._families.get(name, []))
        return self._whole[name]

    def _gather(self, name: str, blocks: Sequence[Block]) -> Vector:
        by_table: dict[Table, list[Block]] = {}
        for block in blocks:
            by_table.setdefault(self._places[block.frame][0], []).append(block)
        metric = self.symbols.code(name)
        parts = [self._rows(table, members, metric) for table, members in by_table.items()]
        return joined(self.symbols, parts) if parts else empty(self.symbols)

    def _rows(self, table: Table, blocks: Sequence[Block], metric: int) -> Vector:
        rows = np.concatenate([self._rows_of(block) for block in blocks])
        values = np.concatenate([block.values for block in blocks])
        projection = table.project(table.names)
        if projection.table is not table:
            rows, first = np.unique(projection.ids[rows].astype(np.intp), return_index=True)
            values = values[first]
        return Vector(projection.table, rows, values, metric)

    def _rows_of(self, block: Block) -> Rows:
        start = self._places[block.frame][1]
        if block.rows is None:
            return np.arange(start, start + block.frame.rows)
        return block.rows + start
