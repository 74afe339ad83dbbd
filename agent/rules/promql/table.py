"""Tables of label sets, stored by column.

A table lives as long as the frames it was made of. It caches the grouping of its rows by some
labels, the rows that a matcher accepts and the row numbers in another table, so that an
evaluation over unchanged series is array look-ups only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from agent.rules.promql.matchers import Matcher
from agent.rules.promql.row_numbers import first_rows
from agent.rules.promql.symbols import Codes, Rows, Symbols, distinct_of, group, locate

Mask = npt.NDArray[np.bool_]

_MAX_MASKS = 128
_MASK_BYTES = 8 * 1024 * 1024
"""Bytes of the masks of one table, beyond the first few: queries name ever other values."""
_FEW_MASKS = 8


class Table:
    """Rows of label sets; ``distinct`` asserts that no two rows are equal."""

    def __init__(
        self, symbols: Symbols, columns: Mapping[str, Codes], rows: int, *, distinct: bool = False
    ) -> None:
        self.symbols = symbols
        self.columns = dict(sorted(columns.items()))
        self.rows = rows
        self._distinct = distinct
        self._projections: dict[tuple[str, ...], Projection] = {}
        self._masks: dict[tuple[str, str, str], Mask] = {}
        self._present: dict[str, Rows] = {}
        self._rows_in: WeakKeyDictionary[Table, Codes] = WeakKeyDictionary()

    @property
    def names(self) -> tuple[str, ...]:
        """The label names, sorted."""
        return tuple(self.columns)

    @cached_property
    def all_rows(self) -> Rows:
        """Every row, in order."""
        return first_rows(self.rows)

    def column(self, name: str) -> Codes:
        """The codes of one label; all 0 (missing) where the table has no such label."""
        column = self.columns.get(name)
        return np.zeros(self.rows, np.int32) if column is None else column

    def take(self, rows: Rows, names: Sequence[str] | None = None) -> dict[str, Codes]:
        """The columns of ``rows``, restricted to ``names`` if given."""
        return {name: self.column(name)[rows] for name in (self.names if names is None else names)}

    def project(self, names: Sequence[str]) -> "Projection":
        """The distinct label sets with only the labels ``names``."""
        key = tuple(name for name in self.columns if name in names)
        if key not in self._projections:
            self._projections[key] = self._project(key)
        return self._projections[key]

    def without(self, names: Sequence[str]) -> "Projection":
        """The distinct label sets without the labels ``names``."""
        return self.project([name for name in self.columns if name not in names])

    def _project(self, names: tuple[str, ...]) -> "Projection":
        if self._distinct and names == self.names:
            return Projection(self, first_rows(self.rows))
        first, ids = group([self.columns[name] for name in names], self.rows)
        if first.size == self.rows:
            # The rows stay distinct without the other labels: as they are, in the same arrays.
            if names == self.names:
                self._distinct = True
                return Projection(self, first_rows(self.rows))
            columns = {name: self.columns[name] for name in names}
            table = Table(self.symbols, columns, self.rows, distinct=True)
            return Projection(table, first_rows(self.rows))
        columns = self.take(first, names)
        return Projection(Table(self.symbols, columns, first.size, distinct=True), ids)

    def mask(self, matcher: Matcher) -> Mask:
        """Which rows the matcher accepts."""
        key = (matcher.operator, matcher.label, matcher.value)
        if key not in self._masks:
            most = max(_FEW_MASKS, min(_MAX_MASKS, _MASK_BYTES // max(1, self.rows)))
            if len(self._masks) >= most:
                self._masks.clear()
            self._masks[key] = self._mask(matcher)
        return self._masks[key]

    def _mask(self, matcher: Matcher) -> Mask:
        column = self.columns.get(matcher.label)
        if column is None:
            return np.full(self.rows, matcher.accepts(""))
        if matcher.operator in {"=", "!="}:
            code = self.symbols.find(matcher.value)
            same: Mask = column == (-1 if code is None else code)
            return same if matcher.is_equality else ~same
        if matcher.label not in self._present:
            self._present[matcher.label] = distinct_of(column)
        present = self._present[matcher.label]
        accepted = np.zeros(int(present[-1]) + 1 if present.size else 0, bool)
        accepted[present] = [matcher.accepts(text) for text in self.symbols.decode(present)]
        return accepted[column]

    def rows_in(self, other: "Table") -> Codes | Rows:
        """For every row the row of ``other`` with the same labels, or -1; both must be distinct."""
        if other is self:
            return first_rows(self.rows)
        if other not in self._rows_in:
            names = sorted({*self.names, *other.names})
            self._rows_in[other] = locate(
                [self.column(name) for name in names],
                [other.column(name) for name in names],
                (self.rows, other.rows),
            )
        return self._rows_in[other]

    def translated(self, former: Symbols, symbols: Symbols) -> "Table":
        """The same label sets encoded by other ``symbols``."""
        columns = {
            name: symbols.encode(former.decode(codes)) for name, codes in self.columns.items()
        }
        return Table(symbols, columns, self.rows, distinct=self._distinct)

    def labels(self, row: int) -> dict[str, str]:
        """The label set of one row, missing labels left out."""
        texts = self.symbols.texts
        pairs = ((name, texts[int(column[row])]) for name, column in self.columns.items())
        return {name: text for name, text in pairs if text}


@dataclass(frozen=True, eq=False)
class Projection:
    """A table reduced to fewer labels: its distinct rows, and the new row of each old one."""

    table: Table
    ids: Codes | Rows
