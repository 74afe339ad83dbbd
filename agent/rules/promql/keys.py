"""Rows of codes as single integers: the same integer exactly when all codes are the same.

Codes are packed side by side, not hashed, so two different label sets never meet.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agent.rules.promql.symbols import Codes

Keys = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]

_BITS = 62
_SPARSE = 16
"""Codes are looked up in an array of flags unless it would be this much longer than they are."""


def pack(columns: Sequence[Codes], rows: int) -> Keys:
    """One key for each of ``rows`` rows."""
    keys = np.zeros(rows, np.int64)
    used = 0
    for column in columns:
        width = int(column.max()).bit_length() if rows else 0
        if used + width > _BITS:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64, copy=False)
            used = rows.bit_length()
        keys <<= width
        keys |= column
        used += width
    return keys


def distinct_of(codes: Codes) -> Rows:
    """The codes that occur, ascending."""
    if not codes.size:
        return np.empty(0, np.intp)
    highest = int(codes.max())
    if highest > _SPARSE * codes.size:
        ordered = np.sort(codes)
        is_first = np.concatenate([np.ones(1, bool), ordered[1:] != ordered[:-1]])
        return np.asarray(ordered[is_first], np.intp)
    seen = np.zeros(highest + 1, bool)
    seen[codes] = True
    return np.flatnonzero(seen)


def group(columns: Sequence[Codes], rows: int) -> tuple[Rows, Codes]:
    """The first row of each distinct key, and for every row which of those it equals."""
    if not columns:
        return np.zeros(min(rows, 1), np.intp), np.zeros(rows, np.int32)
    keys = pack(columns, rows)
    # Rows mostly come in the order in which their texts were first seen: nothing to sort.
    is_sorted = bool((keys[1:] >= keys[:-1]).all())
    order = np.arange(rows) if is_sorted else np.argsort(keys, kind="stable")
    ordered = keys if is_sorted else keys[order]
    starts = np.concatenate([np.ones(min(rows, 1), bool), ordered[1:] != ordered[:-1]])
    ids = np.empty(rows, np.int32)
    ids[order] = np.cumsum(starts, dtype=np.int32) - np.int32(1)
    return order[starts], ids


def locate(wanted: Sequence[Codes], known: Sequence[Codes], sizes: tuple[int, int]) -> Codes:
    """For every row of ``wanted`` the row of ``known`` with the same codes, or -1.

    Both have the same columns in the same order; the rows of ``known`` are distinct.
    """
    both = [np.concatenate(pair) for pair in zip(wanted, known, strict=True)]
    keys = pack(both, sum(sizes))
    left, right = keys[: sizes[0]], keys[sizes[0] :]
    if not sizes[1]:
        return np.full(sizes[0], -1, np.int32)
    order = np.argsort(right, kind="stable")
    places = np.minimum(np.searchsorted(right, left, sorter=order), sizes[1] - 1)
    found = order[places]
    return np.where(right[found] == left, found, -1).astype(np.int32)
