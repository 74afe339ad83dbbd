"""The label columns of frames, encoded and joined to tables.

Frames that one family has together follow each other in one table. When some of them change, the
rest of the table is copied in a few pieces, and what is known of its frames stays known; with ten
thousand accounts there are as many frames in each table, so nothing here is done frame by frame
unless it is about frames that are new.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from agent.rules.promql.row_numbers import first_rows
from agent.rules.promql.symbols import Codes, KnownTexts, Rows, Symbols, narrowed, pack
from agent.rules.promql.table import Table
from exporters.block import Block, Frame

Families = Mapping[str, tuple[Block, ...]]
Flags = npt.NDArray[np.bool_]

_VARIES = -1
"""Stands for the code of a label that differs from row to row."""


class Place(NamedTuple):
    """Where a frame is in a table."""

    table: Table
    start: int
    """Its first row."""
    position: int
    """Its position among the table's frames."""


@dataclass(frozen=True, eq=False)
class _Layout:
    """A table, and what is known of the frames that it consists of.

    Whether all rows of the table are distinct follows from that, without looking at every row.
    """

    frames: tuple[Frame, ...]
    table: Table
    starts: Rows
    """The first row of each frame, and at the end the number of rows."""
    constants: npt.NDArray[np.int32]
    """By label and frame the code of a label that all rows have, else ``_VARIES``."""
    distinct: Flags
    """By frame whether no two of its rows are equal."""


class _Part(NamedTuple):
    """Some consecutive frames of a table to be."""

    columns: Sequence[Codes]
    """By label."""
    constants: npt.NDArray[np.int32]
    distinct: Flags


class FrameColumns:
    """The tables of the frames in use, encoded by one symbol table."""

    def __init__(self) -> None:
        self.symbols = Symbols()
        self._families: Families = {}
        self._layouts: dict[tuple[Frame, ...], _Layout] = {}
        self._by_table: dict[Table, _Layout] = {}
        self._places: Mapping[Frame, Place] = {}
        self._known_texts = KnownTexts()
        """While tables are made."""
        self._groups: dict[str, tuple[tuple[Block, ...], list[tuple[Frame, ...]]]] = {}
        self._encoded: WeakKeyDictionary[Frame, dict[str, Codes]] = WeakKeyDictionary()
        """The codes of frames that are in no table: those of the history."""

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

    def tables(self, families: Families) -> Mapping[Frame, Place]:
        """The place of each frame; not changed by later calls."""
        former, self._layouts = self._layouts, {}
        self._known_texts = KnownTexts()
        groups = _united(self._frames_of(families))
        # The longest first, so that the row numbers of all others are slices of its own.
        first_rows(max((sum(it.rows for it in frames) for frames in groups), default=0))
        for frames in groups:
            self._layouts[frames] = former.get(frames) or self._layout(frames, former)
        self._known_texts = KnownTexts()
        if former.keys() != self._layouts.keys():
            self._by_table = {layout.table: layout for layout in self._layouts.values()}
            self._places = {
                frame: Place(layout.table, start, position)
                for layout in self._layouts.values()
                for position, (frame, start) in enumerate(
                    zip(layout.frames, layout.starts.tolist(), strict=False)
                )
            }
        return self._places

    def encoded(self, frame: Frame) -> Mapping[str, Codes]:
        """The codes of a frame's labels."""
        place = self._places.get(frame)
        if place is not None:
            rows = slice(place.start, place.start + frame.rows)
            return {name: codes[rows] for name, codes in place.table.columns.items()}
        if frame not in self._encoded:
            pairs = zip(frame.names, frame.columns, strict=True)
            self._encoded[frame] = {name: self.symbols.encode(column) for name, column in pairs}
        return self._encoded[frame]

    def _frames_of(self, families: Families) -> Iterator[tuple[Frame, ...]]:
        """The frames of each family that have the same label names."""
        former, self._groups = self._groups, {}
        for name, blocks in families.items():
            known = former.get(name)
            if known is None or known[0] is not blocks:
                known = blocks, list(_by_names(blocks))
            self._groups[name] = known
            yield from known[1]

    def _layout(
        self, frames: tuple[Frame, ...], former: Mapping[tuple[Frame, ...], _Layout]
    ) -> _Layout:
        names = sorted(frames[0].names)
        parts = list(self._parts(frames, names))
        constants = np.concatenate([part.constants for part in parts], axis=1)
        distinct = np.concatenate([part.distinct for part in parts])
        others = [*self._layouts.values(), *former.values()]
        columns = {}
        for label, name in enumerate(names):
            shared = _column_of_others(others, frames, name)
            pieces = [part.columns[label] for part in parts]
            columns[name] = narrowed(np.concatenate(pieces)) if shared is None else shared
        starts = _starts(frames)
        rows = int(starts[-1])
        table = Table(
            self.symbols, columns, rows, distinct=_are_distinct(constants, distinct, len(frames))
        )
        return _Layout(frames, table, starts, constants, distinct)

    def _parts(self, frames: Sequence[Frame], names: Sequence[str]) -> Iterator[_Part]:
        """The frames in pieces: those that followed each other in a table before, and new ones."""
        fresh: list[Frame] = []
        first: Place | None = None
        count = 0
        for frame in frames:
            place = self._places.get(frame)
            if first is not None:
                if place is not None and _follows(place, first, count):
                    count += 1
                    continue
                yield self._former_part(first, count)
                first = None
            if place is None:
                fresh.append(frame)
                continue
            if fresh:
                yield self._new_part(fresh, names)
                fresh = []
            first, count = place, 1
        if first is not None:
            yield self._former_part(first, count)
        if fresh:
            yield self._new_part(fresh, names)

    def _former_part(self, first: Place, count: int) -> _Part:
        layout = self._by_table[first.table]
        frames = slice(first.position, first.position + count)
        rows = slice(first.start, int(layout.starts[frames.stop]))
        columns = [codes[rows] for codes in layout.table.columns.values()]
        return _Part(columns, layout.constants[:, frames], layout.distinct[frames])

    def _new_part(self, frames: Sequence[Frame], names: Sequence[str]) -> _Part:
        columns = [
            self.symbols.encode_all([_column(it, name) for it in frames], self._known_texts)
            for name in names
        ]
        starts = _starts(frames)
        return _Part(columns, _constants(columns, starts), _distinct(columns, starts))


