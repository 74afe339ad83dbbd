"""What numbers that fail have in common: provider, carrier, trunk, and when it began.

Every group tells the numbers that speak for it, which fail, and those that speak against it,
which do not (domain.md §2, 2).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from agent.checks.lifecycle import NUMBER_STATES
from agent.checks.result import CheckResult
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.outcomes import lately, pattern
from agent.model import Evidence
from agent.states import IN_SERVICE_STATES, CallResult, Capability

SHOWN = 3
"""Numbers named for and against; the rest are counted."""
MOST_GROUPS = 6
"""Groups told of a common cause."""
SAMPLED = 400
"""Numbers of an account whose call records are looked at; in a large one, evenly spread."""
TOGETHER = 1800.0
"""Faults that began within so many seconds began together (domain.md §2, 2)."""
LEG_RESULTS = frozenset({CallResult.NETWORK, CallResult.BLOCKED_BY_CARRIER, CallResult.UNKNOWN})
"""Ends of calls that come to grief between the caller and the bound phone."""
LEG_ORDINARY = 0.02
"""The share of calls that end so while all is well."""

Judged = Mapping[str, bool]
"""Whether each number that could be judged fails."""
Sign = Callable[[CheckResult, float], Judged]


@dataclass(frozen=True)
class Group:
    """Numbers that share something, and how many of them fail."""

    kind: str
    """``provider``, ``carrier``, ``trunk`` or ``change``."""
    name: str
    failing: Sequence[str] = ()
    working: Sequence[str] = ()

    @property
    def total(self) -> int:
        """How many numbers could be judged."""
        return len(self.failing) + len(self.working)

    @property
    def share(self) -> float:
        """The share of them that fails, 0 to 1."""
        return len(self.failing) / self.total if self.total else 0.0

    def evidence(self, age: float | None = None) -> Evidence:
        """The group as a fact."""
        parts = [f"{len(self.failing)} of {self.total} fail"]
        parts += [f"for: {_named(self.failing)}"] if self.failing else []
        parts += [f"against: {_named(self.working)}"] if self.working else []
        return Evidence(f"common {self.kind}", f"{self.name}: {'; '.join(parts)}", "numbers", age)


@dataclass
class Survey:
    """Which numbers fail, by one sign, over all accounts."""

    by_place: dict[tuple[str, str], tuple[list[str], list[str]]] = field(default_factory=dict)
    """By provider and carrier: the numbers that fail and those that do not."""

    def group(self, kind: str, name: str, *, provider: str = "", carrier: str = "") -> Group:
        """The numbers at ``provider`` and of ``carrier``; an empty word takes all."""
        failing: list[str] = []
        working: list[str] = []
        for place in self.places(provider, carrier):
            failing += self.by_place[place][0]
            working += self.by_place[place][1]
        return Group(kind, name, failing, working)

    def places(self, provider: str = "", carrier: str = "") -> Iterator[tuple[str, str]]:
        """The provider-carrier pairs that fit."""
        return (
            place
            for place in self.by_place
            if provider in ("", place[0]) and carrier in ("", place[1])
        )

    def providers_hit(self, carrier: str) -> set[str]:
        """The providers at which numbers of ``carrier`` fail."""
        return {place[0] for place in self.places(carrier=carrier) if self.by_place[place][0]}


def survey(context: DiagnosisContext, sign: Sign) -> Survey:
    """Every number ``sign`` can judge, by provider and carrier."""
    found = Survey()
    for key in sorted(context.accounts):
        checked = context.accounts[key]
        for number, fails in _judged(checked, sign, context.now).items():
            place = key[0], checked.columns.carriers[checked.number_row(number) or 0]
            lists = found.by_place.setdefault(place, ([], []))
            lists[0 if fails else 1].append(number)
    return found


def on_trunk(checked: CheckResult, trunk: str, judged: Judged) -> Group:
    """The numbers that land on ``trunk``."""
    routings = checked.snapshot.routings
    there = [it for it in judged if it in routings and routings[it].trunk == trunk]
    return _split("trunk", trunk, there, judged)


def begun_together(checked: CheckResult, at: float, numbers: Iterable[str]) -> Group:
    """Those of ``numbers`` whose state changed within half an hour of ``at``."""
    changes = checked.snapshot.previous_states
    listed = list(numbers)
    near = [n for n in listed if n in changes and abs(changes[n][2] - at) <= TOGETHER]
    known = set(near)
    return Group("change", "within 30 min", near, [n for n in listed if n not in known])


def by_network(checked: CheckResult, now: float) -> Judged:
    """A sign of failing: in service at the provider, not in the carrier's network."""
    if not checked.is_fresh(Capability.NUMBERS, now):
        return {}
    return {
        checked.names[row]: bool(checked.columns.mismatch[row])
        for row in _in_service(checked).tolist()
        if not np.isnan(checked.columns.up[row])
    }


