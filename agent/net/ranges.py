"""The ranges that numbers from outside must be in, so that no computation with them overflows.

Beyond them a value is taken for none: no balance has a thousand trillion yuan, no line a billion
calls at once.
"""

import math
from typing import Final

LARGEST_AMOUNT: Final = 1e15
SMALLEST_AMOUNT: Final = 1e-9
"""What is nearer to 0 is 0: a quotient by it would overflow."""
LARGEST_COUNT: Final = 1_000_000_000


def amount_in_range(value: float | str) -> float:
    """``value`` as an amount.

    Raises:
        ValueError: when it is not a number, or beyond :data:`LARGEST_AMOUNT`.
    """
    try:
        amount = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        raise ValueError("not an amount") from None
    if not math.isfinite(amount) or abs(amount) > LARGEST_AMOUNT:
        raise ValueError("not an amount")
    return amount if abs(amount) >= SMALLEST_AMOUNT else 0.0


def count_in_range(value: int) -> int:
    """``value``, a count or a position.

    Raises:
        ValueError: when it is beyond :data:`LARGEST_COUNT`, either way.
    """
    if not -LARGEST_COUNT <= value <= LARGEST_COUNT:
        raise ValueError("not a count")
    return value
