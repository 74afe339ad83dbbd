"""Sample lines that are all of one length, written as columns of bytes instead of line by line.

Where the label text of each row has the same length, and every value is a whole number of the
same number of digits (0 and 1, or times), a chunk of lines is a table: name, labels, digits. It is
filled in a column at a time, without a Python object for any row.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

LARGEST_PLAIN_INTEGER: Final = 1e15
"""Whole numbers below it are written without an exponent."""

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Texts = npt.NDArray[np.void]
"""One text of the same length per row."""

_NEWLINE: Final = ord("\n")
_ZERO: Final = np.uint8(ord("0"))
_BASE: Final = 10
_GROUP: Final = 4
"""Digits that are looked up at once."""
_GROUPED: Final = 10**_GROUP
_DIGITS: Final = np.array([b"%04d" % value for value in range(_GROUPED)]).view(np.uint32)


def aligned_labels(text: bytes) -> Texts | None:
    """The label text of each row with the newline behind it; ``None`` unless equally long."""
    rows = text.count(b"\n") + 1
    width = (len(text) + 1) // rows
    # Without labels there is nothing to copy; such a frame has few rows.
    if width == 1 or width * rows != len(text) + 1:
        return None
    whole = text + b"\n"
    if (np.frombuffer(whole, np.uint8)[width - 1 :: width] != _NEWLINE).any():
        return None
    return np.frombuffer(whole, f"V{width}")


def aligned_lines(
    prefix: bytes, labels: Texts, values: Floats, rows: Rows | None
) -> memoryview | None:
    """The lines of one chunk; ``None`` where the values do not all have as many digits.

    Args:
        prefix: What every line begins with.
        labels: The label text of each row of the chunk.
        values: One value per row that has a sample.
        rows: The rows that have one; ``None`` means all.
    """
    digits = _digits(values)
    if digits is None:
        return None
    lines = np.empty(values.size, _line_type(len(prefix), labels.itemsize, digits.itemsize))
    lines["name"] = np.void(prefix)
    lines["labels"] = labels if rows is None else labels[rows]
    lines["space"] = ord(" ")  # over the newline behind the labels
    lines["digits"] = digits
    lines["newline"] = _NEWLINE
    return lines.view(np.uint8).data


@lru_cache(maxsize=1024)
def _line_type(prefix: int, labels: int, digits: int) -> np.dtype[np.void]:
    fields: dict[str, tuple[Any, int]] = {
        "name": (f"V{prefix}", 0),
        "labels": (f"V{labels}", prefix),
        "space": (np.uint8, prefix + labels - 1),
        "digits": (f"V{digits}", prefix + labels),
        "newline": (np.uint8, prefix + labels + digits),
    }
    formats, offsets = zip(*fields.values(), strict=True)
    return np.dtype({"names": list(fields), "formats": formats, "offsets": offsets})


def _digits(values: Floats) -> Texts | None:
    """The digits of each value; ``None`` unless all are whole numbers of the same length."""
    low, high = np.minimum.reduce(values), np.maximum.reduce(values)
    # Both are NaN where any value is, and then not within the limits either.
    if not (low >= 0 and high < LARGEST_PLAIN_INTEGER):
        return None
    if high < _BASE:
        digits = values.astype(np.uint8)
        return (digits + _ZERO).view("V1") if (digits == values).all() else None
    numbers = values.astype(np.int64)
    if not (numbers == values).all():
        return None
    length = len(str(int(high)))
    if len(str(int(low))) != length:
        return None
    groups = -(-length // _GROUP)
    texts = np.empty((values.size, groups), np.uint32)
    for group in range(groups - 1, 0, -1):
        higher = numbers // _GROUPED
        texts[:, group] = _DIGITS[numbers - higher * _GROUPED]
        numbers = higher
    texts[:, 0] = _DIGITS[numbers]
    width = groups * _GROUP
    return np.ndarray(values.size, f"V{length}", texts, offset=width - length, strides=(width,))
