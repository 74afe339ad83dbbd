"""A column of label values as few words and a small integer for each row.

A state, a provider or the owner of a phone is one of few texts. A list of texts takes eight bytes
a row and must be looked through to learn that; codes take one byte a row mostly, and whoever
encodes or escapes the column does so once for each word.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from exporters.equal_columns import shared

Codes = npt.NDArray[np.integer[Any]]


class LabelColumn(Sequence[str]):
    """The word of each row; immutable.

    Args:
        words: The texts; not all need to occur.
        codes: The index of each row's word; ``None`` where all rows have the first word.
        rows: The number of rows, where there are no codes.
    """

    __slots__ = ("codes", "rows", "words")

    def __init__(self, words: Sequence[str], codes: Codes | None, rows: int = 0) -> None:
        self.words = words
        self.codes = codes
        self.rows = rows if codes is None else codes.size

    @classmethod
    def constant(cls, text: str, rows: int) -> "LabelColumn":
        """A column of ``rows`` times the same text."""
        return cls((text,), None, rows)

    @classmethod
    def of(cls, words: Sequence[str], codes: Codes) -> "LabelColumn":
        """A column with the codes in the smallest type that holds them."""
        return cls(words, small(codes, len(words)))

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> "LabelColumn":
        """The column of ``texts``, of which many are the same."""
        known: dict[str, int] = {}
        codes = (known.setdefault(text, len(known)) for text in texts)
        by_row = np.fromiter(codes, dtype=np.int32, count=len(texts))
        return cls.of(_words(tuple(known)), by_row)

    @property
    def is_constant(self) -> bool:
        """Whether all rows have the same word, of which there is at least one."""
        if self.codes is None:
            return True
        return bool(self.rows and (self.codes == self.codes[0]).all())

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[str]:
        if self.codes is None:
            return iter([self.words[0]] * self.rows)
        return map(self.words.__getitem__, self.codes.tolist())

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> "LabelColumn": ...

    def __getitem__(self, index: int | slice) -> "str | LabelColumn":
        if isinstance(index, slice):
            if self.codes is None:
                return LabelColumn(self.words, None, len(range(*index.indices(self.rows))))
            return LabelColumn(self.words, self.codes[index])
        if self.codes is None:
            # Through the range, so that an index beyond the rows is an error.
            return self.words[range(self.rows)[index] * 0]
        return self.words[int(self.codes[index])]


@lru_cache(maxsize=256)
def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    """``words``: those of ten thousand accounts, which are mostly equal, are in memory once."""
    return words


def small(codes: Codes, count: int) -> Codes:
    """``codes`` below ``count`` in the smallest type that holds them, not to be written to."""
    smallest = np.min_scalar_type(max(count - 1, 0))
    return shared(codes if codes.itemsize <= smallest.itemsize else codes.astype(smallest))
