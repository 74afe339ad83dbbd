"""Where an evaluation's samples come from, and the agent's blocks as such a source."""

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from agent.rules.promql.matchers import METRIC_NAME, Matcher
from agent.rules.promql.nodes import Selector
from agent.rules.promql.range_vector import RangeVector, Span
from agent.rules.promql.symbols import Codes, Rows, Symbols, group
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from exporters.block import Block, Frame


class FrameTraits(NamedTuple):
    """Properties of one frame's label sets.

    When one frame of a large table changes, whether all rows of the table are distinct follows
    from the properties of its frames, without looking at every row.
    """

    distinct: bool
    """Whether no two label sets are equal."""
    constants: Mapping[str, int]
    """The labels with one value in all rows, and its code."""


def frame_traits(columns: Mapping[str, Codes], rows: int) -> FrameTraits:
    """The properties of ``rows`` label sets."""
    if not rows:
        return FrameTraits(distinct=True, constants={})
    first, _ = group([*columns.values()], rows)
    constants = {
        name: int(codes[0]) for name, codes in columns.items() if bool((codes == codes[0]).all())
    }
    return FrameTraits(first.size == rows, constants)


def are_distinct(frames: Sequence[FrameTraits]) -> bool:
    """Whether the label sets of all ``frames`` are known to be distinct."""
    if not all(frame.distinct for frame in frames):
        return False
    names = set(frames[0].constants).intersection(*(frame.constants for frame in frames))
    return len({tuple(frame.constants[name] for name in sorted(names)) for frame in frames}) == len(
        frames
    )


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


Families = Mapping[str, tuple[Block, ...]]


def frame_groups(families: Families) -> list[tuple[Frame, ...]]:
    """The frames of each table: frames with the same label names that one family has together."""
    groups: list[dict[Frame, None]] = []
    group_of: dict[Frame, dict[Frame, None]] = {}
    for blocks in families.values():
        by_names: dict[frozenset[str], list[Frame]] = {}
        for block in blocks:
            by_names.setdefault(frozenset(block.frame.names), []).append(block.frame)
        for frames in by_names.values():
            group = next((group_of[frame] for frame in frames if frame in group_of), None)
            if group is None:
                group = {}
                groups.append(group)
            for frame in frames:
                group_of.setdefault(frame, group)[frame] = None
    return [tuple(frames) for frames in groups]


def _former_if_same(former: tuple[Block, ...], blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    same = len(former) == len(blocks) and all(map(is_, former, blocks))
    return former if same else blocks


class Columns:
    """The encoded label columns of frames, cached while the frames are in use.

    The frames of a family follow each other in one table, so that families over the same
    frames are rows of the same table.
    """

    def __init__(self) -> None:
        self.symbols = Symbols()
        self._encoded: WeakKeyDictionary[Frame, dict[str, Codes]] = WeakKeyDictionary()
        self._traits: WeakKeyDictionary[Frame, FrameTraits] = WeakKeyDictionary()
        self._tables: dict[tuple[Frame, ...], Table] = {}
        self._families: Families = {}

    def families(self, blocks: Iterable[Block]) -> Families:
        """The blocks of each metric; the same tuple as before where the blocks are the same."""
        by_name: dict[str, list[Block]] = {}
        for block in blocks:
            by_name.setdefault(block.family.name, []).append(block)
        former = self._families
        self._families = {
            name: _former_if_same(former.get(name, ()), tuple(members))
            for name, members in by_name.items()
        }
        return self._families

    def tables(self, families: Families) -> Mapping[Frame, tuple[Table, int]]:
        """The table of each frame, and its first row in the table."""
        former, self._tables = self._tables, {}
        positions: dict[Frame, tuple[Table, int]] = {}
        for frames in frame_groups(families):
            table = former.get(frames) or self._table(frames)
            self._tables[frames] = table
            start = 0
            for frame in frames:
                positions[frame] = (table, start)
                start += frame.rows
        return positions

    def _table(self, frames: tuple[Frame, ...]) -> Table:
        encoded = [self.encoded(frame) for frame in frames]
        names = frames[0].names
        columns = {name: np.concatenate([codes[name] for codes in encoded]) for name in names}
        distinct = are_distinct([self._traits_of(frame) for frame in frames])
        start = 0
        for frame in frames:
            # Slices of the table, so that the codes are in memory once.
            end = start + frame.rows
            self._encoded[frame] = {name: codes[start:end] for name, codes in columns.items()}
            start = end
        return Table(self.symbols, columns, start, distinct=distinct)

    def _traits_of(self, frame: Frame) -> FrameTraits:
        if frame not in self._traits:
            self._traits[frame] = frame_traits(self._encoded[frame], frame.rows)
        return self._traits[frame]

    def encoded(self, frame: Frame) -> Mapping[str, Codes]:
        """The codes of a frame's labels."""
        if frame not in self._encoded:
            pairs = zip(frame.names, frame.columns, strict=True)
            self._encoded[frame] = {name: self.symbols.encode(column) for name, column in pairs}
        return self._encoded[frame]


class BlockSource:
    """The agent's current series: the time of every sample is the evaluation time."""

    def __init__(self, columns: Columns, blocks: Sequence[Block]) -> None:
        self.symbols = columns.symbols
        self._families = columns.families(blocks)
        self._positions = columns.tables(self._families)
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
            by_table.setdefault(self._positions[block.frame][0], []).append(block)
        metric = self.symbols.derive(name)
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
        start = self._positions[block.frame][1]
        if block.rows is None:
            return np.arange(start, start + block.frame.rows)
        return block.rows + start
