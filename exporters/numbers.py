"""Sample values as text, the way Go reads them."""

import math

_LARGEST_PLAIN_INTEGER = 1e15
_KEPT_TEXTS = 65_536


def number_text(value: float) -> bytes:
    """``value`` as text: ``1``, ``0.5``, ``NaN``, ``+Inf``, ``-Inf``; reads back exactly.

    The sign of a zero is not kept.
    """
    if math.isnan(value):
        return b"NaN"
    if math.isinf(value):
        return b"+Inf" if value > 0 else b"-Inf"
    if value.is_integer() and abs(value) < _LARGEST_PLAIN_INTEGER:
        return b"%d" % int(value)
    return repr(value).encode()


class LineEnds(dict[float, bytes]):
    """What follows a series' labels, by value: a space, the value and the newline.

    Most columns hold few different values, so looking one up beats writing it again.
    """

    def __missing__(self, value: float) -> bytes:
        end = b" " + number_text(value) + b"\n"
        if not math.isnan(value) and len(self) < _KEPT_TEXTS:  # a NaN is never found again
            self[value] = end
        return end