def by_calls(checked: CheckResult, now: float) -> Judged:
    """A sign of failing: calls come to grief on the way to the bound phone."""
    if not checked.is_fresh(Capability.CALLS, now):
        return {}
    judged: dict[str, bool] = {}
    recent = checked.snapshot.recent_calls
    called = [n for n in map(checked.names.__getitem__, _in_service(checked)) if n in recent]
    for number in called[:: max(1, len(called) // SAMPLED)]:
        calls = lately(recent[number], now)
        if calls:
            judged[number] = pattern(calls, LEG_RESULTS, LEG_ORDINARY) is not None
    return judged


def by_state(checked: CheckResult, now: float) -> Judged:
    """A sign of failing: out of service, whatever the reason."""
    if not checked.is_fresh(Capability.NUMBERS, now):
        return {}
    up = checked.columns.up
    known = np.flatnonzero(~np.isnan(up[: checked.listed])).tolist()
    return {checked.names[row]: not up[row] for row in known}


def shared(context: DiagnosisContext, provider: str = "", carrier: str = "") -> list[Group]:
    """What the numbers out of service at ``provider``, or of ``carrier``, have in common.

    By provider, by carrier, by trunk and by when it began; the most telling first.
    """
    found = survey(context, by_state)
    places = [place for place in found.places(provider, carrier) if found.by_place[place][0]]
    groups = [found.group("provider", it, provider=it) for it in sorted({p for p, _ in places})]
    groups += [found.group("carrier", it, carrier=it) for it in sorted({c for _, c in places})]
    for key in sorted(context.accounts):
        if provider in ("", key[0]):
            groups += _within(context.accounts[key], context.now)
    return sorted(groups, key=lambda group: (-group.share, -group.total))[:MOST_GROUPS]


def _within(checked: CheckResult, now: float) -> Iterator[Group]:
    """The account's trunks that have numbers out of service, and those that went together."""
    judged = _judged(checked, by_state, now)
    down = [number for number, fails in judged.items() if fails]
    routings = checked.snapshot.routings
    trunks = {routings[number].trunk for number in down if number in routings} - {""}
    yield from (on_trunk(checked, trunk, judged) for trunk in sorted(trunks))
    changes = checked.snapshot.previous_states
    moved = Counter(int(changes[number][2]) for number in down if number in changes)
    if moved:
        at, count = moved.most_common(1)[0]
        if count > 1:
            yield begun_together(checked, at, down)


_KEPT: dict[Sign, WeakKeyDictionary[CheckResult, Judged]] = {
    by_network: WeakKeyDictionary(),
    by_calls: WeakKeyDictionary(),
    by_state: WeakKeyDictionary(),
}
"""What was judged of an account stands until its facts change: many numbers ask at once."""


def _judged(checked: CheckResult, sign: Sign, now: float) -> Judged:
    stored = _KEPT.get(sign)
    if stored is None:
        return sign(checked, now)
    if checked not in stored:
        stored[checked] = sign(checked, now)
    return stored[checked]


def judged_at(checked: CheckResult, sign: Sign, now: float) -> Judged:
    """The numbers of one account by ``sign``."""
    return _judged(checked, sign, now)


_IN_SERVICE_CODES = [NUMBER_STATES.index(state) for state in IN_SERVICE_STATES]


def _in_service(checked: CheckResult) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    states = checked.columns.states[: checked.listed]
    return np.flatnonzero(np.isin(states, _IN_SERVICE_CODES))


def _split(kind: str, name: str, numbers: Sequence[str], judged: Judged) -> Group:
    failing = [number for number in numbers if judged[number]]
    return Group(kind, name, failing, [number for number in numbers if not judged[number]])


def _named(numbers: Sequence[str]) -> str:
    rest = len(numbers) - SHOWN
    return ", ".join(numbers[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
