"""The numbers of the whole fleet as one table, whose columns are joined when first needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.checks.result import CheckResult
from agent.health.account import AccountHealth
from agent.model import AccountKey
from agent.web.fleet_columns import FleetNumbers, FleetWords, Join, joined
from agent.web.number_index import AccountIndex

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Joins:
    """The columns as last joined."""

    codes: Join[Any, npt.NDArray[np.int8]] = field(default_factory=lambda: Join(joined))
    states: Join[Any, npt.NDArray[np.int8]] = field(default_factory=lambda: Join(joined))
    marks: Join[Any, npt.NDArray[np.int8]] = field(default_factory=lambda: Join(joined))
    companies: Join[Any, FleetWords] = field(default_factory=lambda: Join(FleetWords.of))
    carriers: Join[Any, FleetWords] = field(default_factory=lambda: Join(FleetWords.of))
    grades: Join[Any, FleetWords] = field(default_factory=lambda: Join(FleetWords.of))
    numbers: Join[Any, FleetNumbers] = field(default_factory=lambda: Join(FleetNumbers))


@dataclass(frozen=True, eq=False)
class FleetIndex:
    """The numbers of all accounts, one account's rows after another's."""

    healths: Sequence[AccountHealth]
    accounts: Sequence[AccountIndex]
    """The index of each account, in the order of ``healths``."""
    joins: _Joins

    @cached_property
    def sizes(self) -> Rows:
        """How many rows each account has."""
        return np.array([len(it.names) for it in self.accounts], dtype=np.intp)

    @cached_property
    def begins(self) -> Rows:
        """The first row of each account."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def size(self) -> int:
        """How many rows there are."""
        return int(self.sizes.sum())

    @cached_property
    def codes(self) -> npt.NDArray[np.int8]:
        """The health of every number."""
        return self.joins.codes.of([it.codes for it in self.healths])

    @cached_property
    def states(self) -> npt.NDArray[np.int8]:
        """The state of every number."""
        return self.joins.states.of([it.result.columns.states for it in self.healths])

    @cached_property
    def marks(self) -> npt.NDArray[np.int8]:
        """Whether people have marked the number."""
        return self.joins.marks.of([it.marks for it in self.accounts])

    @cached_property
    def companies(self) -> FleetWords:
        """The company of every number."""
        return self.joins.companies.of([it.companies for it in self.accounts])

    @cached_property
    def carriers(self) -> FleetWords:
        """The carrier of every number."""
        return self.joins.carriers.of([it.carriers for it in self.accounts])

    @cached_property
    def grades(self) -> FleetWords:
        """The grade of every number."""
        return self.joins.grades.of([it.grades for it in self.accounts])

    @cached_property
    def numbers(self) -> FleetNumbers:
        """The numbers themselves."""
        return self.joins.numbers.of([it.encoded for it in self.accounts])

    def place(self, row: int) -> tuple[AccountHealth, int]:
        """The account of ``row``, and its row there."""
        which = int(np.searchsorted(self.begins + self.sizes, row, side="right"))
        return self.healths[which], row - int(self.begins[which])


class FleetIndexes:
    """Indexes the fleet; what did not change is taken from the index before.

    Of the accounts it keeps what is searched and nothing else, so that old facts are freed. May be
    used from several threads: two that miss compute the same.
    """

    def __init__(self) -> None:
        self._joins = _Joins()
        self._accounts: Mapping[AccountKey, AccountIndex] = {}

    def of(self, healths: Sequence[AccountHealth]) -> FleetIndex:
        """The index of the numbers of ``healths``."""
        before = self._accounts
        newest = {key: _index(it.result, before.get(key)) for it in healths for key in (_key(it),)}
        self._accounts = newest
        return FleetIndex(healths, list(newest.values()), self._joins)


def _key(health: AccountHealth) -> AccountKey:
    return health.result.snapshot.provider, health.result.snapshot.account


def _index(result: CheckResult, before: AccountIndex | None) -> AccountIndex:
    if before is not None and before.is_of(result):
        return before
    return AccountIndex.of(result, before)
