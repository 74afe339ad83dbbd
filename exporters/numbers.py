"""Sample values as text, the way Go reads them."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_LARGEST_PLAIN_INTEGER = 1e15
_KEPT_TEXTS = 65_536


def number_text(value: float) -> bytes:
    """``value`` as text: ``1``, ``0.5``, ``NaN``, ``+Inf``, ``-Inf``; reads back exactly.

    The sign of a zero is not kept.
    """
    if value.is_integer() and abs(value) < _LARGEST_PLAIN_INTEGER:
        return b"%d" % int(value)
    if math.isfinite(value):
        return repr(value).encode()
    if math.isnan(value):
        return b"NaN"
    return b"+Inf" if value > 0 else b"-Inf"


class LineEnds(dict[float, bytes]):
    """What follows a series' labels, by value: a space, the value and the newline.

    Most columns hold few different values, so looking one up beats writing it again.
    """

    def __missing__(self, value: float) -> bytes:
        end = b" " + number_text(value) + b"\n"
        if not math.isnan(value) and len(self) < _KEPT_TEXTS:  # a NaN is never found again
            self[value] = end
        return end

    def of(self, values: npt.NDArray[np.float64]) -> Iterator[bytes]:
        """What follows each of ``values``."""
        numbers = values.tolist()
        if 2 * len(set(numbers)) > len(numbers) and _are_plain_integers(values):
            # Times, most of them different: nothing to look up, but all are written alike.
            return map(b" %d\n".__mod__, values.astype(np.int64).tolist())
        return map(self.__getitem__, numbers)


def _are_plain_integers(values: npt.NDArray[np.float64]) -> bool:
    # A NaN is in no order and equals nothing, so it is none.
    return bool(((abs(values) < _LARGEST_PLAIN_INTEGER) & (values == np.trunc(values))).all())
