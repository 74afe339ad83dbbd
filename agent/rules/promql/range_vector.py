"""Range vectors: the samples of many series within a span of time, a stretch at a time.

Samples lie time-major, each series' own first, so that one step through time is one array
operation over all series. A range vector is never in memory whole: its stretches are made and
reduced piece by piece, each small enough to hold nobody else up.
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
    """From when to when a range reaches. Milliseconds."""

    start: int
    end: int
    closed: bool = False
    """Whether the start itself belongs to it."""

    @property
    def first(self) -> int:
        """The first millisecond that belongs to it."""
        return self.start if self.closed else self.start + 1

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 1000


@dataclass(frozen=True, eq=False)
class Windows:
    """Samples by time and series. What lies beyond a series' count is NaN and no sample."""

    values: Floats
    """By place in time, then series."""
    times: Stamps
    """Of each sample; one column where all series were sampled at the same times."""
    counts: Rows
    """How many samples each series has."""

    @property
    def size(self) -> int:
        """How many series there are."""
        return int(self.counts.size)

    def where(self, kept: Mask) -> "Windows":
        """Only the series that ``kept`` picks."""
        times = self.times if self.times.shape[1] == 1 < self.size else self.times[:, kept]
        return Windows(self.values[:, kept], times, self.counts[kept])

    def steps(self) -> Iterator[tuple[Floats, Mask | None]]:
        """The values place by place in time, with the series that have one; None means all."""
        least = int(self.counts.min()) if self.size else 0
        for place, values in enumerate(self.values):
            yield values, None if place < least else self.counts > place

    def value_at(self, places: Rows) -> Floats:
        """The value at one place of each series."""
        found: Floats = self.values[places, np.arange(self.size)]
        return found

    def time_at(self, places: Rows) -> Stamps:
        """The time at one place of each series."""
        series = 0 if self.times.shape[1] == 1 else np.arange(self.size)
        found: Stamps = self.times[places, series]
        return found


Reduction = Callable[[Windows], Floats]


def packed(values: Floats, present: Mask, times: Stamps) -> Windows:
    """Windows out of samples at common ``times``, some of which are not ``present``."""
    counts = np.count_nonzero(present, axis=0)
    if (counts == times.size).all():
        return Windows(values, times[:, None], counts)
    order = np.argsort(~present, axis=0, kind="stable")
    inside = np.arange(times.size)[:, None] < counts
    moved = np.where(inside, np.take_along_axis(values, order, axis=0), np.nan)
    return Windows(moved, times[order], counts)


@dataclass(frozen=True, eq=False)
class Stretch:
    """Series of one table whose samples :attr:`fill` gives for some of ``rows``."""

    table: Table
    rows: Rows
    metric: int
    length: int
    """The most samples one series can have."""
    fill: Callable[[Rows], Windows]

    def reduced(self, reduce: Reduction, least: int) -> Vector:
        """One value for each series that has at least ``least`` samples."""
        rows: list[Rows] = [self.rows[:0]]
        values: list[Floats] = [np.empty(0)]
        step = max(1, _PIECE // max(1, self.length))
        for start in range(0, self.rows.size, step):
            picked = self.rows[start : start + step]
            windows = self.fill(picked)
            enough = windows.counts >= least
            if not enough.all():
                windows, picked = windows.where(enough), picked[enough]
            if picked.size:
                rows.append(picked)
                values.append(reduce(windows))
        return Vector(self.table, np.concatenate(rows), np.concatenate(values), self.metric)


@dataclass(frozen=True, eq=False)
class RangeVector:
    """A range vector."""

    symbols: Symbols
    span: Span
    stretches: Sequence[Stretch]

    def reduced(self, reduce: Reduction, least: int = 1) -> Vector:
        """One value for each series that has at least ``least`` samples."""
        return joined(self.symbols, self._parts(reduce, least))

    def _parts(self, reduce: Reduction, least: int) -> list[Vector]:
        return [stretch.reduced(reduce, least) for stretch in self.stretches]
