"""Sorts long lists in short steps, so that no single C call holds the interpreter for long."""

from collections.abc import Callable
from itertools import chain, pairwise, zip_longest
from typing import Final, TypeVar

Item = TypeVar("Item")

_PIECE: Final = 16_384


def sorted_in_steps(items: list[Item], key: Callable[[Item], str]) -> list[Item]:
    """``items`` in the order of ``key``; stable, as ``sorted`` is.

    Pieces are sorted alone, then merged in pairs: timsort finds two ordered runs and only has to
    merge them, and other threads run between the steps.
    """
    runs = [sorted(items[at : at + _PIECE], key=key) for at in range(0, len(items), _PIECE)]
    if all(key(left[-1]) <= key(right[0]) for left, right in pairwise(runs)):
        return list(chain.from_iterable(runs))
    while len(runs) > 1:
        pairs = zip_longest(runs[::2], runs[1::2], fillvalue=())
        runs = [sorted([*left, *right], key=key) for left, right in pairs]
    return runs[0] if runs else []
