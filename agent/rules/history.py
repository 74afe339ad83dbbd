"""The samples of former evaluations, which range selectors and offsets read.

They are stored by metric, for as long as some rule needs them. A tick refers to the blocks' own
arrays, so that series that do not change from poll to poll are in memory once, and adding a
tick copies nothing. A series that is absent at a tick has a gap there.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import is_
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.rules.promql.alignment import (
    Alignment,
    InstantPart,
    LabelSets,
    Tick,
    part_of,
    range_part,
)
from agent.rules.promql.frame_columns import FrameColumns
from agent.rules.promql.nodes import NOW, Node, Range, Selector, Subquery, TimeModifier, children_of
from agent.rules.promql.over_time import last_over_time
from agent.rules.promql.range_vector import RangePart, RangeVector, Span
from agent.rules.promql.symbols import Codes, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, joined
from exporters.block import Block

LOOKBACK = 300_000
"""Milliseconds after which a sample is stale for an instant query (Prometheus' default)."""
ANY_METRIC = ""
"""The metric's name for selectors that have none."""


def retention_of(nodes: Iterable[Node], before: int = 0) -> Mapping[str, int]:
    """By metric: for how many milliseconds ``nodes`` need its samples.

    The nodes may be evaluated at times up to ``before`` milliseconds ago.
    """
    retention: dict[str, int] = {}
    for node in nodes:
        for name, length in _walk(node, before):
            retention[name] = max(retention.get(name, 0), length)
    return retention


def _walk(node: Node, before: int) -> Iterable[tuple[str, int]]:
    """Metrics and milliseconds that a node needs when it is evaluated up to ``before`` ago."""
    match node:
        case Selector():
            if before or node.modifier != NOW:
                yield node.name, _base(node.modifier, before) + LOOKBACK
        case Range():
            yield node.selector.name, _base(node.selector.modifier, before) + node.length
        case Subquery():
            yield from _walk(node.operand, _base(node.modifier, before) + node.length)
        case _:
            for child in children_of(node):
                yield from _walk(child, before)


def _base(modifier: TimeModifier, before: int) -> int:
    # @ start() and @ end() mean the evaluation time itself, however deep they are nested.
    return max(0, modifier.offset + (before if modifier.at is None else 0))


def has_fixed_time(node: Node) -> bool:
    """Whether a node selects samples at a fixed time (``@ 1700000000``), at any depth."""
    modifier = node.modifier if isinstance(node, Selector | Subquery) else NOW
    return isinstance(modifier.at, int) or any(map(has_fixed_time, children_of(node)))


_BLOCKS = ""
"""The writer of series that come from blocks; other writers are rules."""


class _MetricTicks:
    """The ticks of one metric by one writer, and the last alignment of their series."""

    def __init__(self) -> None:
        self.ticks: deque[Tick] = deque()
        self.alignment: tuple[tuple[LabelSets, ...], Alignment] | None = None

    def add(self, time: int, parts: tuple[InstantPart, ...], oldest: int) -> None:
        while self.ticks and self.ticks[0].time < oldest:
            self.ticks.popleft()
        former = self.ticks[-1].parts if self.ticks else ()
        with_former_arrays = tuple(
            _with_shared_arrays(part, former[place] if place < len(former) else None)
            for place, part in enumerate(parts)
        )
        if len(parts) == len(former) and all(map(is_, with_former_arrays, former)):
            with_former_arrays = former
        self.ticks.append(Tick(time, with_former_arrays))


class History:
    """Ticks by metric and writer.

    Args:
        columns: Encodes the labels of frames.
        retention: By metric: for how many milliseconds its ticks are stored.
        floor: The retention of all other metrics.
    """

    def __init__(self, columns: FrameColumns, retention: Mapping[str, int], floor: int = 0) -> None:
        self._columns = columns
        self._retention = retention
        self._floor = max(floor, retention.get(ANY_METRIC, 0))
        self._writers: dict[str, dict[str, _MetricTicks]] = {}

    def retention(self, name: str) -> int:
        """For how many milliseconds ticks of a metric are stored; "" is any other metric."""
        return max(self._floor, self._retention.get(name, 0))

    def add_blocks(self, now: int, blocks: Sequence[Block]) -> None:
        """Add a tick of ``blocks`` at ``now``, milliseconds since the epoch."""
        parts: dict[str, list[InstantPart]] = {
            name: [] for name, writers in self._writers.items() if _BLOCKS in writers
        }
        for block in blocks:
            if self.retention(block.family.name):
                part = InstantPart(block.frame, block.values, block.rows)
                parts.setdefault(block.family.name, []).append(part)
        for name, members in parts.items():
            self._ticks_of(name, _BLOCKS).add(now, tuple(members), now - self.retention(name))

    def add_result(self, rule: str, name: str, now: int, result: Vector) -> None:
        """Add a tick of a rule's result for the metric ``name`` at ``now``."""
        if self.retention(name):
            parts = (part_of(result),) if result.size else ()
            self._ticks_of(name, rule).add(now, parts, now - self.retention(name))

    def _ticks_of(self, name: str, writer: str) -> _MetricTicks:
        return self._writers.setdefault(name, {}).setdefault(writer, _MetricTicks())

    def stores(self, name: str) -> bool:
        """Whether ticks of a metric are stored at all."""
        return bool(self.retention(name))

    def vector(self, selector: Selector, when: int) -> Vector:
        """The newest samples at ``when``, milliseconds since the epoch, that are not stale then."""
        parts = []
        for name, stored in self._selected(selector):
            newest = next((tick for tick in reversed(stored.ticks) if tick.time <= when), None)
            if newest is not None and when - newest.time < LOOKBACK:
                parts.append(self._instant(name, stored, newest, selector))
        return joined(self._columns.symbols, parts)

    def _instant(self, name: str, stored: _MetricTicks, tick: Tick, selector: Selector) -> Vector:
        samples = self._range_part(name, stored, [tick], selector).reduced(last_over_time, 1)
        stamps = np.full(samples.size, tick.time / 1000)
        return Vector(samples.table, samples.rows, samples.values, samples.metric, stamps)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span``."""
        parts = []
        for name, stored in self._selected(selector):
            ticks = [tick for tick in stored.ticks if span.first <= tick.time <= span.end]
            if any(tick.parts for tick in ticks):
                parts.append(self._range_part(name, stored, ticks, selector))
        return RangeVector(self._columns.symbols, span, parts)

    def _selected(self, selector: Selector) -> Iterator[tuple[str, _MetricTicks]]:
        names = [selector.name] if selector.name else list(self._writers)
        return ((name, stored) for name in names for stored in self._writers.get(name, {}).values())

    def _range_part(
        self, name: str, stored: _MetricTicks, ticks: Sequence[Tick], selector: Selector
    ) -> RangePart:
        def align(label_sets: tuple[LabelSets, ...]) -> Alignment:
            if stored.alignment is None or stored.alignment[0] != label_sets:
                alignment = Alignment(self._columns.symbols, label_sets, self._columns_of)
                stored.alignment = (label_sets, alignment)
            return stored.alignment[1]

        return range_part(ticks, self._columns.symbols.derive(name), selector.matchers, align)

    def _columns_of(self, labels: LabelSets) -> Mapping[str, Codes]:
        return labels.columns if isinstance(labels, Table) else self._columns.encoded(labels)

    def retain(self, retention: Mapping[str, int], rules: frozenset[str]) -> None:
        """Store from now on by another ``retention``, and only results of ``rules``."""
        self._retention = retention
        for name in list(self._writers):
            writers = self._writers[name] if self.retention(name) else {}
            remaining = {one: writers[one] for one in writers if one in rules or one == _BLOCKS}
            self._writers[name] = remaining
            if not remaining:
                del self._writers[name]

    def renew(self, columns: FrameColumns) -> None:
        """Encode everything anew by ``columns.symbols``."""
        former, self._columns = self._columns.symbols, columns
        tables: dict[Table, Table] = {}
        translate = partial(_translated, former=former, symbols=columns.symbols, tables=tables)
        for stored in self._all_ticks():
            stored.alignment = None
            stored.ticks = deque(
                Tick(
                    tick.time,
                    tuple(map(translate, tick.parts)),
                )
                for tick in stored.ticks
            )

    def shift(self, step: int) -> None:
        """Restate the time of every tick after the wall clock was set by ``step`` milliseconds."""
        for stored in self._all_ticks():
            stored.ticks = deque(Tick(tick.time + step, tick.parts) for tick in stored.ticks)

    def _all_ticks(self) -> Iterator[_MetricTicks]:
        return (stored for writers in self._writers.values() for stored in writers.values())

    def bytes(self) -> int:
        """The memory of the stored samples in bytes, including those that blocks share."""
        arrays: dict[int, int] = {}
        for stored in self._all_ticks():
            for tick in stored.ticks:
                for array in _arrays(tick.parts):
                    arrays[id(array)] = array.nbytes
        return sum(arrays.values())


def _arrays(parts: Iterable[InstantPart]) -> Iterator[npt.NDArray[Any]]:
    for part in parts:
        yield part.values
        if part.rows is not None:
            yield part.rows
        if isinstance(part.labels, Table):
            yield from part.labels.columns.values()


def _with_shared_arrays(part: InstantPart, former: InstantPart | None) -> InstantPart:
    """``part`` with the arrays of the former tick where they are equal; ``former`` if all are."""
    if former is None:
        return part
    labels = former.labels if _same_table(part.labels, former.labels) else part.labels
    values = former.values if np.array_equal(part.values, former.values) else part.values
    rows = part.rows
    if rows is not None and former.rows is not None and np.array_equal(rows, former.rows):
        rows = former.rows
    if labels is former.labels and values is former.values and rows is former.rows:
        return former
    return InstantPart(labels, values, rows)


def _same_table(left: LabelSets, right: LabelSets) -> bool:
    if left is right or not (isinstance(left, Table) and isinstance(right, Table)):
        return left is right
    return left.names == right.names and all(
        np.array_equal(left.columns[name], right.columns[name]) for name in left.names
    )


def _translated(
    part: InstantPart, former: Symbols, symbols: Symbols, tables: dict[Table, Table]
) -> InstantPart:
    if not isinstance(part.labels, Table):
        return part
    if part.labels not in tables:
        tables[part.labels] = part.labels.translated(former, symbols)
    return InstantPart(tables[part.labels], part.values, part.rows)
