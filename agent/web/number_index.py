"""What a search over the numbers of an account needs, by column; carried over between polls."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Alignment
from agent.checks.lifecycle import Flags
from agent.checks.result import CheckResult
from agent.model import Number
from agent.states import MarkingTag

LONGEST_NUMBER = 24
"""Bytes of a number that are searched and sorted by; longer ones are cut."""
MARK_UNKNOWN, NOT_MARKED, MARKED = range(3)
_COMPANY = attrgetter("company")
_SHOWN = attrgetter("company", "marking")


@dataclass(frozen=True, eq=False)
class Words:
    """A column of texts of which many are the same."""

    texts: list[str]
    """Every text once, in the order in which they first appear."""
    codes: npt.NDArray[np.int32]
    """By row, the index of its text."""

    @classmethod
    def of(cls, column: Iterable[str], size: int) -> "Words":
        """The words of ``column``, which has ``size`` rows."""
        known: dict[str, int] = {}
        found = (known.setdefault(text, len(known)) for text in column)
        codes = np.fromiter(found, dtype=np.int32, count=size)
        return cls(list(known), codes)

    @cached_property
    def folded(self) -> list[str]:
        """``texts`` without regard to upper and lower case."""
        return [text.casefold() for text in self.texts]

    def rows_where(self, matches: Callable[[str], bool]) -> Flags:
        """By row, whether its text matches; each text is looked at once."""
        return self._rows_of(map(matches, self.texts))

    def rows_containing(self, folded: str, matches: Callable[[str], bool]) -> Flags:
        """By row, whether its text contains ``folded`` in any case, and ``matches`` too."""
        texts = zip(self.folded, self.texts, strict=True)
        return self._rows_of(folded in low and matches(text) for low, text in texts)

    def _rows_of(self, matching_texts: Iterable[bool]) -> Flags:
        matching = np.fromiter(matching_texts, dtype=np.bool_, count=len(self.texts))
        return np.asarray(matching[self.codes])


@dataclass(frozen=True, eq=False)
class AccountIndex:
    """The searchable columns of one account's numbers, by the rows of its check result."""

    names: Sequence[str]
    numbers: Sequence[Number]
    encoded: npt.NDArray[np.bytes_]
    """Every number in UTF-8."""
    letters: npt.NDArray[np.uint8]
    """The same, one column for each byte."""
    companies: Words
    marks: npt.NDArray[np.int8]
    carriers: Words
    grades: Words
    carrier_column: Sequence[str]
    grade_column: Sequence[str]

    @classmethod
    def of(cls, result: CheckResult, before: "AccountIndex | None") -> "AccountIndex":
        """The index of ``result``; what did not change is taken from ``before``."""
        columns, size = result.columns, len(result.names)
        old = before if before is not None and before.names is result.names else None
        same = old is not None and _shows_the_same(result.numbers, old.numbers)
        encoded = old.encoded if old else _encoded(result.names)
        carriers = old.carriers if old and old.carrier_column is columns.carriers else None
        grades = old.grades if old and old.grade_column is columns.grades else None
        return cls(
            names=result.names,
            numbers=result.numbers,
            encoded=encoded,
            letters=old.letters if old else _letters(encoded),
            companies=old.companies
            if old and same
            else Words.of(map(_COMPANY, result.numbers), size),
            marks=old.marks if old and same else _marks(result.numbers),
            carriers=carriers or Words.of(columns.carriers, size),
            grades=grades or Words.of(columns.grades, size),
            carrier_column=columns.carriers,
            grade_column=columns.grades,
        )

    def contains(self, text: str) -> Flags:
        """By row, whether its number contains ``text``."""
        needle = text.encode()
        found = np.zeros(len(self.names), dtype=np.bool_)
        for start in range(self.letters.shape[1] - len(needle) + 1):
            here = self.letters[:, start] == needle[0]
            for place, letter in enumerate(needle[1:], start + 1):
                here &= self.letters[:, place] == letter
            found |= here
        return found


def _shows_the_same(new: Sequence[Number], old: Sequence[Number]) -> bool:
    changed = Alignment(len(new), None).changed(new, old).tolist()
    return all(_SHOWN(new[row]) == _SHOWN(old[row]) for row in changed)


def _encoded(names: Sequence[str]) -> npt.NDArray[np.bytes_]:
    width = min(max((len(name.encode()) for name in names), default=1) or 1, LONGEST_NUMBER)
    return np.array([name.encode() for name in names], dtype=f"S{width}")


def _letters(encoded: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint8]:
    letters = encoded.view(np.uint8).reshape(encoded.size, encoded.itemsize)
    # Column by column in memory, as it is read.
    return np.asfortranarray(letters)


def _mark(number: Number) -> int:
    if number.marking is None or number.marking.tag is MarkingTag.UNKNOWN:
        return MARK_UNKNOWN
    return NOT_MARKED if number.marking.tag is MarkingTag.NONE else MARKED


def _marks(numbers: Sequence[Number]) -> npt.NDArray[np.int8]:
    return np.fromiter(map(_mark, numbers), dtype=np.int8, count=len(numbers))
