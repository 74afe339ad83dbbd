"""The searchable columns of the numbers of all accounts, joined into one array each.

A fleet may have thousands of accounts of a few numbers: work on each account's arrays would cost
more than the work itself. A joined column is made again only when an account's part of it is
another object than before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import is_not
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from agent.checks.lifecycle import Flags
from agent.web.number_index import Words

Part = TypeVar("Part")
Column = TypeVar("Column")
Order = npt.NDArray[np.intp]
"""Rows of the fleet in an order."""


class Join(Generic[Part, Column]):
    """A column made of one part of every account; may be used from several threads."""

    def __init__(self, make: Callable[[Sequence[Part]], Column]) -> None:
        self._make = make
        # The parts with what was made of them, so that no part is another object meanwhile.
        self._newest: tuple[Sequence[Part], Column] | None = None

    def of(self, parts: Sequence[Part]) -> Column:
        """The column made of ``parts``."""
        newest = self._newest
        if newest is not None and _are_same(newest[0], parts):
            return newest[1]
        column = self._make(parts)
        self._newest = parts, column
        return column


def _are_same(before: Sequence[object], after: Sequence[object]) -> bool:
    """Whether both have the very same objects in the same order."""
    return len(before) == len(after) and not any(map(is_not, before, after))


def joined(parts: Sequence[npt.NDArray[np.int8]]) -> npt.NDArray[np.int8]:
    """Small numbers, account by account."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, eq=False)
class FleetWords:
    """A column of texts of the whole fleet."""

    texts: list[str]
    """Every text once."""
    codes: npt.NDArray[np.generic]
    """By row, the index of its text."""

    @classmethod
    def of(cls, parts: Sequence[Words]) -> "FleetWords":
        """The words of all accounts."""
        places: dict[str, int] = {}
        codes = []
        for part in parts:
            mine = [places.setdefault(text, len(places)) for text in part.texts]
            codes.append(np.array(mine, dtype=np.int32)[part.codes])
        every = np.concatenate(codes) if codes else np.zeros(0, dtype=np.int32)
        return cls(list(places), every.astype(np.min_scalar_type(len(places))))

    @cached_property
    def folded(self) -> list[str]:
        """``texts`` without regard to upper and lower case."""
        return [text.casefold() for text in self.texts]

    def rows_of(self, text: str) -> Flags:
        """By row, whether its text is ``text``."""
        if text not in self.texts:
            return np.zeros(self.codes.size, dtype=np.bool_)
        return np.asarray(self.codes == self.texts.index(text))

    def rows_containing(self, folded: str, matches: Callable[[str], bool]) -> Flags:
        """By row, whether its text contains ``folded`` in any case, and ``matches`` too."""
        containing = [place for place, text in enumerate(self.folded) if folded in text]
        matching = np.zeros(len(self.texts), dtype=np.bool_)
        matching[[place for place in containing if matches(self.texts[place])]] = True
        if not matching.any():
            return np.zeros(self.codes.size, dtype=np.bool_)
        return np.asarray(matching[self.codes])

    @cached_property
    def order(self) -> Order:
        """The rows by their texts, rows without one last; those of one text stay in order."""
        places = sorted(range(len(self.texts)), key=lambda place: _last_if_none(self.texts[place]))
        ranks = np.empty(len(places), dtype=np.int32)
        ranks[places] = np.arange(len(places), dtype=np.int32)
        return np.argsort(ranks[self.codes], kind="stable")


def _last_if_none(text: str) -> tuple[bool, str, str]:
    return not text, text.casefold(), text


@dataclass(frozen=True, eq=False)
class FleetNumbers:
    """The numbers of the whole fleet."""

    encoded: Sequence[npt.NDArray[np.bytes_]]
    """Every number in UTF-8, account by account."""

    @cached_property
    def _letters(self) -> npt.NDArray[np.uint8]:
        """An array for each byte of the numbers, zero after a number's end."""
        width = max((part.itemsize for part in self.encoded), default=1)
        letters = np.zeros((width, sum(part.size for part in self.encoded)), dtype=np.uint8)
        begin = 0
        for part in self.encoded:
            own = part.view(np.uint8).reshape(part.size, part.itemsize)
            letters[: part.itemsize, begin : begin + part.size] = own.T
            begin += part.size
        return letters

    @cached_property
    def order(self) -> Order:
        """The rows by their numbers; equal ones stay in order."""
        parts = self.encoded or (np.zeros(0, dtype=np.bytes_),)
        return np.argsort(np.concatenate(parts), kind="stable")

    def containing(self, text: str) -> Flags:
        """By row, whether its number contains ``text``."""
        needle, letters = text.encode("utf-8", "surrogatepass"), self._letters
        found = np.zeros(letters.shape[1], dtype=np.bool_)
        if not needle or 0 in needle:
            return found
        for start in range(letters.shape[0] - len(needle) + 1):
            here = letters[start] == needle[0]
            for place, letter in enumerate(needle[1:], start + 1):
                here &= letters[place] == letter
            found |= here
        return found
