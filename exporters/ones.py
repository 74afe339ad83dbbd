"""Columns of ones and of zeros: most families say in every row that something is so, or is not.

All of them are slices of one array, so that a million series of value 1 take no memory for it.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SMALLEST: Final = 4096


class _Constant:
    """Columns of one value."""

    def __init__(self, value: float) -> None:
        self._value = value
        self._made: list[Floats] = []
        """The arrays that were needed so far, each at least twice as long as the one before."""
        self._slice = lru_cache(maxsize=1024)(self._sliced)

    def of(self, rows: int) -> Floats:
        """A column of ``rows`` values, not to be written to."""
        made = self._made
        if not made or made[-1].size < rows:
            longer = np.full(max(rows, 2 * made[-1].size if made else _SMALLEST), self._value)
            longer.flags.writeable = False
            made.append(longer)
        return self._slice(len(made), rows)

    def _sliced(self, made: int, rows: int) -> Floats:
        return self._made[made - 1][:rows]

    def is_base_of(self, values: Floats) -> bool:
        """Whether ``values`` were made by :meth:`of`."""
        return any(values.base is made for made in self._made)


_ONES: Final = _Constant(1.0)
_ZEROS: Final = _Constant(0.0)


def ones(rows: int) -> Floats:
    """``rows`` ones, not to be written to."""
    return _ONES.of(rows)


def zeros(rows: int) -> Floats:
    """``rows`` zeros, not to be written to."""
    return _ZEROS.of(rows)


def are_ones(values: Floats) -> bool:
    """Whether ``values`` were made by :func:`ones`."""
    return _ONES.is_base_of(values)


def some_of(values: Floats, selection: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Floats:
    """``values[selection]``; a slice again where ``values`` are a slice of ones or zeros.

    Args:
        values: A column.
        selection: A flag for each row, or the rows.
    """
    constant = next((it for it in (_ONES, _ZEROS) if it.is_base_of(values)), None)
    if constant is None:
        return values[selection]
    is_mask = selection.dtype == np.bool_
    return constant.of(int(np.count_nonzero(selection)) if is_mask else selection.size)
