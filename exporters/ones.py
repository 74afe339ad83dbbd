"""Columns of ones and of zeros: most families say in every row that something is so, or is not.

Such a column is one number that is read again for each row (its stride is 0): a million series of
value 1 take no memory for it.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ONE: Final = np.float64(1.0)
_ZERO: Final = np.float64(0.0)


@lru_cache(maxsize=2048)
def _column(value: np.float64, rows: int) -> Floats:
    return np.broadcast_to(value, rows)


def ones(rows: int) -> Floats:
    """``rows`` ones, not to be written to."""
    return _column(_ONE, rows)


def zeros(rows: int) -> Floats:
    """``rows`` zeros, not to be written to."""
    return _column(_ZERO, rows)


def are_ones(values: Floats) -> bool:
    """Whether ``values`` were made by :func:`ones`, or are a part of such a column."""
    return _is_constant(values) and bool(values[0] == _ONE)


def _is_constant(values: Floats) -> bool:
    return values.strides == (0,) and values.size > 0


def some_of(values: Floats, selection: npt.NDArray[np.bool_ | np.signedinteger]) -> Floats:
    """``values[selection]``; of one number again where ``values`` are.

    Args:
        values: A column.
        selection: A flag for each row, or the rows.
    """
    if not _is_constant(values):
        chosen: Floats = values[selection]
        return chosen
    is_mask = selection.dtype == np.bool_
    size = int(np.count_nonzero(selection)) if is_mask else selection.size
    return _column(values[0], size)
