"""Equal short columns as one array.

Ten thousand accounts of a hundred numbers have mostly the same columns: no date of reclaim, two
phones for each number, no finding, the same small integers that stand for states. An array costs a
hundred bytes besides its content, and each account has some sixty of them.
"""

from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt

Column = TypeVar("Column", bound=npt.NDArray[Any])

_LONGEST: Final = 4096
"""Bytes of the longest column that is looked up; longer ones are seldom equal."""
_REMEMBERED: Final = 2048
"""The columns in memory for a look-up: at most eight megabytes, where every one is that long."""


def shared(column: Column) -> Column:
    """The same content: an array that may be in other places too, not to be written to.

    Args:
        column: Numbers, flags or codes; with more than one dimension it is returned as it is.
    """
    if column.nbytes > _LONGEST or column.ndim != 1:
        return column
    return cast("Column", _known(column.dtype, column.tobytes()))


@lru_cache(maxsize=_REMEMBERED)
def _known(kind: np.dtype[Any], content: bytes) -> npt.NDArray[Any]:
    return np.frombuffer(content, kind)
