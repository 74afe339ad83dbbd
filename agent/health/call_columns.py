"""The newest calls of each number by column: how many were to be answered, how many were.

Rests on the few newest records that a snapshot holds of each number. Calls that the number's own
lists and hours turn away, and records that do not say how a call ended, are no evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.checks.columns import MISSING_ROW, Alignment, Rows, take_rows
from agent.checks.lifecycle import Flags, Floats
from agent.checks.result import CheckResult
from agent.model import CallOutcome
from agent.states import CallResult, Capability

WINDOW = 1800.0
"""Seconds: older calls say nothing about how the number is now."""
MOST_CALLS = 8
"""The newest calls of a number that are looked at."""
ENOUGH_CALLS = 5
"""Fewer calls within the window are too few to judge by."""
_NO_EVIDENCE = frozenset(
    {
        CallResult.CALLER_BLACKLISTED,
        CallResult.CLOSED_HOURS,
        CallResult.REGION_BLOCKED,
        CallResult.UNKNOWN,
    }
)
_NEVER = -np.inf

Counts = npt.NDArray[np.int8]
Outcomes = tuple[CallOutcome, ...]


@dataclass(frozen=True, eq=False)
class CallColumns:
    """The newest calls of the numbers that have any."""

    names: list[str]
    outcomes: list[Outcomes]
    starts: Floats
    """One row for each name: when its newest calls began; minus infinity where there is none
    that says anything."""
    answered: Flags
    """Of the same calls, whether each was answered."""
    listed: Sequence[str]
    """The account's numbers for which ``rows`` was made."""
    rows: Rows
    """Row of each name among the account's numbers, or ``MISSING_ROW``."""

    @classmethod
    def of(cls, result: CheckResult, before: "CallColumns | None") -> "CallColumns":
        """The calls of ``result``; recomputed only for numbers whose records changed."""
        recent: Mapping[str, Outcomes] = result.snapshot.recent_calls
        names, outcomes = list(recent), list(recent.values())
        alignment = Alignment.of(names, before.names if before else None)
        if before is None:
            starts, answered = _read(outcomes)
        else:
            changed = alignment.changed(outcomes, before.outcomes)
            fresh_starts, fresh_answered = _read(take_rows(outcomes, changed))
            starts = alignment.patch(before.starts, changed, fresh_starts)
            answered = alignment.patch(before.answered, changed, fresh_answered)
        is_same = before is not None and alignment.carry is None and before.listed is result.names
        rows = before.rows if before is not None and is_same else _rows(result, names)
        return cls(names, outcomes, starts, answered, result.names, rows)

    def counts(self, now: float) -> tuple[Counts, Counts]:
        """By number of the account: calls within the window, and how many were answered."""
        offered = np.zeros(len(self.listed), dtype=np.int8)
        answered = np.zeros(len(self.listed), dtype=np.int8)
        is_listed = self.rows != MISSING_ROW
        is_recent = self.starts >= now - WINDOW
        rows = self.rows[is_listed]
        offered[rows] = is_recent.sum(axis=1, dtype=np.int8)[is_listed]
        answered[rows] = (is_recent & self.answered).sum(axis=1, dtype=np.int8)[is_listed]
        return offered, answered


def are_current(result: CheckResult, now: float) -> bool:
    """Whether call records are current; those that are only pushed always are.

    Of these the time of each call says how old it is.
    """
    is_polled = Capability.CALLS in result.snapshot.polls
    return not is_polled or result.is_fresh(Capability.CALLS, now)


def _rows(result: CheckResult, names: Sequence[str]) -> Rows:
    rows = (result.number_row(name) for name in names)
    known = (MISSING_ROW if row is None else row for row in rows)
    return np.fromiter(known, dtype=np.intp, count=len(names))


def _read(outcomes: Sequence[Outcomes]) -> tuple[Floats, Flags]:
    starts = np.full((len(outcomes), MOST_CALLS), _NEVER)
    answered = np.zeros((len(outcomes), MOST_CALLS), dtype=np.bool_)
    for row, calls in enumerate(outcomes):
        for place, call in enumerate(calls[-MOST_CALLS:]):
            if call.has_outcome and call.result not in _NO_EVIDENCE:
                starts[row, place] = call.started_at
                answered[row, place] = call.result is CallResult.ANSWERED
    return starts, answered
