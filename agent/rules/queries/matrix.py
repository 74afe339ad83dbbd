"""Answers over a stretch of time: one series per label set, a point where it had a sample."""

from array import array
from collections.abc import Iterator
from heapq import merge
from itertools import repeat
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from agent.rules.promql.range_vector import RangeVector, Stretch
from agent.rules.promql.vector import Vector

if TYPE_CHECKING:
    from agent.rules.promql.table import Table

MOST_POINTS = 1_000_000
"""Points in one answer; at some 30 bytes each that is what a browser still takes."""

_CHUNK = 2000
_BETWEEN = "\x00"


class TooLargeError(Exception):
    """The answer would be larger than anybody should be sent; the text says what to do."""


class Series(msgspec.Struct, gc=False):
    """One label set and its points, in order.

    Nothing in it is looked at by the garbage collector, which would stop everybody else.
    """

    key: str
    times: "array[float]"
    values: "array[float]"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, sorted by name."""
        texts = self.key.split(_BETWEEN) if self.key else []
        return dict(zip(texts[::2], texts[1::2], strict=True))


def _keys(vector: Vector) -> Iterator[str]:
    """Each sample's label set as a text that sorts as the labels do."""
    columns = vector.label_columns()
    if not columns:
        yield from repeat("", vector.size)
        return
    for texts in zip(*columns.values(), strict=True):
        pairs = zip(columns, texts, strict=True)
        kept = (part.replace(_BETWEEN, "") for pair in pairs if pair[1] for part in pair)
        yield _BETWEEN.join(kept)


class Matrix:
    """Series as they come together step by step."""

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self._places: dict[tuple[Table, int], dict[int, Series]] = {}
        self._points = 0

    def drain(self) -> Iterator[Series]:
        """The series, sorted by their labels; they are let go as they are given.

        Sorting and freeing are done a stretch at a time, because both let nobody else in.
        """
        self._places.clear()
        keys = list(self._series)
        chunks = [sorted(keys[start : start + _CHUNK]) for start in range(0, len(keys), _CHUNK)]
        for key in merge(*chunks):
            yield self._series.pop(key)

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
        one = self._of("")
        one.times.append(at)
        one.values.append(value)

    def add_windows(self, found: RangeVector) -> None:
        """Take the samples of a range vector.

        Raises:
            TooLargeError: when there would be more than ``MOST_POINTS``.
        """
        for stretch in found.stretches:
            self._count(stretch.rows.size * stretch.length)
            self._add_stretch(stretch)

    def _add_stretch(self, stretch: Stretch) -> None:
        held = stretch.fill(stretch.rows)
        rows = Vector(stretch.table, stretch.rows, np.zeros(held.size), stretch.metric)
        shared = held.times.shape[1] == 1
        for place, key in enumerate(_keys(rows)):
            count = int(held.counts[place])
            if count:
                one = self._of(key)
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
        for row, key in zip(part.rows.tolist(), _keys(part), strict=True):
            known[row] = self._of(key)

    def _of(self, key: str) -> Series:
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(key, array("d"), array("d"))
        return found
