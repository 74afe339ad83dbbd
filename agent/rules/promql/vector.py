"""Instant vectors: rows of a table with one value each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agent.rules.promql.errors import EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.symbols import Codes, Rows, Symbols
from agent.rules.promql.table import Mask, Table
from exporters.ones import some_of

Floats = npt.NDArray[np.float64]

_FEW = 8
"""Samples are few when their table has more than this many rows for each."""

SAME_LABELSET = "vector cannot contain metrics with the same labelset"


@dataclass(frozen=True, eq=False)
class Vector:
    """An instant vector: one value for each of some rows of a table with distinct rows.

    The metric's name is one code for all samples, 0 when it was dropped. Where samples have
    different names the table has a column ``__name__`` instead.
    """

    table: Table
    rows: Rows
    values: Floats
    metric: int = 0
    stamps: Floats | None = None
    """The time of each sample in seconds; ``None`` means the evaluation time."""

    @property
    def size(self) -> int:
        """The number of samples."""
        return int(self.values.size)

    def where(self, selection: Mask | Rows) -> "Vector":
        """The samples at ``selection``, a mask or indexes."""
        if selection.dtype == np.bool_ and selection.all():
            return self
        stamps = None if self.stamps is None else self.stamps[selection]
        values = some_of(self.values, selection)
        return Vector(self.table, self.rows[selection], values, self.metric, stamps)

    def compact(self) -> "Vector":
        """The same samples; a few out of many rows get a small table of their own."""
        if self.size * _FEW >= self.table.rows:
            return self
        columns = self.table.take(self.rows)
        table = Table(self.table.symbols, columns, self.size, distinct=True)
        return Vector(table, table.all_rows, self.values, self.metric, self.stamps)

    def own(self) -> "Vector":
        """The same samples with a table of their own, however many rows the table has."""
        columns = self.table.take(self.rows)
        table = Table(self.table.symbols, columns, self.size, distinct=True)
        return Vector(table, table.all_rows, self.values, self.metric, self.stamps)

    def with_values(self, values: Floats) -> "Vector":
        """The same series with other values."""
        return replace(self, values=values, stamps=None)

    def translated(self, former: Symbols, symbols: Symbols) -> "Vector":
        """The same samples encoded by other ``symbols``."""
        metric = symbols.code(former.texts[self.metric])
        return replace(self, table=self.table.translated(former, symbols), metric=metric)

    def nameless(self) -> "Vector":
        """The samples without the metric's name.

        Raises:
            EvaluationError: when two series differ in nothing else.
        """
        if METRIC_NAME not in self.table.columns:
            return replace(self, metric=0)
        projection = self.table.without((METRIC_NAME,))
        rows = projection.ids[self.rows].astype(np.intp)
        require_distinct(rows)
        return Vector(projection.table, rows, self.values, 0, self.stamps)

    def named(self) -> "Vector":
        """The samples with the metric's name as a column, so that it can be grouped by."""
        if not self.metric:
            return self
        columns = self.table.take(self.rows)
        columns[METRIC_NAME] = np.full(self.size, self.metric, np.int32)
        table = Table(self.table.symbols, columns, self.size, distinct=True)
        return Vector(table, table.all_rows, self.values, 0, self.stamps)

    def label_columns(self) -> dict[str, list[str]]:
        """The label values of all samples by label name, sorted by name."""
        columns = self.table.take(self.rows)
        if self.metric:
            columns[METRIC_NAME] = np.full(self.size, self.metric, np.int32)
        symbols = self.table.symbols
        return {name: symbols.decode(columns[name]) for name in sorted(columns)}

    def label_sets(self) -> list[dict[str, str]]:
        """The label set of each sample, missing labels left out."""
        columns = self.label_columns()
        names = tuple(columns)
        if not names:
            return [{} for _ in range(self.size)]
        return [
            {name: text for name, text in zip(names, texts, strict=True) if text}
            for texts in zip(*columns.values(), strict=True)
        ]


def require_distinct(rows: Rows) -> None:
    """Require that no row occurs twice.

    Raises:
        EvaluationError: when one does, in Prometheus' words.
    """
    # Not np.unique: its hashing holds the GIL for the whole array.
    ordered = np.sort(rows)
    if (ordered[1:] == ordered[:-1]).any():
        raise EvaluationError(SAME_LABELSET)


def single(symbols: Symbols, labels: dict[str, str], value: float) -> Vector:
    """A vector of one sample."""
    columns = {name: np.array([symbols.derive(text)], np.int32) for name, text in labels.items()}
    table = Table(symbols, columns, 1, distinct=True)
    return Vector(table, table.all_rows, np.array([value], np.float64))


def empty(symbols: Symbols) -> Vector:
    """A vector without samples."""
    table = Table(symbols, {}, 0, distinct=True)
    return Vector(table, table.all_rows, np.empty(0, np.float64))


def joined(symbols: Symbols, parts: Sequence[Vector]) -> Vector:
    """All samples of ``parts``; no two parts may have the same label set."""
    nonempty = [part for part in parts if part.size]
    if not nonempty:
        return empty(symbols)
    first = nonempty[0]
    if len(nonempty) == 1:
        return first
    if all(part.table is first.table and part.metric == first.metric for part in nonempty):
        rows = np.concatenate([part.rows for part in nonempty])
        return Vector(first.table, rows, _concatenated(nonempty), first.metric, _stamps(nonempty))
    metrics = {part.metric for part in nonempty}
    metric = metrics.pop() if len(metrics) == 1 else 0
    table = _table_of([part if metric else part.named() for part in nonempty], symbols)
    return Vector(table, table.all_rows, _concatenated(nonempty), metric, _stamps(nonempty))


def _table_of(parts: Sequence[Vector], symbols: Symbols) -> Table:
    names = sorted({name for part in parts for name in part.table.columns})
    columns: dict[str, Codes] = {
        name: np.concatenate([part.table.column(name)[part.rows] for part in parts])
        for name in names
    }
    return Table(symbols, columns, sum(part.size for part in parts), distinct=True)


def _concatenated(parts: Sequence[Vector]) -> Floats:
    return np.concatenate([part.values for part in parts])


def _stamps(parts: Sequence[Vector]) -> Floats | None:
    known = [part.stamps for part in parts if part.stamps is not None]
    return np.concatenate(known) if len(known) == len(parts) else None