def _former_if_same(former: tuple[Block, ...], blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    same = len(former) == len(blocks) and all(map(is_, former, blocks))
    return former if same else blocks


def _by_names(blocks: Iterable[Block]) -> Iterator[tuple[Frame, ...]]:
    """The frames of ``blocks`` by their label names, whose order does not matter."""
    by_names: dict[tuple[str, ...], list[Frame]] = {}
    for block in blocks:
        frame = block.frame
        by_names.setdefault(frame.names, []).append(frame)
    by_label_set: dict[frozenset[str], list[list[Frame]]] = {}
    for names, frames in by_names.items():
        by_label_set.setdefault(frozenset(names), []).append(frames)
    return (tuple(chain.from_iterable(lists)) for lists in by_label_set.values())


def _united(lists: Iterable[tuple[Frame, ...]]) -> list[tuple[Frame, ...]]:
    """The frames of each table: lists that have a frame in common are one."""
    groups: list[dict[Frame, None]] = []
    group_of: dict[Frame, dict[Frame, None]] = {}
    for frames in lists:
        group = next((group_of[frame] for frame in frames if frame in group_of), None)
        if group is None:
            group = {}
            groups.append(group)
        for frame in frames:
            group_of.setdefault(frame, group)[frame] = None
    return [tuple(frames) for frames in groups]


def _follows(place: Place, first: Place, count: int) -> bool:
    return place.table is first.table and place.position == first.position + count


def _starts(frames: Sequence[Frame]) -> Rows:
    sizes = np.fromiter((frame.rows for frame in frames), np.intp, len(frames))
    return np.concatenate((np.zeros(1, np.intp), np.cumsum(sizes)))


def _column(frame: Frame, name: str) -> Sequence[str]:
    return frame.columns[frame.names.index(name)]


def _column_of_others(
    layouts: Iterable[_Layout], frames: Sequence[Frame], name: str
) -> Codes | None:
    """The codes of a label where another table has it of the very same columns of texts.

    Tables about the same numbers differ in one label, such as a state.
    """
    for layout in layouts:
        if len(layout.frames) != len(frames) or name not in layout.table.columns:
            continue
        pairs = zip(layout.frames, frames, strict=True)
        if all(_column(one, name) is _column(other, name) for one, other in pairs):
            return layout.table.columns[name]
    return None


def _constants(columns: Sequence[Codes], starts: Rows) -> npt.NDArray[np.int32]:
    """By label and frame the code that all rows of the frame have, else ``_VARIES``."""
    count = starts.size - 1
    constants = np.full((len(columns), count), _VARIES, np.int32)
    (filled,) = np.nonzero(np.diff(starts))
    if filled.size:
        firsts = starts[filled]
        for label, codes in enumerate(columns):
            lowest = np.minimum.reduceat(codes, firsts)
            same = lowest == np.maximum.reduceat(codes, firsts)
            constants[label, filled] = np.where(same, lowest, _VARIES)
    return constants


def _distinct(columns: Sequence[Codes], starts: Rows) -> Flags:
    """By frame whether no two of its rows are equal."""
    count, rows = starts.size - 1, int(starts[-1])
    if _no_two_equal(columns, rows):
        return np.ones(count, bool)
    frames = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    flags = (
        _no_two_equal([codes[low:high] for codes in columns], high - low) for low, high in frames
    )
    return np.fromiter(flags, bool, count)


def _no_two_equal(columns: Sequence[Codes], rows: int) -> bool:
    if not columns:
        return rows <= 1
    keys = pack(columns, rows)
    # Rows mostly come in the order in which their texts got codes: nothing to sort.
    if (keys[1:] > keys[:-1]).all():
        return True
    keys.sort()
    return bool((keys[1:] != keys[:-1]).all())


def _are_distinct(constants: npt.NDArray[np.int32], distinct: Flags, count: int) -> bool:
    """Whether all rows of ``count`` frames are known to be distinct."""
    if not distinct.all():
        return False
    in_all = constants[(constants != _VARIES).all(axis=1)]
    return _no_two_equal([*in_all], count)
