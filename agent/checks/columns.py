"""Columns of facts that are updated from one snapshot to the next.

A column in which nothing changed is returned as the same object, so that a reader detects that
with ``is``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_not
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from exporters.equal_columns import shared

Rows = npt.NDArray[np.intp]
Value = TypeVar("Value", bound=np.generic)
Item = TypeVar("Item")

MISSING_ROW = -1
CHUNK_ROWS = 4096
"""Rows processed in one C call."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """The previous row of each row of a column."""

    size: int
    carry: Rows | None
    """The previous row of each row, or ``MISSING_ROW``; ``None`` if no row moved."""

    @classmethod
    def of(cls, names: Sequence[str], before: Sequence[str] | None) -> "Alignment":
        """Returns the alignment of ``names`` with ``before``."""
        if before is None:
            return cls(len(names), np.full(len(names), MISSING_ROW, dtype=np.intp))
        if names is before or names == before:
            return cls(len(names), None)
        rows = {name: row for row, name in enumerate(before)}
        carry = (rows.get(name, MISSING_ROW) for name in names)
        return cls(len(names), np.fromiter(carry, dtype=np.intp, count=len(names)))

    def changed(self, new: Sequence[object], old: Sequence[object]) -> Rows:
        """Returns the rows whose object in ``new`` is not identical to the one in ``old``."""
        if self.carry is None:
            if new is old:
                return np.empty(0, dtype=np.intp)
            differs = np.fromiter(map(is_not, new, old), dtype=np.bool_, count=self.size)
            return np.flatnonzero(differs)
        pairs = enumerate(zip(self.carry.tolist(), new, strict=True))
        rows = [row for row, (was, item) in pairs if was < 0 or old[was] is not item]
        return np.array(rows, dtype=np.intp)

    def former(self, row: int) -> int:
        """Returns the previous row of ``row``; ``MISSING_ROW`` if it is new."""
        return row if self.carry is None else int(self.carry[row])

    def patch(
        self, old: npt.NDArray[Value], rows: Rows, fresh: npt.NDArray[Value]
    ) -> npt.NDArray[Value]:
        """Returns ``old`` moved to the new rows, with ``fresh`` in ``rows``."""
        if rows.size == self.size:
            unmoved = self.carry is None and np.array_equal(old, fresh, equal_nan=_has_nan(old))
            return old if unmoved else fresh
        if self.carry is not None:
            column = old[self.carry]
        elif np.array_equal(old[rows], fresh, equal_nan=_has_nan(old)):
            return old
        else:
            column = old.copy()
        column[rows] = fresh
        return shared(column)

    def patch_list(self, old: list[Item], rows: Rows, fresh: Sequence[Item]) -> list[Item]:
        """Does what :meth:`patch` does for a list of objects."""
        if self.carry is None:
            indexes = rows.tolist()
            if all(old[row] == item for row, item in zip(indexes, fresh, strict=True)):
                return old
            column = old.copy()
        elif rows.size == self.size:
            return list(fresh)
        else:
            column = [old[row] for row in self.carry.tolist()]
        for row, item in zip(rows.tolist(), fresh, strict=True):
            column[row] = item
        return column


def take_rows(items: Sequence[Item], rows: Rows) -> Sequence[Item]:
    """Returns the items in ``rows``; ``items`` itself if those are all."""
    return items if rows.size == len(items) else [items[row] for row in rows.tolist()]


def float_column(
    items: Sequence[Item], read: Callable[[Item], float | None]
) -> npt.NDArray[np.float64]:
    """Returns ``read`` of each item as a column; NaN for ``None``."""
    column = np.empty(len(items))
    for start, piece in chunks(items):
        column[start : start + len(piece)] = list(map(read, piece))
    return shared(column)


def look_up(facts: Mapping[str, Item], names: Sequence[str]) -> list[Item | None]:
    """Returns the fact of each name, or ``None``."""
    values: list[Item | None] = []
    for _, piece in chunks(names):
        values.extend(map(facts.get, piece))
    return values


def chunks(items: Sequence[Item]) -> Iterator[tuple[int, Sequence[Item]]]:
    """Yields the start and the items of each chunk of ``items``.

    One C call over all items would hold the interpreter for tens of milliseconds; between chunks
    other threads run, the event loop's among them.
    """
    return (
        (start, items[start : start + CHUNK_ROWS]) for start in range(0, len(items), CHUNK_ROWS)
    )


def union(one: Rows, other: Rows) -> Rows:
    """Returns the sorted union of two sets of rows.

    ``np.union1d`` hashes and holds the interpreter lock meanwhile; sorting releases it.
    """
    both = np.sort(np.concatenate((one, other)))
    is_first = np.ones(both.size, dtype=np.bool_)
    is_first[1:] = both[1:] != both[:-1]
    return both[is_first]


def _has_nan(column: npt.NDArray[Value]) -> bool:
    return bool(np.issubdtype(column.dtype, np.floating))
