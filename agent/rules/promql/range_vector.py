"""Range vectors: the samples of many series within a span of time.

Samples are stored by time, then series, so that one step through time is one array operation
over all series. A range vector is never in memory as a whole: its parts are filled and reduced
piece by piece, each small enough not to hold the GIL for long.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.rules.promql.symbols import Rows, Symbols
from agent.rules.promql.table import Mask, Table
from agent.rules.promql.vector import Floats, Vector, joined

Stamps = npt.NDArray[np.int64]
"""Milliseconds since the epoch, as Prometheus counts time."""

_PIECE = 250_000
"""Samples in one piece: a few milliseconds for each operation."""


@dataclass(frozen=True, slots=True)
class Span:
    """The start and end of a range. Milliseconds."""

    start: int
    end: int
    closed: bool = False
    """Whether the start itself is in the range."""

    @property
    def first(self) -> int:
        """The first millisecond in the range."""
        return self.start if self.closed else self.start + 1

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return (self.end - self.start) / 1000


@dataclass(frozen=True, eq=False)
class Windows:
    """Samples by time and series; entries beyond a series' count are NaN and no samples."""

    values: Floats
    """By position in time, then series."""
    times: Stamps
    """The time of each sample; one column where all series have samples at the same times."""
    counts: Rows
    """The number of samples of each series."""

    @property
    def size(self) -> int:
        """The number of series."""
        return int(self.counts.size)

    def where(self, selection: Mask) -> "Windows":
        """The series in ``selection``."""
        times = self.times if self.times.shape[1] == 1 < self.size else self.times[:, selection]
        return Windows(self.values[:, selection], times, self.counts[selection])

    def steps(self) -> Iterator[tuple[Floats, Mask | None]]:
        """The values by position in time, and which series have one; ``None`` means all."""
        least = int(self.counts.min()) if self.size else 0
        for place, values in enumerate(self.values):
            yield values, None if place < least else self.counts > place

    def value_at(self, positions: Rows) -> Floats:
        """The value at one position of each series."""
        values: Floats = self.values[positions, np.arange(self.size)]
        return values

    def time_at(self, positions: Rows) -> Stamps:
        """The time at one position of each series."""
        series = 0 if self.times.shape[1] == 1 else np.arange(self.size)
        times: Stamps = self.times[positions, series]
        return times


Reduction = Callable[[Windows], Floats]


def packed(values: Floats, present: Mask, times: Stamps) -> Windows:
    """Windows from samples at common ``times``, of which only some are ``present``."""
    counts = np.count_nonzero(present, axis=0)
    if (counts == times.size).all():
        return Windows(values, times[:, None], counts)
    order = np.argsort(~present, axis=0, kind="stable")
    inside = np.arange(times.size)[:, None] < counts
    moved = np.where(inside, np.take_along_axis(values, order, axis=0), np.nan)
    return Windows(moved, times[order], counts)


@dataclass(frozen=True, eq=False)
class RangePart:
    """Series of one table; :attr:`fill` returns the samples of some of its ``rows``."""

    table: Table
    rows: Rows
    metric: int
    length: int
    """The most samples that a series can have."""
    fill: Callable[[Rows], Windows]

    def reduced(self, reduce: Reduction, least: int) -> Vector:
        """One value for each series with at least ``least`` samples."""
        rows: list[Rows] = [self.rows[:0]]
        values: list[Floats] = [np.empty(0)]
        step = max(1, _PIECE // max(1, self.length))
        for start in range(0, self.rows.size, step):
            rows_of_piece = self.rows[start : start + step]
            windows = self.fill(rows_of_piece)
            enough = windows.counts >= least
            if not enough.all():
                windows, rows_of_piece = windows.where(enough), rows_of_piece[enough]
            if rows_of_piece.size:
                rows.append(rows_of_piece)
                values.append(reduce(windows))
        return Vector(self.table, np.concatenate(rows), np.concatenate(values), self.metric)


@dataclass(frozen=True, eq=False)
class RangeVector:
    """A range vector, in parts of one table each."""

    symbols: Symbols
    span: Span
    parts: Sequence[RangePart]

    def reduced(self, reduce: Reduction, least: int = 1) -> Vector:
        """One value for each series with at least ``least`` samples."""
        return joined(self.symbols, [part.reduced(reduce, least) for part in self.parts])
