"""The symbol table: label values as small integers, and keys over several of them.

Comparing and grouping label values is array work this way. Keys pack symbols side by side and
are not hashed, so two different label sets never collide.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exporters.label_column import LabelColumn

Codes = npt.NDArray[np.signedinteger[Any]]
"""Codes of texts; in the smallest type that holds them where there are many."""

Keys = npt.NDArray[np.int64]
Rows = npt.NDArray[np.signedinteger[Any]]
"""Indexes of rows; four bytes each where there are millions of them."""

_CHUNK = 4096
"""Values encoded in one C call, which holds the GIL: well under a millisecond."""


class _Codes(dict[str, int]):
    """Codes by text; a new text gets the next code."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__({"": 0})
        self._texts = texts

    def __missing__(self, text: str) -> int:
        code = len(self._texts)
        self._texts.append(text)
        self[text] = code
        return code


class Symbols:
    """The symbol table: all label values by code. Code 0 is the empty text, a missing label."""

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        """The text of each code."""
        self._codes = _Codes(self.texts)
        self._derived: set[int] | None = None
        """Inside :meth:`scratch`, the codes of texts that only results of functions have."""

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """The code of ``text``, which is added when it is new."""
        code = self._codes[text]
        if self._derived:
            self._derived.discard(code)
        return code

    def derive(self, text: str) -> int:
        """The code of ``text``, which a function made; inside :meth:`scratch` it may be dropped."""
        count = len(self.texts)
        code = self._codes[text]
        if code == count and self._derived is not None:
            self._derived.add(code)
        return code

    @contextmanager
    def scratch(self) -> Iterator[Callable[[], bool]]:
        """Within the block, texts that :meth:`derive` adds are dropped at its end.

        Otherwise every query could add texts that stay. The block is given a function that returns
        whether there are such texts; then nothing that is encoded by these symbols may be used
        after the block (see :meth:`agent.rules.promql.vector.Vector.translated`).
        """
        derived = self._derived = set()
        try:
            yield lambda: bool(derived)
        finally:
            self._derived = None
            self._drop(derived)

    def _drop(self, codes: set[int]) -> None:
        """Drop the texts of ``codes``; a code below one that stays keeps an empty place."""
        for code in sorted(codes, reverse=True):
            del self._codes[self.texts[code]]
            if code == len(self.texts) - 1:
                self.texts.pop()
            else:
                self.texts[code] = ""

    def find(self, text: str) -> int | None:
        """The code of ``text``, or ``None`` when no series has it."""
        return self._codes.get(text)

    def encode(self, column: Sequence[str]) -> Codes:
        """The codes of a column of texts."""
        if isinstance(column, LabelColumn):
            return self._encode_words(column)
        return self._encode_texts(iter(column), len(column))

    def encode_all(self, columns: Sequence[Sequence[str]], known: "KnownTexts") -> Codes:
        """The codes of several columns, one behind the other, with little work for each of them.

        Texts whose list is in ``known`` are not looked up again; those of the others are added.
        """
        coded = [column for column in columns if isinstance(column, LabelColumn)]
        if not coded:
            return known.codes_of(columns, np.arange(sum(map(len, columns))), self._encode_texts)
        if len(coded) == len(columns):
            lists, codes = _joined(coded)
            used = distinct_of(codes)
            return np.asarray(known.codes_of(lists, used, self._encode_texts)[codes])
        return np.concatenate([self.encode(column) for column in columns])

    def _encode_texts(self, values: Iterator[str], count: int) -> Codes:
        codes = np.empty(count, np.int32)
        for start in range(0, count, _CHUNK):
            chunk = islice(values, _CHUNK)
            size = min(_CHUNK, count - start)
            coded = map(self._codes.__getitem__, chunk)
            codes[start : start + size] = np.fromiter(coded, np.int32, size)
        if self._derived and codes.size:
            # A series has a text that a function made before: it has to stay.
            lowest = min(self._derived)
            self._derived.difference_update(codes[codes >= lowest].tolist())
        return codes

    def _encode_words(self, column: LabelColumn) -> Codes:
        """The codes of a column that has few words: each word is looked up once."""
        if column.codes is None:
            return np.full(column.rows, self.code(column.words[0]), np.int32)
        # Only words that occur: a word without a row would be a text that no series has.
        codes = np.zeros(len(column.words), np.int32)
        used = distinct_of(column.codes)
        codes[used] = self.encode([column.words[word] for word in used.tolist()])
        return np.asarray(codes[column.codes])

    def decode(self, codes: "npt.NDArray[np.int32] | npt.NDArray[np.intp]") -> list[str]:
        """The texts of ``codes``."""
        texts = self.texts
        return [texts[code] for code in codes.tolist()]


def narrowed(codes: Codes) -> Codes:
    """``codes`` in the smallest type that holds them.

    A label such as the provider or a state takes a byte or two for each of millions of rows then.
    """
    highest = int(codes.max()) if codes.size else 0
    smallest = next(it for it in _TYPES if highest <= np.iinfo(it).max)
    return codes.astype(smallest, copy=False)


