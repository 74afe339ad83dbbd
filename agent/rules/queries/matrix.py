"""Answers over a stretch of time: one series per label set, a point where it had a sample."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agent.rules.promql import windows
from agent.rules.promql.vector import Vector
from agent.rules.queries.errors import TooLargeError

if TYPE_CHECKING:
    from agent.rules.promql.table import Table

MOST_POINTS = 1_000_000
"""Points in one answer; at some 30 bytes each that is what a browser still takes."""

Labels = dict[str, str]


@dataclass(slots=True)
class Series:
    """One label set and its points, in order."""

    labels: Labels
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Matrix:
    """Series as they come together step by step."""

    def __init__(self) -> None:
        self._series: dict[tuple[tuple[str, str], ...], Series] = {}
        self._places: dict[tuple[Table, int], dict[int, Series]] = {}
        self._points = 0

    def __iter__(self) -> Iterator[Series]:
        """The series, sorted by their labels."""
        return (self._series[key] for key in sorted(self._series))

    def __len__(self) -> int:
        return len(self._series)

    def add(self, vector: Vector, at: float) -> None:
        """Take the samples of one step.

        Raises:
            TooLargeError: when there would be more than ``MOST_POINTS``.
        """
        self._count(vector.size)
        known = self._places.setdefault((vector.table, vector.metric), {})
        new = [place for place, row in enumerate(vector.rows.tolist()) if row not in known]
        self._enlist(vector, new, known)
        for row, value in zip(vector.rows.tolist(), vector.values.tolist(), strict=True):
            one = known[row]
            one.times.append(at)
            one.values.append(value)

    def add_scalar(self, value: float, at: float) -> None:
        """Take a scalar's value at one step: a series without labels."""
        one = self._series.setdefault((), Series({}))
        one.times.append(at)
        one.values.append(value)

    def add_windows(self, found: windows.Matrix) -> None:
        """Take the samples of a range vector.

        Raises:
            TooLargeError: when there would be more than ``MOST_POINTS``.
        """
        for stretch in found.stretches:
            self._count(stretch.rows.size * stretch.length)
            self._add_stretch(stretch)

    def _add_stretch(self, stretch: windows.Stretch) -> None:
        held = stretch.fill(stretch.rows)
        rows = Vector(stretch.table, stretch.rows, np.zeros(held.size), stretch.metric)
        shared = held.times.shape[1] == 1
        for place, labels in enumerate(rows.label_sets()):
            count = int(held.counts[place])
            if count:
                one = self._series.setdefault(tuple(sorted(labels.items())), Series(labels))
                times = held.times[:count, 0 if shared else place]
                one.times.extend((times / 1000).tolist())
                one.values.extend(held.values[:count, place].tolist())

    def _count(self, points: int) -> None:
        self._points += points
        if self._points > MOST_POINTS:
            raise TooLargeError(
                f"the answer has more than {MOST_POINTS} points:"
                " ask for fewer series, a shorter time or a longer step"
            )

    def _enlist(self, vector: Vector, places: list[int], known: dict[int, Series]) -> None:
        if not places:
            return
        part = vector.where(np.array(places))
        for row, labels in zip(part.rows.tolist(), part.label_sets(), strict=True):
            key = tuple(sorted(labels.items()))
            known[row] = self._series.setdefault(key, Series(labels))
