"""Long work in pieces: comparisons of many facts that never hold the interpreter for long.

A comparison of 100,000 facts in one C call keeps every other thread, and with it the event
loop, waiting until it returns. These run in a thread, piece by piece, and give way in between.
"""

import time
from collections.abc import Iterator
from typing import Any

PIECE = 1024
"""Facts compared in one go; well under a millisecond."""

INLINE = 2000
"""Up to this many facts are worked on in the event loop itself; a thread would cost more."""


def pieces(length: int) -> Iterator[slice]:
    """Slices that cover ``length`` items in order; other threads may run between two."""
    for start in range(0, length, PIECE):
        if start:
            time.sleep(0)  # releases the interpreter lock to whoever waits for it
        yield slice(start, start + PIECE)


def let_go(items: list[Any]) -> None:
    """Empty ``items`` piece by piece.

    What a poll found unchanged is thrown away, old objects being kept. Thrown away all at once
    it would hold the interpreter as long as a comparison in one go would.
    """
    while items:
        del items[-PIECE:]
        time.sleep(0)
