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
_SPACE: Final = ord(" ")
_ZERO: Final = np.uint8(ord("0"))
_BASE: Final = 10
_GROUP: Final = 4
"""Digits that are looked up at once."""
_GROUPED: Final = 10**_GROUP
_SMALL: Final = 2**32
"""Numbers below it are divided in half the time."""
_DIGITS: Final = np.array([b"%04d" % value for value in range(_GROUPED)]).view(np.uint32)


def aligned_labels(text: bytes) -> Texts | None:
    """The label text of each row with a space behind it; ``None`` unless equally long."""
    width = text.find(b"\n") + 1 or len(text) + 1
    rows, rest = divmod(len(text) + 1, width)
    # Without labels there is nothing to copy; such a frame has few rows.
    if width == 1 or rest:
        return None
    lines = bytearray(text)
    lines.append(_NEWLINE)
    table = np.frombuffer(lines, np.uint8)
    ends = table[width - 1 :: width]
    if np.count_nonzero(table == _NEWLINE) != rows or not (ends == _NEWLINE).all():
        return None
    ends[:] = _SPACE
    return np.frombuffer(lines, f"V{width}")


def aligned_lines(
    prefix: bytes, labels: Texts, values: Floats, rows: Rows | None
) -> bytearray | None:
    """The lines of one chunk; ``None`` where the values do not all have as many digits.

    Args:
        prefix: What every line begins with.
        labels: The label text of each row of the chunk, a space behind it.
        values: One value per row that has a sample.
        rows: The rows that have one; ``None`` means all.
    """
    digits = _digits(values)
    if digits is None:
        return None
    # A line with gaps, repeated, takes fewer passes than a column each for what all lines share.
    line = prefix + bytes(labels.itemsize + digits.itemsize) + b"\n"
    text = bytearray(line) * values.size
    table = np.frombuffer(text, _line_type(len(prefix), labels.itemsize, digits.itemsize))
    table["labels"] = labels if rows is None else labels[rows]
    table["digits"] = digits
    return text


@lru_cache(maxsize=1024)
def _line_type(prefix: int, labels: int, digits: int) -> np.dtype[np.void]:
    """The two parts of a line that differ from row to row."""
    fields: Any = {
        "names": ["labels", "digits"],
        "formats": [f"V{labels}", f"V{digits}"],
        "offsets": [prefix, prefix + labels],
        "itemsize": prefix + labels + digits + 1,
    }
    line: np.dtype[np.void] = np.dtype(fields)
    return line


def _digits(values: Floats) -> Texts | None:
    """The digits of each value; ``None`` unless all are whole numbers of the same length."""
    ones = values == 1
    if np.count_nonzero(ones) == np.count_nonzero(values):
        return _one_digit(ones.view(np.uint8))
    low, high = np.minimum.reduce(values), np.maximum.reduce(values)
    # Both are NaN where any value is, and then not within the limits either.
    if not (low >= 0 and high < LARGEST_PLAIN_INTEGER) or (np.floor(values) != values).any():
        return None
    if high < _BASE:
        return _one_digit(values.astype(np.uint8))
    length = len(str(int(high)))
    if len(str(int(low))) != length:
        return None
    return _several_digits(values.astype(np.uint32 if high < _SMALL else np.uint64), length)


def _one_digit(numbers: npt.NDArray[np.uint8]) -> Texts:
    return (numbers + _ZERO).view("V1")


def _several_digits(numbers: npt.NDArray[np.unsignedinteger[Any]], length: int) -> Texts:
    groups = -(-length // _GROUP)
    texts = np.empty((numbers.size, groups), np.uint32)
    for group in range(groups - 1, 0, -1):
        higher = numbers // _GROUPED
        texts[:, group] = _DIGITS[numbers - higher * _GROUPED]
        numbers = higher
    texts[:, 0] = _DIGITS[numbers]
    width = groups * _GROUP
    return np.ndarray(numbers.size, f"V{length}", texts, offset=width - length, strides=(width,))
