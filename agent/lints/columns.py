"""The findings at each number of an account, by column."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.baselines.drift import sections_of
from agent.baselines.drift_columns import DriftColumns
from agent.checks.columns import Alignment, Rows, union
from agent.checks.lifecycle import Floats
from agent.lints.facts import LintContext, NumberFacts
from agent.lints.linter import Linter
from agent.model import Number
from exporters.equal_columns import shared

Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class LintColumns:
    """One entry per number in every column."""

    linter: Linter
    """The linter that filled them."""
    findings: Bits
    """Lints that apply, as bits of ``Lint.bit``, waived ones included."""
    unwaived: Bits
    """The same without those that are waived."""
    ever_unwaived: Bits
    """Lints that applied unwaived at some time since the agent started."""
    next_change: Floats
    """When a finding may change although no fact does, in epoch seconds."""
    waivers_revision: int
    """The revision of the operators' waivers that ``unwaived`` rests on."""


@dataclass(frozen=True)
class LintSource:
    """The facts that are linted, one entry per number."""

    numbers: Sequence[Number]
    drift: DriftColumns

    def facts(self, row: int, context: LintContext) -> NumberFacts:
        """The facts of the number in ``row``."""
        known = self.drift.configuration
        drifted = int(self.drift.drifted[row])
        sections = sections_of(drifted) if drifted else ()
        number = self.numbers[row]
        return NumberFacts(number, known.routings[row], known.bound[row], sections, context)


def read_lints(linter: Linter, source: LintSource, now: float) -> LintColumns:
    """Return the columns of ``source`` at ``now``, epoch seconds."""
    rows = np.arange(len(source.numbers), dtype=np.intp)
    # Before the findings are read: what is waived meanwhile is read again next time.
    revision = linter.operators.state.revision
    findings, unwaived, next_change = _read(linter, source, rows, now)
    return LintColumns(linter, findings, unwaived, unwaived, next_change, revision)


def follow_lints(
    source: LintSource, before: LintColumns, alignment: Alignment, rows: Rows, now: float
) -> LintColumns:
    """Return ``before`` updated to ``source``, of which ``rows`` have changed."""
    waivers = before.linter.operators.state
    rows = union(rows, _overdue(before.next_change, alignment, now))
    rows = union(rows, _rows_of(source, waivers.changed_since(before.waivers_revision)))
    if not rows.size and alignment.carry is None:
        return before
    findings, unwaived, next_change = _read(before.linter, source, rows, now)
    ever_unwaived = _earlier(before.ever_unwaived, alignment, rows) | unwaived
    return LintColumns(
        before.linter,
        alignment.patch(before.findings, rows, findings),
        alignment.patch(before.unwaived, rows, unwaived),
        alignment.patch(before.ever_unwaived, rows, ever_unwaived),
        alignment.patch(before.next_change, rows, next_change),
        waivers.revision,
    )


def _read(linter: Linter, source: LintSource, rows: Rows, now: float) -> tuple[Bits, Bits, Floats]:
    context = linter.context_at(now)
    findings = np.zeros(rows.size, dtype=np.uint64)
    unwaived = np.zeros(rows.size, dtype=np.uint64)
    next_change = np.empty(rows.size, dtype=np.float64)
    for index, row in enumerate(rows.tolist()):
        facts = source.facts(row, context)
        bits = linter.bits(facts)
        findings[index] = bits
        unwaived[index] = bits & ~linter.waived_bits(facts.number.number, context.today)
        next_change[index] = linter.next_change(facts)
    # Few findings are waived: mostly both columns are the same, and in memory once.
    same = np.array_equal(findings, unwaived)
    findings = shared(findings)
    return findings, findings if same else shared(unwaived), shared(next_change)


def _rows_of(source: LintSource, names: Collection[str]) -> Rows:
    """The rows of the numbers in ``names``."""
    if not names:
        return np.empty(0, dtype=np.intp)
    found = [row for row, each in enumerate(source.numbers) if each.number in names]
    return np.array(found, dtype=np.intp)


def _earlier(ever_unwaived: Bits, alignment: Alignment, rows: Rows) -> Bits:
    """The former bits of ``rows``; none for a number that is new."""
    # A new number's former row is -1, which is the zero appended at the end.
    former = rows if alignment.carry is None else alignment.carry[rows]
    padded = np.append(ever_unwaived, np.uint64(0))
    return np.asarray(padded[former], dtype=np.uint64)


def _overdue(next_change: Floats, alignment: Alignment, now: float) -> Rows:
    """The rows to check again although no fact has changed."""
    carry = alignment.carry
    aligned = next_change if carry is None else np.append(next_change, np.inf)[carry]
    return np.flatnonzero(aligned <= now)
