"""Results of range queries: one series per label set, a point for every step with a sample."""

from array import array
from collections.abc import Iterator
from heapq import merge
from itertools import repeat
from sys import getsizeof
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from agent.rules.promql.range_vector import RangePart, RangeVector
from agent.rules.promql.vector import Vector

if TYPE_CHECKING:
    from agent.rules.promql.table import Table

MAX_POINTS = 1_000_000
"""The most points in one result: at some 30 bytes each, as much as a browser can take."""

MAX_SERIES = 100_000
"""The most series in one result."""
_CHUNK = 2000
_MAX_TABLES = 16
"""Functions that write labels make a table at each step; more than so many are not remembered."""
_SEPARATOR = "\x00"


class TooLargeError(Exception):
    """The result would be too large; the text says how to ask for less."""


class Series(msgspec.Struct, gc=False):
    """One label set and its points, in order of time.

    The garbage collector does not traverse it: a million points would block all threads.
    """

    key: str
    times: "array[float]"
    values: "array[float]"

    @property
    def labels(self) -> dict[str, str]:
        """The labels, sorted by name."""
        texts = self.key.split(_SEPARATOR) if self.key else []
        return dict(zip(texts[::2], texts[1::2], strict=True))


def _keys(vector: Vector) -> Iterator[str]:
    """Each sample's label set as a text that sorts like the labels."""
    columns = vector.label_columns()
    if not columns:
        yield from repeat("", vector.size)
        return
    for texts in zip(*columns.values(), strict=True):
        pairs = zip(columns, texts, strict=True)
        present = (part.replace(_SEPARATOR, "") for pair in pairs if pair[1] for part in pair)
        yield _SEPARATOR.join(present)


class Matrix:
    """The result of a range query, filled step by step.

    Args:
        label_bytes: The most bytes of labels of all series: each step may make others.
    """

    def __init__(self, label_bytes: int) -> None:
        self._max_label_bytes = label_bytes
        self._label_bytes = 0
        self._series: dict[str, Series] = {}
        self._series_by_row: dict[tuple[Table, str], dict[int, Series]] = {}
        self._points = 0

    def drain(self) -> Iterator[Series]:
        """Yield the series sorted by their labels, and drop each from the result.

        Sorting and freeing happen in chunks, because both hold the GIL.
        """
        self._series_by_row.clear()
        keys = list(self._series)
        chunks = [sorted(keys[start : start + _CHUNK]) for start in range(0, len(keys), _CHUNK)]
        for key in merge(*chunks):
            yield self._series.pop(key)

    def __len__(self) -> int:
        return len(self._series)

    def add(self, vector: Vector, at: float) -> None:
        """Add the samples of one step.

        Raises:
            TooLargeError: when the result would have too many points, series or bytes of labels.
        """
        self._count(vector.size)
        if len(self._series_by_row) >= _MAX_TABLES:
            self._series_by_row.clear()
        # By the name's text: the code of a name that a function made is another one's later.
        name = vector.table.symbols.texts[vector.metric]
        by_row = self._series_by_row.setdefault((vector.table, name), {})
        new = [place for place, row in enumerate(vector.rows.tolist()) if row not in by_row]
        self._add_rows(vector, new, by_row)
        for row, value in zip(vector.rows.tolist(), vector.values.tolist(), strict=True):
            series = by_row[row]
            series.times.append(at)
            series.values.append(value)

    def add_scalar(self, value: float, at: float) -> None:
        """Add a scalar's value at one step, as a series without labels."""
        series = self._series_of("")
        series.times.append(at)
        series.values.append(value)

    def add_range(self, samples: RangeVector) -> None:
        """Add the samples of a range vector.

        Raises:
            TooLargeError: when the result would have too many points, series or bytes of labels.
        """
        for part in samples.parts:
            self._count(part.rows.size * part.length)
            self._add_part(part)

    def _add_part(self, part: RangePart) -> None:
        windows = part.fill(part.rows)
        rows = Vector(part.table, part.rows, np.zeros(windows.size), part.metric)
        has_common_times = windows.times.shape[1] == 1
        for place, key in enumerate(_keys(rows)):
            count = int(windows.counts[place])
            if count:
                series = self._series_of(key)
                times = windows.times[:count, 0 if has_common_times else place]
                series.times.extend((times / 1000).tolist())
                series.values.extend(windows.values[:count, place].tolist())

    def _count(self, points: int) -> None:
        self._points += points
        if self._points > MAX_POINTS:
            raise TooLargeError(
                f"the answer has more than {MAX_POINTS} points:"
                " ask for fewer series, a shorter time or a longer step"
            )

    def _count_series(self, key: str) -> None:
        """Count a further series and the bytes of its labels."""
        if len(self._series) >= MAX_SERIES:
            raise TooLargeError(
                f"the answer has more than {MAX_SERIES} series: add matchers, or aggregate"
            )
        self._label_bytes += getsizeof(key)
        if self._label_bytes > self._max_label_bytes:
            raise TooLargeError(
                f"the answer has more than {self._max_label_bytes} bytes of labels:"
                " ask for fewer series or fewer labels"
            )

    def _add_rows(self, vector: Vector, new: list[int], by_row: dict[int, Series]) -> None:
        """Find or create the series of rows that were not added before."""
        if not new:
            return
        part = vector.where(np.array(new))
        for row, key in zip(part.rows.tolist(), _keys(part), strict=True):
            by_row[row] = self._series_of(key)

    def _series_of(self, key: str) -> Series:
        series = self._series.get(key)
        if series is None:
            self._count_series(key)
            series = self._series[key] = Series(key, array("d"), array("d"))
        return series
