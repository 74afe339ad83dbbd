"""When polls begin, and which numbers a poll covers when not all fit into one.

First polls are spread over a span, later ones follow a fixed grid.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

QUICK_START = 2.0
"""Seconds within which a small configuration has polled everything once."""

SMALL = 20
"""Up to this many accounts a configuration is small."""

LARGE = 100
"""From this many accounts on, the first polls are spread over the whole interval."""

_RATE_SHARE = 0.5
"""The share of an account's rate that one poll of number after number may use up."""


def start_span(accounts: int, interval: float) -> float:
    """Seconds over which the first polls of one capability are spread.

    A handful of accounts shows its data at once; a fleet must not send its first requests at
    the same moment.
    """
    quick = min(interval, QUICK_START * min(1.0, accounts / SMALL))
    share = min(1.0, max(0.0, (accounts - SMALL) / (LARGE - SMALL)))
    return quick + (interval - quick) * share


def first_delay(index: int, accounts: int, interval: float, jitter: float) -> float:
    """Seconds until the first poll of account ``index`` of ``accounts``.

    The span is divided evenly, and each account begins at a random point of its own part:
    ``jitter`` is a random number from 0 to 1. The spread therefore does not depend on luck.
    """
    return start_span(accounts, interval) * ((index + jitter) / max(accounts, 1))


def resumed_delay(last_attempt: float | None, interval: float, now: float, first: float) -> float:
    """Seconds until the next poll of an account whose former poller polled it last then.

    It goes on in the former's rhythm, so that nothing is polled, and paid for, anew because it
    changed hands. What is overdue, or was never polled, waits for ``first``, and at most for half
    of the interval: then no two polls are more than two intervals apart.
    """
    wait = None if last_attempt is None else last_attempt + interval - now
    return wait if wait is not None and 0 < wait <= interval else min(first, interval / 2)


def next_tick(anchor: float, interval: float, now: float) -> float:
    """The first point after ``now`` on the grid of ``interval`` seconds through ``anchor``.

    Points that passed while a poll was under way are skipped, never caught up on.
    """
    passed = math.floor((now - anchor) / interval)
    tick = anchor + (passed + 1) * interval
    # Rounding can make the computed point equal ``now``; a poll must not follow itself at once.
    return tick if tick > now else anchor + (passed + 2) * interval


class Rotation:
    """A position in the sorted numbers of an account that survives changes of the listing."""

    def __init__(self) -> None:
        self._last = ""

    def next_numbers(self, numbers: Sequence[str], count: int) -> Sequence[str]:
        """The ``count`` numbers after the position, from the beginning again at the end."""
        if count >= len(numbers):
            return numbers
        start = bisect_right(numbers, self._last)
        return [*numbers[start : start + count], *numbers[: max(0, start + count - len(numbers))]]

    def advance(self, number: str) -> None:
        """Put the position behind ``number``."""
        self._last = number


def slice_size(rate: float, timeout: float) -> int:
    """How many requests fit into one poll of ``timeout`` seconds.

    Half of the account's ``rate`` (requests per second) is left to its other capabilities.
    """
    return max(1, int(rate * timeout * _RATE_SHARE))


def batches(numbers: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """``numbers`` in batches of at most ``size``."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
