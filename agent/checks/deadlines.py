"""When a number is taken back, where only its provider's habit tells (domain.md §1, lifecycle)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from agent.checks.number_columns import NumberColumns
from agent.model import Number
from agent.states import NumberState

Change = tuple[NumberState, NumberState, float]
"""From, to, and when it was seen, in epoch seconds."""


def with_deadlines(
    columns: NumberColumns,
    numbers: Sequence[Number],
    rows: Iterable[int],
    changes: Mapping[str, Change],
    reclaimed_after: Mapping[NumberState, float],
) -> NumberColumns:
    """``columns`` with the day a number is taken back, for those of ``rows`` that have one.

    Args:
        columns: What the listing tells.
        numbers: The numbers by row.
        rows: The rows that changed.
        changes: The newest change of state of each number that was seen.
        reclaimed_after: Seconds until a number in a state is taken back.
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
