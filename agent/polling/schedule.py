"""When polls begin: spread at the start, then on a fixed grid. Pure."""

import math

QUICK_START = 2.0
"""A small configuration has asked everything once after this many seconds."""

SMALL = 20
"""So many accounts still count as small."""

LARGE = 100
"""From so many accounts on the first polls are spread over the whole interval."""


def start_span(accounts: int, interval: float) -> float:
    """Seconds over which the first polls of one capability are spread.

    A handful of accounts shows its data at once; a fleet must not ask all at the same moment
    (reliability.md §(b), test 21).
    """
    quick = min(interval, QUICK_START * min(1.0, accounts / SMALL))
    share = min(1.0, max(0.0, (accounts - SMALL) / (LARGE - SMALL)))
    return quick + (interval - quick) * share


def first_delay(index: int, accounts: int, interval: float, chance: float) -> float:
    """Seconds until the first poll of account ``index`` of ``accounts``.

    Every account has a stretch of its own and begins at a random place in it (``chance``, 0
    to 1), so the spread does not depend on luck.
    """
    return start_span(accounts, interval) * ((index + chance) / max(accounts, 1))


def next_tick(anchor: float, interval: float, now: float) -> float:
    """The first point after ``now`` on the grid of ``interval`` through ``anchor``.

    Points that went by while a poll was under way are skipped, never caught up on.
    """
    passed = math.floor((now - anchor) / interval)
    tick = anchor + (passed + 1) * interval
    return tick if tick > now else anchor + (passed + 2) * interval
