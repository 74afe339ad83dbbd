"""What a search over the numbers of an account needs, by column; carried over between polls."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from agent.checks.columns import Alignment
from agent.checks.result import CheckResult
from agent.model import Number
from agent.states import MarkingTag

LONGEST_NUMBER = 24
"""Bytes of a number that are searched and sorted by; longer ones are cut."""
MARK_UNKNOWN, NOT_MARKED, MARKED = range(3)
_COMPANY, _MARKING = attrgetter("company"), attrgetter("marking")


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


@dataclass(frozen=True, eq=False)
class AccountIndex:
    """The searchable columns of one account's numbers, by the rows of its check result."""

    names: Sequence[str]
    numbers: Sequence[Number]
    encoded: npt.NDArray[np.bytes_]
    """Every number in UTF-8."""
    companies: Words
    marks: npt.NDArray[np.int8]
    carriers: Words
    grades: Words
    carrier_column: Sequence[str]
    grade_column: Sequence[str]

    @classmethod
    def of(cls, result: CheckResult, before: "AccountIndex | None") -> "AccountIndex":
        """The index of ``result``; what did not change is taken from ``before``."""
        columns, numbers, size = result.columns, result.numbers, len(result.names)
        old = before if before is not None and before.names is result.names else None
        carriers = old.carriers if old and old.carrier_column is columns.carriers else None
        grades = old.grades if old and old.grade_column is columns.grades else None
        companies, marks = (None, None) if old is None else _unchanged(old, numbers)
        return cls(
            names=result.names,
            numbers=numbers,
            encoded=old.encoded if old else _encoded(result.names),
            companies=companies or Words.of(map(_COMPANY, numbers), size),
            marks=_marks(numbers) if marks is None else marks,
            carriers=carriers or Words.of(columns.carriers, size),
            grades=grades or Words.of(columns.grades, size),
            carrier_column=columns.carriers,
            grade_column=columns.grades,
        )

    def is_of(self, result: CheckResult) -> bool:
        """Whether nothing that is searched differs in ``result``."""
        columns = result.columns
        return (
            self.numbers is result.numbers
            and self.names is result.names
            and self.carrier_column is columns.carriers
            and self.grade_column is columns.grades
        )


def _unchanged(
    old: AccountIndex, numbers: Sequence[Number]
) -> tuple[Words | None, npt.NDArray[np.int8] | None]:
    """The companies and the marks of ``old``, each where they are those of ``numbers`` too."""
    changed = Alignment(len(numbers), None).changed(numbers, old.numbers).tolist()

    def is_same(shown: Callable[[Number], object]) -> bool:
        return all(shown(numbers[row]) == shown(old.numbers[row]) for row in changed)

    return old.companies if is_same(_COMPANY) else None, old.marks if is_same(_MARKING) else None


def _encoded(names: Sequence[str]) -> npt.NDArray[np.bytes_]:
    width = min(max((len(name.encode()) for name in names), default=1) or 1, LONGEST_NUMBER)
    return np.array([name.encode() for name in names], dtype=f"S{width}")


def _mark(number: Number) -> int:
    if number.marking is None or number.marking.tag is MarkingTag.UNKNOWN:
        return MARK_UNKNOWN
    return NOT_MARKED if number.marking.tag is MarkingTag.NONE else MARKED


def _marks(numbers: Sequence[Number]) -> npt.NDArray[np.int8]:
    return np.fromiter(map(_mark, numbers), dtype=np.int8, count=len(numbers))
