"""Sample lines: a metric's name, label text per row and values in, exposition text out."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exporters.aligned_lines import (
    LARGEST_PLAIN_INTEGER,
    Floats,
    Rows,
    Texts,
    aligned_labels,
    aligned_lines,
)
from exporters.labels import CHUNK_ROWS
from exporters.piece import Piece, text

_MAX_CACHED = 65_536


def number_text(value: float) -> bytes:
    """``value`` as text: ``1``, ``0.5``, ``NaN``, ``+Inf``, ``-Inf``; parses to the same float.

    The sign of a zero is lost.
    """
    if value.is_integer() and abs(value) < LARGEST_PLAIN_INTEGER:
        return b"%d" % int(value)
    if math.isfinite(value):
        return repr(value).encode()
    if math.isnan(value):
        return b"NaN"
    return b"+Inf" if value > 0 else b"-Inf"


class LineEnds(dict[float, bytes]):
    """The end of a sample line by value: a space, the value and the newline.

    Most columns have few different values, so a look-up is faster than formatting again.
    """

    def __missing__(self, value: float) -> bytes:
        end = b" " + number_text(value) + b"\n"
        if not math.isnan(value) and len(self) < _MAX_CACHED:  # a NaN equals no key
            self[value] = end
        return end

    def of(self, values: npt.NDArray[np.float64]) -> Iterator[bytes]:
        """The end of the line for each of ``values``."""
        numbers = values.tolist()
        if 2 * len(set(numbers)) > len(numbers) and _are_plain_integers(values):
            # Timestamps, most of them different: a look-up gains nothing, one format fits all.
            return map(b" %d\n".__mod__, values.astype(np.int64).tolist())
        return map(self.__getitem__, numbers)


def _are_plain_integers(values: npt.NDArray[np.float64]) -> bool:
    # Comparisons with NaN are false, so a NaN counts as no integer.
    return bool(((abs(values) < LARGEST_PLAIN_INTEGER) & (values == np.trunc(values))).all())


_FEW = 16
"""Rows are few when they are at most one in so many."""
_NEWLINE = ord("\n")
_LABELS_IN_MEMORY = 8
"""Chunks of label text, some 300 KiB each, that are not decompressed for every family anew."""


class _Labels(NamedTuple):
    """The label text of one chunk of rows."""

    text: bytes
    aligned: Texts | None
    """The same by row, where all rows are equally long."""


@lru_cache(maxsize=_LABELS_IN_MEMORY)
def _labels(piece: Piece) -> _Labels:
    whole = text(piece)
    return _Labels(whole, aligned_labels(whole))


def sample_lines(
    name: str, labels: Sequence[Piece], values: Floats, rows: Rows | None
) -> Iterator[bytes | bytearray]:
    """The lines of one block, ``CHUNK_ROWS`` rows at a time.

    Args:
        name: The name every sample has.
        labels: The frame's label text, one piece per ``CHUNK_ROWS`` rows.
        values: One value per row that has a sample.
        rows: The frame's rows that have a sample, ascending; ``None`` means all.
    """
    prefix, ends = name.encode(), LineEnds()
    for index, piece in enumerate(labels):
        start = index * CHUNK_ROWS
        if rows is None:
            chunk_rows, part = None, values[start : start + CHUNK_ROWS]
        else:
            low, high = np.searchsorted(rows, (start, start + CHUNK_ROWS))
            chunk_rows, part = rows[low:high] - start, values[low:high]
        if part.size:
            yield _chunk(prefix, _labels(piece), part, chunk_rows, ends)


def _chunk(
    prefix: bytes, labels: _Labels, values: Floats, rows: Rows | None, ends: LineEnds
) -> bytes | bytearray:
    """The lines of one chunk of rows."""
    if labels.aligned is not None:
        lines = aligned_lines(prefix, labels.aligned, values, rows)
        if lines is not None:
            return lines
    return _joined(prefix, labels.text, values, rows, ends)


def _joined(
    prefix: bytes, labels: bytes, values: Floats, rows: Rows | None, ends: LineEnds
) -> bytes:
    """The lines of rows whose texts differ in length."""
    if rows is None:
        # The value in the middle: what most have, if most have the same.
        middle = values.size // 2
        common = float(np.partition(values, middle)[middle])
        exceptions = np.flatnonzero(values != common)
        if exceptions.size * _FEW <= values.size:
            return b"".join(_mostly_alike(prefix, labels, values, exceptions, ends[common], ends))
    label_sets = labels.split(b"\n")
    if rows is not None:
        label_sets = list(map(label_sets.__getitem__, rows.tolist()))
    parts = zip(repeat(prefix), label_sets, ends.of(values), strict=False)
    return b"".join(chain.from_iterable(parts))


def _mostly_alike(
    prefix: bytes, labels: bytes, values: Floats, exceptions: Rows, end: bytes, ends: LineEnds
) -> Iterator[bytes]:
    """The lines of rows that end with ``end`` except a few: no loop over all the rows."""
    between = end + prefix
    stops = np.append(np.flatnonzero(np.frombuffer(labels, np.uint8) == _NEWLINE), len(labels))
    start = 0
    for stop, value in zip(stops[exceptions].tolist(), values[exceptions].tolist(), strict=True):
        yield prefix + labels[start:stop].replace(b"\n", between) + ends[value]
        start = stop + 1
    if start <= len(labels):
        yield prefix + labels[start:].replace(b"\n", between) + end
