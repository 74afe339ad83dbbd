"""Samples of many instants, aligned by series.

At each instant there are parts: values over some rows of a frame of the agent's blocks or of
a result's table. Instants that share these, as they do while no series comes or goes, are
aligned by slices; otherwise series are found by their label sets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.rules.promql.budget import charge_samples
from agent.rules.promql.matchers import METRIC_NAME, Matcher
from agent.rules.promql.range_vector import RangePart, RangeVector, Span, Windows, packed
from agent.rules.promql.symbols import Codes, Rows, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Floats, Vector
from exporters.block import Frame

LabelSets = Frame | Table
ColumnsOf = Callable[[LabelSets], Mapping[str, Codes]]


@dataclass(frozen=True, eq=False, slots=True)
class InstantPart:
    """Values of some rows (ascending; ``None`` means all) of some label sets at one instant."""

    labels: LabelSets
    values: Floats
    rows: Rows | None


@dataclass(frozen=True, eq=False, slots=True)
class Tick:
    """One instant, milliseconds since the epoch, and its samples."""

    time: int
    parts: tuple[InstantPart, ...]


def part_of(vector: Vector) -> InstantPart:
    """The samples of ``vector`` as a part."""
    rows, values = vector.rows, vector.values
    if rows.size > 1 and not (rows[1:] > rows[:-1]).all():
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
    return InstantPart(vector.table, values, None if rows.size == vector.table.rows else rows)


class Alignment:
    """Several label sets as one table of distinct series."""

    def __init__(
        self, symbols: Symbols, label_sets: Sequence[LabelSets], columns_of: ColumnsOf
    ) -> None:
        self._starts: dict[LabelSets, int] = {}
        rows = 0
        for labels in label_sets:
            self._starts[labels] = rows
            rows += labels.rows
        combined = _combined_table(symbols, label_sets, columns_of, rows)
        projection = combined.project(combined.names)
        self.table = projection.table
        self._ids = None if projection.table is combined else projection.ids
        self._sorted: dict[LabelSets, tuple[Codes | Rows, Rows]] = {}

    def places(self, labels: LabelSets, rows: Rows) -> tuple[Rows, Rows]:
        """Which of the table's ``rows`` (ascending) are in ``labels``, and its rows of them."""
        start = self._starts[labels]
        if self._ids is None:
            low, high = np.searchsorted(rows, (start, start + labels.rows))
            return np.arange(low, high), rows[low:high] - start
        if labels not in self._sorted:
            ids = self._ids[start : start + labels.rows]
            order = np.argsort(ids, kind="stable")
            self._sorted[labels] = (ids[order], order)
        ids, order = self._sorted[labels]
        if not ids.size:
            return order[:0], order[:0]
        places = np.minimum(np.searchsorted(ids, rows), ids.size - 1)
        present = np.flatnonzero(ids[places] == rows)
        return present, order[places[present]]

    def rows_of(self, labels: LabelSets, rows: Rows | None) -> Rows:
        """The table's rows for some rows of ``labels``; ``None`` means all."""
        start = self._starts[labels]
        if self._ids is not None:
            ids = self._ids[start : start + labels.rows]
            return np.asarray(ids if rows is None else ids[rows], np.intp)
        return np.arange(start, start + labels.rows) if rows is None else rows + start


def _combined_table(
    symbols: Symbols, label_sets: Sequence[LabelSets], columns_of: ColumnsOf, rows: int
) -> Table:
    if len(label_sets) == 1 and isinstance(label_sets[0], Table):
        return label_sets[0]
    encoded = [(columns_of(labels), np.zeros(labels.rows, np.int32)) for labels in label_sets]
    names = sorted({name for columns, _ in encoded for name in columns})
    columns = {
        name: np.concatenate([columns.get(name, missing) for columns, missing in encoded])
        for name in names
    }
    return Table(symbols, columns, rows)


Align = Callable[[tuple[LabelSets, ...]], Alignment]


def range_part(
    ticks: Sequence[Tick], metric: int, matchers: Sequence[Matcher], align: Align
) -> RangePart:
    """The series of ``ticks`` that all ``matchers`` accept."""
    label_sets = tuple(dict.fromkeys(part.labels for tick in ticks for part in tick.parts))
    alignment = align(label_sets)
    rows = _rows(alignment, ticks)
    for matcher in matchers:
        if matcher.label == METRIC_NAME and metric:
            name = alignment.table.symbols.texts[metric]
            rows = rows if matcher.accepts(name) else rows[:0]
        else:
            rows = rows[alignment.table.mask(matcher)[rows]]
    return RangePart(
        alignment.table,
        rows,
        metric,
        len(ticks),
        lambda selection: _fill(alignment, ticks, selection),
    )


def _rows(alignment: Alignment, ticks: Sequence[Tick]) -> Rows:
    """The table's rows that have a sample at any instant, ascending."""
    present = np.zeros(alignment.table.rows, bool)
    done: set[tuple[int, int]] = set()
    for tick in ticks:
        for part in tick.parts:
            key = (id(part.labels), 0 if part.rows is None else id(part.rows))
            if key not in done:
                done.add(key)
                present[alignment.rows_of(part.labels, part.rows)] = True
    return np.flatnonzero(present)


def _fill(alignment: Alignment, ticks: Sequence[Tick], rows: Rows) -> Windows:
    """The samples of ``rows`` of the table."""
    # Every instant has a place for every series, also where each has a series of its own.
    charge_samples(len(ticks) * int(rows.size))
    values = np.full((len(ticks), rows.size), np.nan)
    present = np.zeros(values.shape, bool)
    places: dict[LabelSets, tuple[Rows, Rows]] = {}
    for place, tick in enumerate(ticks):
        for part in tick.parts:
            if part.labels not in places:
                places[part.labels] = alignment.places(part.labels, rows)
            targets, own = places[part.labels]
            targets, samples = _samples_at(part, targets, own)
            values[place, targets] = samples
            present[place, targets] = True
    return packed(values, present, np.array([tick.time for tick in ticks], np.int64))


def _samples_at(part: InstantPart, targets: Rows, own: Rows) -> tuple[Rows, Floats]:
    if part.rows is None:
        return targets, part.values[own]
    if not part.rows.size:
        return targets[:0], part.values
    places = np.minimum(np.searchsorted(part.rows, own), part.rows.size - 1)
    sampled = part.rows[places] == own
    return targets[sampled], part.values[places[sampled]]


def subquery_times(span: Span, step: int) -> range:
    """The evaluation times (milliseconds) of a subquery: multiples of ``step`` in ``span``."""
    return range(-(-span.first // step) * step, span.end + 1, step)


def subquery_range(
    symbols: Symbols, span: Span, times: Sequence[int], results: Sequence[Vector]
) -> RangeVector:
    """The results of an expression at ``times`` as a range vector."""
    metrics = {result.metric for result in results if result.size}
    metric = metrics.pop() if len(metrics) == 1 else 0
    ticks = [
        Tick(time, _parts(result if metric else result.named()))
        for time, result in zip(times, results, strict=True)
    ]
    part = range_part(
        ticks, metric, (), lambda label_sets: Alignment(symbols, label_sets, _columns_of)
    )
    return RangeVector(symbols, span, (part,))


def _columns_of(labels: LabelSets) -> Mapping[str, Codes]:
    assert isinstance(labels, Table)
    return labels.columns


def _parts(result: Vector) -> tuple[InstantPart, ...]:
    return (part_of(result),) if result.size else ()
