"""Which numbers are asked next when not all of them fit into one poll."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence


class Rotation:
    """Goes through sorted numbers in turns; keeps its place when the listing changes."""

    def __init__(self) -> None:
        self._last = ""

    def take(self, numbers: Sequence[str], count: int) -> Sequence[str]:
        """The ``count`` numbers after the last one done, beginning again at the end."""
        if count >= len(numbers):
            return numbers
        start = bisect_right(numbers, self._last)
        return [*numbers[start : start + count], *numbers[: max(0, start + count - len(numbers))]]

    def done(self, number: str) -> None:
        """The next turn begins after ``number``."""
        self._last = number


def slice_size(rate: float, timeout: float) -> int:
    """How many requests fit into a poll with half of the rate left to others."""
    return max(1, int(rate * timeout * 0.5))


def batches(numbers: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """``numbers`` in portions of ``size``."""
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
