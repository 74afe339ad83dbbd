"""One account's snapshot with the results of all checks."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from agent.baselines.drift import Difference, differences, sections_of
from agent.baselines.drift_columns import DriftColumns
from agent.checks.balance import Money
from agent.checks.charges import Charges
from agent.checks.lifecycle import NETWORK_STATES, NUMBER_STATES
from agent.checks.number_columns import Change, NumberColumns
from agent.checks.phone_columns import PhoneColumns
from agent.checks.planned_calls import NOTHING, PlannedByNumber
from agent.checks.unusual_calls import ComparedCalls
from agent.lints.columns import LintColumns, LintSource
from agent.lints.finding import Finding
from agent.model import Binding, Number, Snapshot
from agent.probing.board import TroubledCallers
from agent.probing.facts import CallsByNumber
from agent.states import BindingState, Capability, ConfigSection, NetworkState, NumberState


@dataclass(frozen=True, eq=False)
class CheckResult:
    """Facts and findings by row: the listed numbers in order, then those that are gone.

    A number that is missing from two complete listings is gone and counts as reclaimed. Findings
    rest on the last known facts, however old; :meth:`is_fresh` tells whether they are current.
    Columns in which nothing changed are the same objects as in the previous result.
    """

    snapshot: Snapshot
    numbers: tuple[Number, ...]
    names: list[str]
    """The numbers as text, by row."""
    listed: int
    """How many rows are listed numbers; the rest are gone."""
    columns: NumberColumns
    phones: PhoneColumns
    drift: DriftColumns
    baselines_revision: int
    illegal: Mapping[str, Change]
    """The newest change of state that the lifecycle does not allow, by number."""
    money: Money | None
    """The account's balance and thresholds; ``None`` before a balance was polled."""
    binding_since: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Epoch seconds of a phone's change to its present state, if the change was observed."""
    drift_since: Mapping[str, float] = field(default_factory=dict)
    """Epoch seconds at which a number began to drift, if the beginning was observed."""

    lints: LintColumns | None = None
    """``None`` if linting is disabled."""
    account_lints: tuple[Finding, ...] = ()
    """Findings about the account as a whole."""
    charges: Charges | None = None
    """The spend of the last hour; ``None`` where balance or calls are not current."""
    compared_calls: Mapping[str, tuple[ComparedCalls, ...]] = field(default_factory=dict)
    """By number with calls of late: those beside what is usual, where that is known."""

    probes: CallsByNumber = field(default_factory=dict)
    """The newest test calls by number, as far as they still say something (docs/test-calls.md)."""
    planned: PlannedByNumber = field(default_factory=lambda: NOTHING)
    """By number, the test calls that plans make of it."""
    probes_troubled: TroubledCallers = field(default_factory=dict)
    """By number the callers whose newest judged test call showed trouble, however long ago."""

    def is_fresh(self, capability: Capability, now: float) -> bool:
        """Whether the facts of ``capability`` are recent enough to be current."""
        return self.snapshot.is_fresh(capability, now)

    def restated(self, step: float) -> "CheckResult":
        """The same result after the agent's clock was set by ``step`` seconds."""
        return replace(
            self,
            snapshot=self.snapshot.restated(step),
            illegal={it: (old, new, at + step) for it, (old, new, at) in self.illegal.items()},
            binding_since={it: at + step for it, at in self.binding_since.items()},
            drift_since={it: at + step for it, at in self.drift_since.items()},
        )

    def number_row(self, number: str) -> int | None:
        """Returns the row of ``number``; ``None`` if the account does not have it."""
        for low, high in ((0, self.listed), (self.listed, len(self.names))):
            row = bisect_left(self.names, number, low, high)
            if row < high and self.names[row] == number:
                return row
        return None

    def is_up(self, number: str) -> bool | None:
        """Whether calls to ``number`` get through; ``None`` if unknown."""
        row = self.number_row(number)
        up = np.nan if row is None else float(self.columns.up[row])
        return None if np.isnan(up) else bool(up)

    def number_state(self, number: str) -> NumberState | None:
        """Returns the state of ``number``, a state forced by its account included."""
        row = self.number_row(number)
        return None if row is None else NUMBER_STATES[int(self.columns.states[row])]

    def network_state(self, number: str) -> NetworkState | None:
        """Returns the state of ``number`` in the carrier's network."""
        row = self.number_row(number)
        return None if row is None else NETWORK_STATES[int(self.columns.networks[row])]

    def is_mismatch(self, number: str) -> bool:
        """Whether the business and network states of ``number`` contradict each other."""
        row = self.number_row(number)
        return row is not None and bool(self.columns.mismatch[row])

    def bindings(self, number: str) -> Mapping[str, Binding] | None:
        """Returns the phones of ``number`` by label; ``None`` if they are unknown."""
        row = self.number_row(number)
        bound = None if row is None else self.phones.bound[row]
        if row is None or bound is None:
            return None
        return dict(zip(self.phones.labels[row], bound, strict=True))

    def phones_of(self, number: str) -> tuple[Binding, ...] | None:
        """Returns the phones of ``number``, states from calls included; ``None`` if unknown."""
        row = self.number_row(number)
        return None if row is None else self.phones.bound[row]

    def binding_state(self, number: str, binding: str) -> BindingState | None:
        """Returns the state of one phone by its label; ``None`` if there is no such phone."""
        row = self.number_row(number)
        return None if row is None else self.phones.state_of(row, binding)

    def reachable(self, number: str) -> int | None:
        """Returns how many phones of ``number`` can be reached; ``None`` if unknown."""
        row = self.number_row(number)
        count = np.nan if row is None else float(self.phones.reachable[row])
        return None if np.isnan(count) else int(count)

    def drift_sections(self, number: str) -> tuple[ConfigSection, ...]:
        """Returns the sections of ``number``'s configuration that differ from its baseline."""
        row = self.number_row(number)
        return () if row is None else sections_of(int(self.drift.drifted[row]))

    def drift_known(self, number: str) -> tuple[ConfigSection, ...]:
        """Returns the sections of ``number``'s configuration that could be compared."""
        row = self.number_row(number)
        return () if row is None else sections_of(int(self.drift.known[row]))

    def lint_findings(self, number: str, now: float) -> tuple[Finding, ...]:
        """Returns the lint findings of ``number``, waived ones included, worst first."""
        row = self.number_row(number)
        if row is None or self.lints is None or not self.lints.findings[row]:
            return ()
        linter = self.lints.linter
        source = LintSource(self.numbers, self.drift)
        return linter.findings(source.facts(row, linter.context_at(now)))

    def differences(self, number: str) -> tuple[Difference, ...]:
        """Returns every field of ``number``'s configuration that differs from its baseline."""
        row = self.number_row(number)
        drift_facts = self.drift.configuration
        baseline = None if row is None else drift_facts.baselines[row]
        if row is None or baseline is None:
            return ()
        return differences(baseline, drift_facts.routings[row], drift_facts.bound[row])
