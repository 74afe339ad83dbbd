"""What the lints find at each number of an account, by column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.baselines.drift import sections_of
from agent.baselines.drift_columns import DriftColumns
from agent.checks.columns import Alignment, Rows, united
from agent.checks.lifecycle import Floats
from agent.lints.facts import NumberFacts, Place
from agent.lints.linter import Linter
from agent.model import Number

Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class LintColumns:
    """One entry per number in every column."""

    linter: Linter
    """What made them."""
    found: Bits
    """Lints that find something, as bits of ``Lint.bit``; waived ones too."""
    standing: Bits
    """The same without those that are waived."""
    seen: Bits
    """Lints that have stood at some time since the agent started."""
    due: Floats
    """When a finding may change although no fact does, in epoch seconds."""


@dataclass(frozen=True)
class LintSource:
    """The facts that are linted, one entry per number."""

    numbers: Sequence[Number]
    drift: DriftColumns

    def facts(self, row: int, place: Place) -> NumberFacts:
        """The facts of one number."""
        held = self.drift.configuration
        drifted = int(self.drift.drifted[row])
        sections = sections_of(drifted) if drifted else ()
        return NumberFacts(self.numbers[row], held.routings[row], held.bound[row], sections, place)


def read_lints(linter: Linter, source: LintSource, now: float) -> LintColumns:
    """The columns of ``source`` at ``now``, epoch seconds."""
    rows = np.arange(len(source.numbers), dtype=np.intp)
    found, standing, due = _read(linter, source, rows, now)
    return LintColumns(linter, found, standing, standing, due)


def follow_lints(
    source: LintSource, before: LintColumns, alignment: Alignment, rows: Rows, now: float
) -> LintColumns:
    """``before`` brought to ``source``, of which ``rows`` have changed."""
    rows = united(rows, _overdue(before.due, alignment, now))
    if not rows.size and alignment.carry is None:
        return before
    found, standing, due = _read(before.linter, source, rows, now)
    seen = _earlier(before.seen, alignment, rows) | standing
    return LintColumns(
        before.linter,
        alignment.patch(before.found, rows, found),
        alignment.patch(before.standing, rows, standing),
        alignment.patch(before.seen, rows, seen),
        alignment.patch(before.due, rows, due),
    )


def _read(linter: Linter, source: LintSource, rows: Rows, now: float) -> tuple[Bits, Bits, Floats]:
    place = linter.place(now)
    found = np.zeros(rows.size, dtype=np.uint64)
    standing = np.zeros(rows.size, dtype=np.uint64)
    due = np.empty(rows.size, dtype=np.float64)
    for index, row in enumerate(rows.tolist()):
        facts = source.facts(row, place)
        bits = linter.bits(facts)
        found[index] = bits
        standing[index] = bits & ~linter.waived_bits(facts.number.number, place.today)
        due[index] = linter.due(facts)
    return found, standing, due


def _earlier(seen: Bits, alignment: Alignment, rows: Rows) -> Bits:
    """What had stood before in ``rows``; nothing for a number that is new."""
    former = rows if alignment.carry is None else alignment.carry[rows]
    padded = np.append(seen, np.uint64(0))
    return np.asarray(padded[former], dtype=np.uint64)


def _overdue(due: Floats, alignment: Alignment, now: float) -> Rows:
    """The rows to look at again although no fact changed."""
    here = due if alignment.carry is None else np.append(due, np.inf)[alignment.carry]
    return np.flatnonzero(here <= now)