_TYPES: Final = (np.int8, np.int16, np.int32, np.int64)


def _joined(columns: Sequence[LabelColumn]) -> tuple[list[Sequence[str]], Codes]:
    """The lists of words of the columns, each once, and the rows' places in all of them."""
    lists: list[Sequence[str]] = []
    first_of: dict[int, int] = {}
    count = 0
    for column in columns:
        if id(column.words) not in first_of:
            first_of[id(column.words)] = count
            lists.append(column.words)
            count += len(column.words)
    sizes = [column.rows for column in columns]
    codes = np.repeat(np.array([first_of[id(it.words)] for it in columns], np.int32), sizes)
    start = 0
    for column, size in zip(columns, sizes, strict=True):
        if column.codes is not None:
            codes[start : start + size] += column.codes
        start += size
    return lists, codes


class KnownTexts:
    """The codes of lists of texts, while several tables are made of the same ones.

    An account's numbers are one list in most of its families, and looking a million texts up takes
    long: they lie all over the memory.
    """

    def __init__(self) -> None:
        self._codes: dict[int, tuple[Sequence[str], Codes]] = {}
        """By the identity of a list, which lives as long; -1 where a text was not looked up."""

    def codes_of(
        self,
        lists: Sequence[Sequence[str]],
        used: Rows,
        look_up: Callable[[Iterator[str], int], Codes],
    ) -> Codes:
        """The codes of the texts of ``lists``, one behind the other.

        Only those whose places are ``used`` are looked up: a word without a row would be a text
        that no series has. The others may be -1.
        """
        own = [self._of(texts) for texts in lists]
        codes = np.concatenate([np.empty(0, np.int32), *own])
        missing = used[codes[used] < 0]
        if missing.size:
            texts: list[str] = []
            for it in lists:
                texts += it
            codes[missing] = look_up((texts[place] for place in missing.tolist()), missing.size)
            start = 0
            for array in own:
                array[:] = codes[start : start + array.size]
                start += array.size
        return codes

    def _of(self, texts: Sequence[str]) -> Codes:
        known = self._codes.get(id(texts))
        if known is None:
            known = self._codes[id(texts)] = (texts, np.full(len(texts), -1, np.int32))
        return known[1]


_BITS = 62
_SPARSE = 16
"""An array of flags by code is used unless it would be this many times longer than the codes."""


def pack(columns: Sequence[Codes], rows: int) -> Keys:
    """One key per row; two keys are equal exactly when all codes of the rows are."""
    keys = np.zeros(rows, np.int64)
    used = 0
    for column in columns:
        width = int(column.max()).bit_length() if rows else 0
        if used + width > _BITS:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64, copy=False)
            used = rows.bit_length()
        keys <<= width
        keys |= column
        used += width
    return keys


def distinct_of(codes: npt.NDArray[np.integer[Any]]) -> Rows:
    """The distinct codes, ascending."""
    if not codes.size:
        return np.empty(0, np.intp)
    highest = int(codes.max())
    if highest > _SPARSE * codes.size:
        ordered = np.sort(codes)
        is_first = np.concatenate([np.ones(1, bool), ordered[1:] != ordered[:-1]])
        return np.asarray(ordered[is_first], np.intp)
    present = np.zeros(highest + 1, bool)
    present[codes] = True
    return np.flatnonzero(present)


def group(columns: Sequence[Codes], rows: int) -> tuple[Rows, Codes]:
    """The first row of each distinct key, and the index of the distinct key of every row."""
    if not columns:
        return np.zeros(min(rows, 1), np.intp), np.zeros(rows, np.int32)
    keys = pack(columns, rows)
    # Rows mostly come in the order in which their texts got codes: nothing to sort.
    is_sorted = bool((keys[1:] >= keys[:-1]).all())
    order = np.arange(rows) if is_sorted else np.argsort(keys, kind="stable")
    ordered = keys if is_sorted else keys[order]
    starts = np.concatenate([np.ones(min(rows, 1), bool), ordered[1:] != ordered[:-1]])
    ids = np.empty(rows, np.int32)
    ids[order] = np.cumsum(starts, dtype=np.int32) - np.int32(1)
    return order[starts], ids


def locate(queries: Sequence[Codes], index: Sequence[Codes], sizes: tuple[int, int]) -> Codes:
    """For every row of ``queries`` the row of ``index`` with the same codes, or -1.

    Both have the same columns in the same order; the rows of ``index`` are distinct.
    """
    both = [np.concatenate(pair) for pair in zip(queries, index, strict=True)]
    keys = pack(both, sum(sizes))
    left, right = keys[: sizes[0]], keys[sizes[0] :]
    if not sizes[1]:
        return np.full(sizes[0], -1, np.int32)
    order = np.argsort(right, kind="stable")
    places = np.minimum(np.searchsorted(right, left, sorter=order), sizes[1] - 1)
    rows = order[places]
    return np.where(right[rows] == left, rows, -1).astype(np.int32)
