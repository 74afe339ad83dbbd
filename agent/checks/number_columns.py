"""The facts of the listing by column: states, dates, carriers, grades."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from agent.checks.carriers import carrier_of
from agent.checks.columns import Alignment, Rows, float_column, take_rows
from agent.checks.lifecycle import (
    Codes,
    Flags,
    Floats,
    mismatch_column,
    network_codes,
    state_codes,
    up_column,
)
from agent.masking import mask_text
from agent.model import Number
from agent.states import Grade, NumberState
from exporters.equal_columns import shared
from exporters.label_column import LabelColumn

Change = tuple[NumberState, NumberState, float]
"""From, to, and when the change was seen, in epoch seconds."""

_STATE = attrgetter("state")
_NETWORK = attrgetter("network_state")
_CONTRACT = attrgetter("contract_end")
_RECLAIM = attrgetter("reclaim_at")
_REALNAME = attrgetter("realname_ok")


@dataclass(frozen=True)
class AccountDefaults:
    """Values that an account sets for all its numbers."""

    forced: NumberState | None
    """A state that the account forces on its numbers."""
    grade: Grade | None
    """The grade of numbers for which the provider reports none."""


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """One entry for each number in every column; NaN if the provider reports nothing."""

    states: Codes
    """Codes of ``lifecycle.NUMBER_STATES``."""
    networks: Codes
    """Codes of ``lifecycle.NETWORK_STATES``."""
    up: Floats
    mismatch: Flags
    contract_end: Floats
    reclaim_at: Floats
    realname_ok: Floats
    carriers: LabelColumn
    grades: LabelColumn

    @classmethod
    def read(cls, numbers: Sequence[Number], defaults: AccountDefaults) -> "NumberColumns":
        """Returns the columns of ``numbers``."""
        states = state_codes(map(_STATE, numbers), defaults.forced)
        networks = network_codes(map(_NETWORK, numbers))
        return cls(
            states=shared(states),
            networks=shared(networks),
            up=shared(up_column(states, networks)),
            mismatch=shared(mismatch_column(states, networks)),
            contract_end=float_column(numbers, _CONTRACT),
            reclaim_at=float_column(numbers, _RECLAIM),
            realname_ok=float_column(numbers, _REALNAME),
            carriers=_masked([carrier_of(number.number, number.carrier) for number in numbers]),
            grades=LabelColumn.of_texts([grade_of(it, defaults.grade).value for it in numbers]),
        )

    def follow(
        self,
        numbers: Sequence[Number],
        defaults: AccountDefaults,
        alignment: Alignment,
        rows: Rows,
    ) -> "NumberColumns":
        """Returns the columns of ``numbers``, recomputed only in the changed ``rows``."""
        if not rows.size and alignment.carry is None:
            return self
        fresh = NumberColumns.read(take_rows(numbers, rows), defaults)
        return NumberColumns(
            states=alignment.patch(self.states, rows, fresh.states),
            networks=alignment.patch(self.networks, rows, fresh.networks),
            up=alignment.patch(self.up, rows, fresh.up),
            mismatch=alignment.patch(self.mismatch, rows, fresh.mismatch),
            contract_end=alignment.patch(self.contract_end, rows, fresh.contract_end),
            reclaim_at=alignment.patch(self.reclaim_at, rows, fresh.reclaim_at),
            realname_ok=alignment.patch(self.realname_ok, rows, fresh.realname_ok),
            carriers=_patched(self.carriers, alignment, rows, fresh.carriers),
            grades=_patched(self.grades, alignment, rows, fresh.grades),
        )


def _masked(carriers: list[str]) -> LabelColumn:
    # Few carriers, many numbers.
    shown = {carrier: mask_text(carrier) for carrier in set(carriers)}
    return LabelColumn.of_texts([shown[carrier] for carrier in carriers])


def _patched(old: LabelColumn, alignment: Alignment, rows: Rows, fresh: LabelColumn) -> LabelColumn:
    """``old`` moved to the new rows, with ``fresh`` in ``rows``; itself where that is the same."""
    if alignment.carry is None and list(map(old.__getitem__, rows.tolist())) == list(fresh):
        return old
    return LabelColumn.of_texts(alignment.patch_list(list(old), rows, list(fresh)))


def grade_of(number: Number, account_grade: Grade | None) -> Grade:
    """Returns the grade that the provider reports, else the account's."""
    reported = number.grade is not Grade.STANDARD
    return number.grade if reported or account_grade is None else account_grade


def with_deadlines(
    columns: NumberColumns,
    numbers: Sequence[Number],
    rows: Iterable[int],
    changes: Mapping[str, Change],
    reclaimed_after: Mapping[NumberState, float],
) -> NumberColumns:
    """Add the time of reclaim that follows from the provider's usual delay.

    Applies to ``rows`` whose change of state was observed and for which the provider reports no
    date (docs/reference/domain.md §1, lifecycle).

    Args:
        columns: The columns of the listing.
        numbers: The numbers by row.
        rows: The rows that changed.
        changes: The newest observed change of state of each number.
        reclaimed_after: Seconds after which a number in a state is reclaimed.
    """
    known: dict[int, float] = {}
    for row in rows:
        number = numbers[row]
        change = changes.get(number.number)
        lasts = reclaimed_after.get(number.state)
        if change and lasts is not None and change[1] is number.state and not number.reclaim_at:
            known[row] = change[2] + lasts
    if not known:
        return columns
    deadlines = columns.reclaim_at.copy()
    deadlines[np.fromiter(known, dtype=np.intp)] = list(known.values())
    return replace(columns, reclaim_at=deadlines)
