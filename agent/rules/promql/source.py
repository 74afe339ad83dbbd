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


class Traits(NamedTuple):
    """Of the label sets of one frame."""

    distinct: bool
    """Whether no two are the same."""
    constants: Mapping[str, int]
    """The labels that have one value in all of them."""


def traits(columns: Mapping[str, Codes], rows: int) -> Traits:
    """The traits of ``rows`` label sets."""
    if not rows:
        return Traits(distinct=True, constants={})
    first, _ = group([*columns.values()], rows)
    constants = {
        name: int(codes[0]) for name, codes in columns.items() if bool((codes == codes[0]).all())
    }
    return Traits(first.size == rows, constants)


def differ(frames: Sequence[Traits]) -> bool:
    """Whether the label sets of all ``frames`` surely differ; false when that is not known."""
    if not all(frame.distinct for frame in frames):
        return False
    names = set(frames[0].constants).intersection(*(frame.constants for frame in frames))
    return len({tuple(frame.constants[name] for name in sorted(names)) for frame in frames}) == len(
        frames
    )


class Source(Protocol):
    """Answers selectors as of one instant."""

    symbols: Symbols

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks; whatever moment it asks for is not looked at."""
        ...

    def at(self, when: int) -> "Source":
        """The same series as of another instant, milliseconds since the epoch."""
        ...

    def window(self, selector: Selector, span: Span) -> RangeVector:
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


Families = Mapping[str, tuple[Block, ...]]


def together_of(families: Families) -> list[tuple[Frame, ...]]:
    """Which frames lie in one table: those of the same labels that some family has together."""
    groups: list[dict[Frame, None]] = []
    homes: dict[Frame, dict[Frame, None]] = {}
    for blocks in families.values():
        by_names: dict[frozenset[str], list[Frame]] = {}
        for block in blocks:
            by_names.setdefault(frozenset(block.frame.names), []).append(block.frame)
        for frames in by_names.values():
            home = next((homes[frame] for frame in frames if frame in homes), None)
            if home is None:
                home = {}
                groups.append(home)
            for frame in frames:
                homes.setdefault(frame, home)[frame] = None
    return [tuple(group) for group in groups]


def _former(former: tuple[Block, ...], found: tuple[Block, ...]) -> tuple[Block, ...]:
    same = len(former) == len(found) and all(map(is_, former, found))
    return former if same else found


class Columns:
    """The label columns of frames, encoded once and kept while the frames are in use.

    The frames of a family lie one after the other in one table, so that families over the
    same frames are rows of the same table.
    """

    def __init__(self) -> None:
        self.symbols = Symbols()
        self._encoded: WeakKeyDictionary[Frame, dict[str, Codes]] = WeakKeyDictionary()
        self._traits: WeakKeyDictionary[Frame, Traits] = WeakKeyDictionary()
        self._tables: dict[tuple[Frame, ...], Table] = {}
        self._families: Families = {}

    def families(self, blocks: Iterable[Block]) -> Families:
        """The blocks of each metric: the very tuple of the time before where they are the same."""
        found: dict[str, list[Block]] = {}
        for block in blocks:
            found.setdefault(block.family.name, []).append(block)
        former = self._families
        self._families = {
            name: _former(former.get(name, ()), tuple(members)) for name, members in found.items()
        }
        return self._families

    def tables(self, families: Families) -> Mapping[Frame, tuple[Table, int]]:
        """The table of each frame, and the row at which the frame starts in it."""
        former, self._tables = self._tables, {}
        places: dict[Frame, tuple[Table, int]] = {}
        for together in together_of(families):
            table = former.get(together) or self._table(together)
            self._tables[together] = table
            start = 0
            for frame in together:
                places[frame] = (table, start)
                start += frame.rows
        return places

    def _table(self, frames: tuple[Frame, ...]) -> Table:
        encoded = [self.encoded(frame) for frame in frames]
        names = frames[0].names
        columns = {name: np.concatenate([one[name] for one in encoded]) for name in names}
        distinct = differ([self._traits_of(frame) for frame in frames])
        start = 0
        for frame in frames:
            # Kept as parts of the table, so that the codes are in memory once.
            end = start + frame.rows
            self._encoded[frame] = {name: codes[start:end] for name, codes in columns.items()}
            start = end
        return Table(self.symbols, columns, start, distinct=distinct)

    def _traits_of(self, frame: Frame) -> Traits:
        if frame not in self._traits:
            self._traits[frame] = traits(self._encoded[frame], frame.rows)
        return self._traits[frame]

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
        self._families = columns.families(blocks)
        self._places = columns.tables(self._families)
        self._whole: dict[str, Vector] = {}
        self._selected: dict[Selector, Vector] = {}

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        if selector not in self._selected:
            if selector.name:
                found = matching(self._family(selector.name), selector.matchers).compact()
            else:
                parts = [matching(self._family(name), selector.matchers) for name in self._families]
                found = joined(self.symbols, parts)
            self._selected[selector] = found
        return self._selected[selector]

    def blocks_of(self, name: str) -> tuple[Block, ...]:
        """A metric's blocks; the very same tuple from source to source while they are the same."""
        return self._families.get(name, ())

    def _family(self, name: str) -> Vector:
        if name not in self._whole:
            self._whole[name] = self._gather(name, self.blocks_of(name))
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
