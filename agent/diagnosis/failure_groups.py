"""Numbers that fail together, grouped by provider, carrier, trunk, and time of the change.

A group has the numbers that fail and those that do not, because both are evidence for or against
a common root (docs/reference/domain.md §2).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from agent.checks.lifecycle import NUMBER_STATES
from agent.checks.result import CheckResult
from agent.diagnosis.call_statistics import LEG_ORDINARY, LEG_RESULTS, find_pattern, within_window
from agent.diagnosis.context import DiagnosisContext
from agent.states import IN_SERVICE_STATES, Capability
from agent.verdict import Evidence

SHOWN: Final = 3
"""Numbers named for and against a group; the rest are counted."""
MAX_GROUPS: Final = 6
"""Groups shown as evidence of a common cause."""
SAMPLE_SIZE: Final = 400
"""Numbers of an account whose call records are examined, evenly spread over a large account."""
TOGETHER: Final = 1800.0
"""Faults that began within so many seconds began together (docs/reference/domain.md §2)."""

Failures = Mapping[str, bool]
"""Whether each number fails; a number that cannot be assessed is missing."""
FailureTest = Callable[[CheckResult, float], Failures]
"""Assesses the numbers of an account at an instant in epoch seconds."""


@dataclass(frozen=True)
class Group:
    """Numbers that share something, divided into those that fail and those that work."""

    kind: str
    """``provider``, ``carrier``, ``trunk`` or ``change``."""
    name: str
    failing: Sequence[str] = ()
    working: Sequence[str] = ()

    @property
    def total(self) -> int:
        """The count of numbers that could be assessed."""
        return len(self.failing) + len(self.working)

    @property
    def share(self) -> float:
        """The share of the numbers that fails, 0 to 1."""
        return len(self.failing) / self.total if self.total else 0.0

    def evidence(self) -> Evidence:
        """The group as evidence, with some of its numbers by name."""
        parts = [f"{len(self.failing)} of {self.total} fail"]
        parts += [f"for: {_enumerate(self.failing)}"] if self.failing else []
        parts += [f"against: {_enumerate(self.working)}"] if self.working else []
        return Evidence(f"common {self.kind}", f"{self.name}: {'; '.join(parts)}", "numbers", None)


@dataclass
class FailureSurvey:
    """The numbers of all accounts that fail one test, and those that pass it."""

    by_provider_carrier: dict[tuple[str, str], tuple[list[str], list[str]]] = field(
        default_factory=dict
    )
    """The numbers that fail and those that work."""

    def group(self, kind: str, name: str, *, provider: str = "", carrier: str = "") -> Group:
        """Returns the numbers of ``provider`` and ``carrier``; empty means any."""
        failing: list[str] = []
        working: list[str] = []
        for key in self.keys(provider, carrier):
            failing += self.by_provider_carrier[key][0]
            working += self.by_provider_carrier[key][1]
        return Group(kind, name, failing, working)

    def keys(self, provider: str = "", carrier: str = "") -> Iterator[tuple[str, str]]:
        """The pairs of provider and carrier that match; empty means any."""
        return (
            key
            for key in self.by_provider_carrier
            if provider in ("", key[0]) and carrier in ("", key[1])
        )

    def providers_failing(self, carrier: str) -> set[str]:
        """The providers at which numbers of ``carrier`` fail."""
        return {key[0] for key in self.keys(carrier=carrier) if self.by_provider_carrier[key][0]}


def survey_failures(context: DiagnosisContext, test: FailureTest) -> FailureSurvey:
    """Applies ``test`` to the numbers of every account."""
    survey = FailureSurvey()
    for result in context.select():
        for number, fails in failures_of(result, test, context.now).items():
            carrier = result.columns.carriers[result.number_row(number) or 0]
            key = result.snapshot.provider, carrier
            failing, working = survey.by_provider_carrier.setdefault(key, ([], []))
            (failing if fails else working).append(number)
    return survey


def on_trunk(result: CheckResult, trunk: str, failures: Failures) -> Group:
    """Returns the numbers that land on ``trunk``."""
    routings = result.snapshot.routings
    failing: list[str] = []
    working: list[str] = []
    for number, fails in failures.items():
        if number in routings and routings[number].trunk == trunk:
            (failing if fails else working).append(number)
    return Group("trunk", trunk, failing, working)


def changed_together(result: CheckResult, at: float, numbers: Iterable[str]) -> Group:
    """Returns ``numbers``; those whose state changed within half an hour of ``at`` are failing."""
    changes = result.snapshot.previous_states
    near: list[str] = []
    other: list[str] = []
    for number in numbers:
        together = number in changes and abs(changes[number][2] - at) <= TOGETHER
        (near if together else other).append(number)
    return Group("change", "within 30 min", near, other)


def network_failures(result: CheckResult, now: float) -> Failures:
    """The numbers in service; those that the carrier's network contradicts fail."""
    if not result.is_fresh(Capability.NUMBERS, now):
        return {}
    return {
        result.names[row]: bool(result.columns.mismatch[row])
        for row in _in_service(result).tolist()
        if not np.isnan(result.columns.up[row])
    }


