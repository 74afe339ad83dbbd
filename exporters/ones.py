"""Columns of ones: most families say that something is so, with the same value in every row.

All of them are slices of one array, so that a million series of value 1 take no memory for it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SMALLEST: Final = 4096
_made: list[Floats] = []
"""The arrays that were needed so far, each at least twice as long as the one before."""


def ones(rows: int) -> Floats:
    """``rows`` ones, not to be written to."""
    if not _made or _made[-1].size < rows:
        longer = np.ones(max(rows, 2 * _made[-1].size if _made else _SMALLEST))
        longer.flags.writeable = False
        _made.append(longer)
    return _made[-1][:rows]


def are_ones(values: Floats) -> bool:
    """Whether ``values`` were made by :func:`ones`."""
    return any(values.base is made for made in _made)
