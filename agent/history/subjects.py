"""The numbers of one account in the history: their short ids, and what was stored of them last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from agent.checks.columns import MISSING_ROW, Alignment
from agent.history.phones import Figures, PhoneColumns, differs, moved

NO_ID = 0


@dataclass(eq=False)
class AccountSubjects:
    """By row of the account's numbers: id, and the newest stored counts; by number the others.

    Numbers of call records that the account does not list have no row.
    """

    names: list[str] = field(default_factory=list)
    ids: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    reachable: Figures = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    bound: Figures = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    others: dict[str, int] = field(default_factory=dict)
    _vanished: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, stored: Sequence[Sequence[tuple[int, str, int | None, int | None]]]) -> Self:
        """The subjects that the database has: id, number, reachable and bound phones, in parts."""
        return cls(
            [row[1] for part in stored for row in part],
            np.array([row[0] for part in stored for row in part], dtype=np.int64),
            _figures(row[2] for part in stored for row in part),
            _figures(row[3] for part in stored for row in part),
        )

    def align(self, names: list[str]) -> None:
        """Bring the rows into the order of ``names``; numbers that are not in it lose theirs."""
        alignment = Alignment.of(names, self.names)
        if alignment.carry is None:
            self.names = names
            return
        lost = np.ones(len(self.names), dtype=np.bool_)
        lost[alignment.carry[alignment.carry != MISSING_ROW]] = False
        for row in np.flatnonzero(lost & (self.ids != NO_ID)).tolist():
            self.others[self.names[row]] = int(self.ids[row])
            if not np.isnan(self.reachable[row]):
                self._vanished.append(int(self.ids[row]))
        self._take(names, alignment)

    def _take(self, names: list[str], alignment: Alignment) -> None:
        assert alignment.carry is not None
        ids = np.full(len(names), NO_ID, dtype=np.int64)
        present = alignment.carry != MISSING_ROW
        ids[present] = self.ids[alignment.carry[present]]
        self.reachable = moved(self.reachable, alignment)
        self.bound = moved(self.bound, alignment)
        self.names, self.ids = names, ids
        for row in np.flatnonzero(ids == NO_ID).tolist() if self.others else ():
            self.ids[row] = self.others.pop(names[row], NO_ID)

    def changed(self, phones: PhoneColumns) -> npt.NDArray[np.intp]:
        """The rows of ``phones`` that say anything new; both have the same numbers."""
        new = differs(phones.last, self.reachable) | differs(phones.bound, self.bound)
        # The least and greatest of a steady number are its last: what differs has changed.
        new |= differs(phones.low, phones.last) | differs(phones.high, phones.last)
        return np.flatnonzero(new)

    def ids_of(self, numbers: Collection[str]) -> dict[str, int]:
        """The ids of those of ``numbers`` that have one."""
        if not numbers:
            return {}
        found = {number: self.others[number] for number in numbers if number in self.others}
        rows = ((name, row) for row, name in enumerate(self.names) if name in numbers)
        listed = ((name, int(self.ids[row])) for name, row in rows)
        return found | {name: id_ for name, id_ in listed if id_ != NO_ID}

    def rows_of(self, numbers: Collection[str]) -> dict[str, int | None]:
        """The row of each of ``numbers``; ``None`` where it has none."""
        rows: dict[str, int | None] = dict.fromkeys(numbers)
        if numbers:
            rows |= {name: row for row, name in enumerate(self.names) if name in rows}
        return rows

    def add(self, first: int, numbers: Mapping[str, int | None]) -> None:
        """Note the ids that numbers, with their rows, have got: ``first`` and those after it."""
        for id_, (number, row) in enumerate(numbers.items(), first):
            if row is None:
                self.others[number] = id_
            else:
                self.ids[row] = id_

    def vanished(self) -> tuple[int, ...]:
        """The numbers that lost their row and were known then, by id, until they are stored."""
        return tuple(self._vanished)

    def forget_vanished(self, count: int) -> None:
        """Note that the database now has the first ``count`` of those that vanished."""
        del self._vanished[:count]

    def stored(self, rows: npt.NDArray[np.intp], phones: PhoneColumns) -> None:
        """Note that the database now has ``rows`` of ``phones``."""
        self.reachable, self.bound = self.reachable.copy(), self.bound.copy()
        self.reachable[rows], self.bound[rows] = phones.last[rows], phones.bound[rows]


def _figures(values: Iterable[int | None]) -> Figures:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)