def call_failures(result: CheckResult, now: float) -> Failures:
    """The numbers with recent calls; those whose calls fail before the bound phone fail."""
    if not result.is_fresh(Capability.CALLS, now):
        return {}
    failures: dict[str, bool] = {}
    records = result.snapshot.recent_calls
    called = [n for n in map(result.names.__getitem__, _in_service(result)) if n in records]
    for number in called[:: max(1, len(called) // SAMPLE_SIZE)]:
        calls = within_window(records[number], now)
        if calls:
            failures[number] = find_pattern(calls, LEG_RESULTS, LEG_ORDINARY) is not None
    return failures


def state_failures(result: CheckResult, now: float) -> Failures:
    """The listed numbers; those out of service for any reason fail."""
    if not result.is_fresh(Capability.NUMBERS, now):
        return {}
    up = result.columns.up
    known = np.flatnonzero(~np.isnan(up[: result.listed])).tolist()
    return {result.names[row]: not up[row] for row in known}


def common_groups(context: DiagnosisContext, provider: str = "", carrier: str = "") -> list[Group]:
    """Returns the groups of the numbers out of service at ``provider`` or of ``carrier``.

    By provider, carrier, trunk and time of the change; those with the largest share that fails
    first.
    """
    survey = survey_failures(context, state_failures)
    keys = [key for key in survey.keys(provider, carrier) if survey.by_provider_carrier[key][0]]
    providers, carriers = sorted({key[0] for key in keys}), sorted({key[1] for key in keys})
    groups = [survey.group("provider", name, provider=name) for name in providers]
    groups += [survey.group("carrier", name, carrier=name) for name in carriers]
    for result in context.select(provider):
        groups += _groups_of_account(result, context.now)
    return sorted(groups, key=lambda group: (-group.share, -group.total))[:MAX_GROUPS]


def _groups_of_account(result: CheckResult, now: float) -> Iterator[Group]:
    """The trunks with numbers out of service, and the numbers whose state changed together."""
    failures = failures_of(result, state_failures, now)
    down = [number for number, fails in failures.items() if fails]
    routings = result.snapshot.routings
    trunks = {routings[number].trunk for number in down if number in routings} - {""}
    yield from (on_trunk(result, trunk, failures) for trunk in sorted(trunks))
    changes = result.snapshot.previous_states
    instants = Counter(int(changes[number][2]) for number in down if number in changes)
    if instants:
        at, count = instants.most_common(1)[0]
        if count > 1:
            yield changed_together(result, at, down)


# One fault opens a diagnosis of each of many numbers, and each looks at the same accounts. A
# check result never changes, so what was found of it is reused until a newer one replaces it.
_CACHE: Final[Mapping[FailureTest, WeakKeyDictionary[CheckResult, Failures]]] = {
    network_failures: WeakKeyDictionary(),
    call_failures: WeakKeyDictionary(),
    state_failures: WeakKeyDictionary(),
}


def failures_of(result: CheckResult, test: FailureTest, now: float) -> Failures:
    """Returns the numbers of one account by ``test``, computed once per check result."""
    cache = _CACHE[test]
    if result not in cache:
        cache[result] = test(result, now)
    return cache[result]


_IN_SERVICE_CODES: Final = [NUMBER_STATES.index(state) for state in IN_SERVICE_STATES]


def _in_service(result: CheckResult) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The rows of the listed numbers in service."""
    states = result.columns.states[: result.listed]
    return np.flatnonzero(np.isin(states, _IN_SERVICE_CODES))


def _enumerate(numbers: Sequence[str]) -> str:
    rest = len(numbers) - SHOWN
    return ", ".join(numbers[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
