"""Samples of many instants, aligned by series.

At each instant there are parts: values over some rows of a frame of the agent's blocks or of
a result's table. Instants that share these, as they do while no series comes or goes, are
aligned by slices; otherwise series are found by their label sets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.rules.promql.matchers import METRIC_NAME, Matcher
from agent.rules.promql.range_vector import RangeVector, Span, Stretch, Windows, packed
from agent.rules.promql.symbols import Codes, Rows, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Floats, Vector
from exporters.block import Frame

Anchor = Frame | Table
ColumnsOf = Callable[[Anchor], Mapping[str, Codes]]


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """Values of some rows (ascending; ``None`` means all) of an anchor at one instant."""

    anchor: Anchor
    values: Floats
    rows: Rows | None


@dataclass(frozen=True, eq=False, slots=True)
class Tick:
    """One instant, milliseconds since the epoch, and what there was."""

    time: int
    parts: tuple[Part, ...]


def part_of(vector: Vector) -> Part:
    """A result as a part."""
    rows, values = vector.rows, vector.values
    if rows.size > 1 and not (rows[1:] > rows[:-1]).all():
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
    return Part(vector.table, values, None if rows.size == vector.table.rows else rows)


class Alignment:
    """Anchors as one table of distinct series."""

    def __init__(self, symbols: Symbols, anchors: Sequence[Anchor], columns_of: ColumnsOf) -> None:
        self._starts: dict[Anchor, int] = {}
        rows = 0
        for anchor in anchors:
            self._starts[anchor] = rows
            rows += anchor.rows
        whole = _whole(symbols, anchors, columns_of, rows)
        projection = whole.project(whole.names)
        self.table = projection.table
        self._ids = None if projection.table is whole else projection.ids
        self._sorted: dict[Anchor, tuple[Codes, Rows]] = {}

    def places(self, anchor: Anchor, rows: Rows) -> tuple[Rows, Rows]:
        """Which of the table's ``rows`` (ascending) an anchor has, and in which of its own."""
        start = self._starts[anchor]
        if self._ids is None:
            low, high = np.searchsorted(rows, (start, start + anchor.rows))
            return np.arange(low, high), rows[low:high] - start
        if anchor not in self._sorted:
            ids = self._ids[start : start + anchor.rows]
            order = np.argsort(ids, kind="stable")
            self._sorted[anchor] = (ids[order], order)
        ids, order = self._sorted[anchor]
        if not ids.size:
            return order[:0], order[:0]
        places = np.minimum(np.searchsorted(ids, rows), ids.size - 1)
        found = np.flatnonzero(ids[places] == rows)
        return found, order[places[found]]

    def rows_of(self, anchor: Anchor, rows: Rows | None) -> Rows:
        """The table's rows of some of an anchor's."""
        start = self._starts[anchor]
        if self._ids is not None:
            ids = self._ids[start : start + anchor.rows]
            return np.asarray(ids if rows is None else ids[rows], np.intp)
        return np.arange(start, start + anchor.rows) if rows is None else rows + start


def _whole(symbols: Symbols, anchors: Sequence[Anchor], columns_of: ColumnsOf, rows: int) -> Table:
    if len(anchors) == 1 and isinstance(anchors[0], Table):
        return anchors[0]
    encoded = [(columns_of(anchor), np.zeros(anchor.rows, np.int32)) for anchor in anchors]
    names = sorted({name for columns, _ in encoded for name in columns})
    columns = {
        name: np.concatenate([columns.get(name, missing) for columns, missing in encoded])
        for name in names
    }
    return Table(symbols, columns, rows)


Align = Callable[[tuple[Anchor, ...]], Alignment]


def stretch(
    ticks: Sequence[Tick], metric: int, matchers: Sequence[Matcher], align: Align
) -> Stretch:
    """The series of ``ticks`` that all ``matchers`` accept, over time."""
    anchors = tuple(dict.fromkeys(part.anchor for tick in ticks for part in tick.parts))
    alignment = align(anchors)
    rows = _rows(alignment, ticks)
    for matcher in matchers:
        if matcher.label == METRIC_NAME and metric:
            name = alignment.table.symbols.texts[metric]
            rows = rows if matcher.accepts(name) else rows[:0]
        else:
            rows = rows[alignment.table.mask(matcher)[rows]]
    return Stretch(
        alignment.table, rows, metric, len(ticks), lambda picked: _fill(alignment, ticks, picked)
    )


def _rows(alignment: Alignment, ticks: Sequence[Tick]) -> Rows:
    """The table's rows that occur at any instant, ascending."""
    seen = np.zeros(alignment.table.rows, bool)
    done: set[tuple[int, int]] = set()
    for tick in ticks:
        for part in tick.parts:
            key = (id(part.anchor), 0 if part.rows is None else id(part.rows))
            if key not in done:
                done.add(key)
                seen[alignment.rows_of(part.anchor, part.rows)] = True
    return np.flatnonzero(seen)


def _fill(alignment: Alignment, ticks: Sequence[Tick], rows: Rows) -> Windows:
    """The samples of some rows of the table."""
    values = np.full((len(ticks), rows.size), np.nan)
    present = np.zeros(values.shape, bool)
    places: dict[Anchor, tuple[Rows, Rows]] = {}
    for place, tick in enumerate(ticks):
        for part in tick.parts:
            if part.anchor not in places:
                places[part.anchor] = alignment.places(part.anchor, rows)
            targets, own = places[part.anchor]
            targets, picked = _picked(part, targets, own)
            values[place, targets] = picked
            present[place, targets] = True
    return packed(values, present, np.array([tick.time for tick in ticks], np.int64))


def _picked(part: Part, targets: Rows, own: Rows) -> tuple[Rows, Floats]:
    if part.rows is None:
        return targets, part.values[own]
    if not part.rows.size:
        return targets[:0], part.values
    places = np.minimum(np.searchsorted(part.rows, own), part.rows.size - 1)
    found = part.rows[places] == own
    return targets[found], part.values[places[found]]


def steps_of(span: Span, step: int) -> range:
    """The times of a subquery: the multiples of ``step`` within ``span``. Milliseconds."""
    return range(-(-span.first // step) * step, span.end + 1, step)


def matrix_of(
    symbols: Symbols, span: Span, times: Sequence[int], results: Sequence[Vector]
) -> RangeVector:
    """The results of an expression at some times as a range vector."""
    metrics = {result.metric for result in results if result.size}
    metric = metrics.pop() if len(metrics) == 1 else 0
    ticks = [
        Tick(time, _parts(result if metric else result.named()))
        for time, result in zip(times, results, strict=True)
    ]
    found = stretch(ticks, metric, (), lambda anchors: Alignment(symbols, anchors, _columns_of))
    return RangeVector(symbols, span, (found,))


def _columns_of(anchor: Anchor) -> Mapping[str, Codes]:
    assert isinstance(anchor, Table)
    return anchor.columns


def _parts(result: Vector) -> tuple[Part, ...]:
    return (part_of(result),) if result.size else ()
