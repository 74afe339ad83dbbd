"""Answers over a stretch of time: one series per label set, a point where it had a sample."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

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
        self._points += vector.size
        if self._points > MOST_POINTS:
            raise TooLargeError(
                f"the answer has more than {MOST_POINTS} points:"
                " ask for fewer series, a shorter time or a longer step"
            )
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

    def _enlist(self, vector: Vector, places: list[int], known: dict[int, Series]) -> None:
        if not places:
            return
        part = vector.where(np.array(places))
        for row, labels in zip(part.rows.tolist(), part.label_sets(), strict=True):
            key = tuple(sorted(labels.items()))
            known[row] = self._series.setdefault(key, Series(labels))
