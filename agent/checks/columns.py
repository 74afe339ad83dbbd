"""Columns that follow a listing from one snapshot to the next: only what changed is replaced.

A column in which nothing changed comes back as the very same object, so that readers can tell
with ``is``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_not
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
Value = TypeVar("Value", bound=np.generic)
Item = TypeVar("Item")

MISSING_ROW = -1
PIECE = 4096
"""Rows worked on in one C call."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where the rows of a column were before."""

    size: int
    carry: Rows | None
    """The former row of each row, or ``MISSING_ROW``; ``None`` when all are where they were."""

    @classmethod
    def of(cls, names: Sequence[str], before: Sequence[str] | None) -> "Alignment":
        """How ``names`` lie compared with ``before``."""
        if before is None:
            return cls(len(names), np.full(len(names), MISSING_ROW, dtype=np.intp))
        if names is before or names == before:
            return cls(len(names), None)
        rows = {name: row for row, name in enumerate(before)}
        carry = (rows.get(name, MISSING_ROW) for name in names)
        return cls(len(names), np.fromiter(carry, dtype=np.intp, count=len(names)))

    def changed(self, new: Sequence[object], old: Sequence[object]) -> Rows:
        """The rows whose object in ``new`` is not the one it was in ``old``."""
        if self.carry is None:
            if new is old:
                return np.empty(0, dtype=np.intp)
            differs = np.fromiter(map(is_not, new, old), dtype=np.bool_, count=self.size)
            return np.flatnonzero(differs)
        pairs = enumerate(zip(self.carry.tolist(), new, strict=True))
        rows = [row for row, (was, item) in pairs if was < 0 or old[was] is not item]
        return np.array(rows, dtype=np.intp)

    def former(self, row: int) -> int:
        """Where ``row`` was before; ``MISSING_ROW`` when it is new."""
        return row if self.carry is None else int(self.carry[row])

    def patch(
        self, old: npt.NDArray[Value], rows: Rows, fresh: npt.NDArray[Value]
    ) -> npt.NDArray[Value]:
        """``old`` brought to the new rows, with ``fresh`` in ``rows``."""
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
        return column

    def patch_list(self, old: list[Item], rows: Rows, fresh: Sequence[Item]) -> list[Item]:
        """As :meth:`patch`, for a column of objects."""
        if self.carry is None:
            places = rows.tolist()
            if all(old[row] == item for row, item in zip(places, fresh, strict=True)):
                return old
            column = old.copy()
        elif rows.size == self.size:
            return list(fresh)
        else:
            column = [old[row] for row in self.carry.tolist()]
        for row, item in zip(rows.tolist(), fresh, strict=True):
            column[row] = item
        return column


def gather(items: Sequence[Item], rows: Rows) -> Sequence[Item]:
    """The items in ``rows``; ``items`` itself when those are all of them."""
    return items if rows.size == len(items) else [items[row] for row in rows.tolist()]


def floats(items: Sequence[Item], read: Callable[[Item], float | None]) -> npt.NDArray[np.float64]:
    """What ``read`` gives for each item; NaN for ``None``."""
    column = np.empty(len(items))
    for start, piece in pieces(items):
        column[start : start + len(piece)] = list(map(read, piece))
    return column


def looked_up(facts: Mapping[str, Item], names: Sequence[str]) -> list[Item | None]:
    """What ``facts`` tells of each of ``names``."""
    found: list[Item | None] = []
    for _, piece in pieces(names):
        found.extend(map(facts.get, piece))
    return found


def pieces(items: Sequence[Item]) -> Iterator[tuple[int, Sequence[Item]]]:
    """Stretches of ``items`` and where each begins.

    One C call over all of them would hold the interpreter for tens of milliseconds; between
    pieces other threads, the event loop's above all, get their turns.
    """
    return ((start, items[start : start + PIECE]) for start in range(0, len(items), PIECE))


def united(one: Rows, other: Rows) -> Rows:
    """The rows in either of two columns of rows, ascending.

    ``np.union1d`` hashes, and holds the interpreter meanwhile; sorting lets others in.
    """
    both = np.sort(np.concatenate((one, other)))
    is_first = np.ones(both.size, dtype=np.bool_)
    is_first[1:] = both[1:] != both[:-1]
    return both[is_first]


def _has_nan(column: npt.NDArray[Value]) -> bool:
    return bool(np.issubdtype(column.dtype, np.floating))
