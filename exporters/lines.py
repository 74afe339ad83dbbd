"""Sample lines: a metric's name, label text per row and values in, exposition text out."""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from exporters.labels import CHUNK_ROWS
from exporters.numbers import LineEnds
from exporters.piece import Piece, text

_FEW = 16
"""Rows are few when they are less than this part of all."""
_NEWLINE = ord("\n")

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


def sample_lines(
    name: str, labels: Sequence[Piece], values: Floats, rows: Rows | None
) -> Iterator[bytes]:
    """The lines of one block, a stretch of rows at a time.

    Args:
        name: The name every sample has.
        labels: The frame's label text, by stretches of ``CHUNK_ROWS`` rows.
        values: One value per row that has a sample.
        rows: The frame's rows that have a sample, ascending; ``None`` means all.
    """
    prefix, ends = name.encode(), LineEnds()
    for index, piece in enumerate(labels):
        start = index * CHUNK_ROWS
        if rows is None:
            picked, part = None, values[start : start + CHUNK_ROWS]
        else:
            low, high = np.searchsorted(rows, (start, start + CHUNK_ROWS))
            picked, part = rows[low:high] - start, values[low:high]
        if part.size:
            yield _stretch(prefix, text(piece), part, picked, ends)


def _stretch(
    prefix: bytes, labels: bytes, values: Floats, rows: Rows | None, ends: LineEnds
) -> bytes:
    """The lines of one stretch of rows."""
    if rows is None:
        common = float(np.median(values))
        odd = np.flatnonzero(values != common)
        if odd.size * _FEW <= values.size:
            return b"".join(_mostly_alike(prefix, labels, values, odd, ends[common], ends))
    found = labels.split(b"\n")
    if rows is not None:
        found = list(map(found.__getitem__, rows.tolist()))
    parts = zip(repeat(prefix), found, ends.of(values), strict=False)
    return b"".join(chain.from_iterable(parts))


def _mostly_alike(
    prefix: bytes, labels: bytes, values: Floats, odd: Rows, end: bytes, ends: LineEnds
) -> Iterator[bytes]:
    """The lines of rows that end with ``end``, but for the ``odd`` ones: no row is looked at."""
    between = end + prefix
    stops = np.append(np.flatnonzero(np.frombuffer(labels, np.uint8) == _NEWLINE), len(labels))
    taken = 0
    for stop, value in zip(stops[odd].tolist(), values[odd].tolist(), strict=True):
        yield prefix + labels[taken:stop].replace(b"\n", between) + ends[value]
        taken = stop + 1
    if taken <= len(labels):
        yield prefix + labels[taken:].replace(b"\n", between) + end
