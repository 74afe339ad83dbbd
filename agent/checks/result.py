"""One account's snapshot with everything the checks found in it."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from agent.baselines.drift import Difference, differences, sections_of
from agent.baselines.drift_columns import DriftColumns
from agent.checks.balance import Money
from agent.checks.lifecycle import NETWORK_STATES, NUMBER_STATES
from agent.checks.number_columns import NumberColumns
from agent.checks.phone_columns import PhoneColumns
from agent.lints.columns import LintColumns, LintSource
from agent.lints.finding import Finding
from agent.model import Binding, Number, Snapshot
from agent.states import BindingState, Capability, ConfigSection, NetworkState, NumberState

Change = tuple[NumberState, NumberState, float]


@dataclass(frozen=True, eq=False)
class CheckResult:
    """Facts and findings by row: the listed numbers in order, then those that are gone.

    A number that is gone (missing from two complete listings) counts as reclaimed. Findings
    rest on the facts held, however old; ask :meth:`is_fresh` whether they stand for now.
    Columns in which nothing changed are the same objects as in the check before.
    """

    snapshot: Snapshot
    numbers: tuple[Number, ...]
    names: list[str]
    """The numbers themselves, as text."""
    listed: int
    """How many of the rows are listed; the others are gone."""
    columns: NumberColumns
    phones: PhoneColumns
    drift: DriftColumns
    baselines_revision: int
    illegal: Mapping[str, Change]
    """The newest change of a number where the lifecycle does not allow it: from, to, when."""
    money: Money | None
    """The account's money; ``None`` before it was ever told."""
    binding_since: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """When a phone was first seen in its present state, where the change was seen."""
    drift_since: Mapping[str, float] = field(default_factory=dict)
    """When a number's configuration was first seen to differ, where the change was seen."""

    lints: LintColumns | None = None
    """``None`` where linting is off."""
    account_lints: tuple[Finding, ...] = ()
    """What the lints find at the account as a whole."""

    def is_fresh(self, capability: Capability, now: float) -> bool:
        """Whether the facts of ``capability`` stand for the present."""
        return self.snapshot.is_fresh(capability, now)

    def number_row(self, number: str) -> int | None:
        """The row of ``number``; ``None`` when the account does not have it."""
        for low, high in ((0, self.listed), (self.listed, len(self.names))):
            row = bisect_left(self.names, number, low, high)
            if row < high and self.names[row] == number:
                return row
        return None

    def is_up(self, number: str) -> bool | None:
        """Whether calls to ``number`` get through; ``None`` when that is not known."""
        row = self.number_row(number)
        up = np.nan if row is None else float(self.columns.up[row])
        return None if np.isnan(up) else bool(up)

    def number_state(self, number: str) -> NumberState | None:
        """The state of ``number``, what its account forces on it included."""
        row = self.number_row(number)
        return None if row is None else NUMBER_STATES[int(self.columns.states[row])]

    def network_state(self, number: str) -> NetworkState | None:
        """The state of ``number`` in the carrier's network."""
        row = self.number_row(number)
        return None if row is None else NETWORK_STATES[int(self.columns.networks[row])]

    def is_mismatch(self, number: str) -> bool:
        """Whether the business and network states of ``number`` contradict each other."""
        row = self.number_row(number)
        return row is not None and bool(self.columns.mismatch[row])

    def bindings(self, number: str) -> Mapping[str, Binding] | None:
        """The phones of ``number`` by label; ``None`` when they are not known."""
        row = self.number_row(number)
        bound = None if row is None else self.phones.bound[row]
        if row is None or bound is None:
            return None
        return dict(zip(self.phones.labels[row], bound, strict=True))

    def phones_of(self, number: str) -> tuple[Binding, ...] | None:
        """The phones of ``number`` as a check saw them; ``None`` when they are not known."""
        row = self.number_row(number)
        return None if row is None else self.phones.bound[row]

    def binding_state(self, number: str, binding: str) -> BindingState | None:
        """The state of one phone, by its label; ``None`` when there is no such phone."""
        row = self.number_row(number)
        return None if row is None else self.phones.state_of(row, binding)

    def reachable(self, number: str) -> int | None:
        """How many phones of ``number`` can be reached; ``None`` when that is not known."""
        row = self.number_row(number)
        count = np.nan if row is None else float(self.phones.reachable[row])
        return None if np.isnan(count) else int(count)

    def drift_sections(self, number: str) -> tuple[ConfigSection, ...]:
        """The sections of ``number``'s configuration that are not as in its baseline."""
        row = self.number_row(number)
        return () if row is None else sections_of(int(self.drift.drifted[row]))

    def drift_known(self, number: str) -> tuple[ConfigSection, ...]:
        """The sections of ``number``'s configuration that could be compared at all."""
        row = self.number_row(number)
        return () if row is None else sections_of(int(self.drift.known[row]))

    def lint_findings(self, number: str, now: float) -> tuple[Finding, ...]:
        """What the lints find at ``number``, waived findings too, the worst first."""
        row = self.number_row(number)
        if row is None or self.lints is None or not self.lints.findings[row]:
            return ()
        linter = self.lints.linter
        source = LintSource(self.numbers, self.drift)
        return linter.findings(source.facts(row, linter.context_at(now)))

    def differences(self, number: str) -> tuple[Difference, ...]:
        """Every field of ``number``'s configuration that is not as in its baseline."""
        row = self.number_row(number)
        held = self.drift.configuration
        baseline = None if row is None else held.baselines[row]
        if row is None or baseline is None:
            return ()
        return differences(baseline, held.routings[row], held.bound[row])
