"""Row numbers from 0 upwards, as slices of one array for all tables.

Most tables and vectors are about all rows of a table; a million rows are four megabytes for each
family otherwise.
"""

from typing import Final

import numpy as np

from agent.rules.promql.symbols import Rows

_SMALLEST: Final = 4096
_SPARE: Final = 8
"""The array grows by this part more than is needed, so that it is made anew a few times only."""


_numbers = np.arange(_SMALLEST, dtype=np.int32)


def first_rows(rows: int) -> Rows:
    """The row numbers below ``rows``, not to be written to."""
    global _numbers  # noqa: PLW0603 - the one array of which all are slices
    if _numbers.size < rows:
        longer = np.arange(rows + rows // _SPARE, dtype=np.int32)
        longer.flags.writeable = False
        _numbers = longer
    return _numbers[:rows]
