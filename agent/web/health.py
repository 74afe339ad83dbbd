"""How each number of an account is, and what is wrong with one, from the check results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.checks.engine import CheckResult
from agent.checks.lifecycle import NUMBER_CODES
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    NumberState,
)
from agent.web.views import Finding, Health

HEALTHS: tuple[Health, ...] = tuple(Health)
_CODE: Mapping[Health, int] = {health: code for code, health in enumerate(HEALTHS)}
OK, DEGRADED = _CODE[Health.OK], _CODE[Health.DEGRADED]
DOWN, UNKNOWN = _CODE[Health.DOWN], _CODE[Health.UNKNOWN]

Codes = npt.NDArray[np.int8]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class AccountHealth:
    """The health of every number of one account at one moment."""

    result: CheckResult
    codes: Codes
    """Indices into ``HEALTHS``."""

    def rows(self, *healths: Health, state: NumberState | None = None) -> Rows:
        """The rows whose health is one of ``healths``, and in ``state`` where it is given."""
        matches = np.isin(self.codes, [_CODE[health] for health in healths])
        if state is not None:
            matches &= self.result.columns.states == NUMBER_CODES[state]
        return np.flatnonzero(matches)

    def counts(self) -> dict[str, int]:
        """How many numbers are in each health."""
        counts = np.bincount(self.codes, minlength=len(HEALTHS)).tolist()
        return {health.value: count for health, count in zip(HEALTHS, counts, strict=True)}


def classify_health(result: CheckResult, now: float) -> AccountHealth:
    """The health of every number of an account.

    A number is down when its state, its network state or the lack of a reachable phone keeps
    every call out; degraded when something is wrong but calls get through; unknown when the
    facts are stale or missing.
    """
    columns, count = result.columns, len(result.names)
    if not result.is_fresh(Capability.NUMBERS, now):
        return AccountHealth(result, np.full(count, UNKNOWN, dtype=np.int8))
    codes = np.where(np.isnan(columns.up), UNKNOWN, np.where(columns.up > 0, OK, DOWN))
    impaired = columns.mismatch | (columns.states == NUMBER_CODES[NumberState.LOW_BALANCE])
    if result.is_fresh(Capability.REACHABILITY, now):
        phones = result.phones
        codes = np.where((codes == OK) & (phones.reachable == 0), DOWN, codes)
        impaired = impaired | (phones.reachable < phones.counts)
    impaired = impaired | (result.drift.drifted > 0)
    codes = np.where((codes == OK) & impaired, DEGRADED, codes)
    return AccountHealth(result, codes.astype(np.int8))


def findings(result: CheckResult, row: int, now: float) -> tuple[Finding, ...]:
    """Everything that is wrong with the number in ``row``, the worst first.

    Findings that rest on stale facts are left out, except those about the state itself.
    """
    number = result.names[row]
    return (
        *_state_findings(result, number, row),
        *_phone_findings(result, row, now),
        *(Finding("drift", section.value) for section in result.drift_sections(number)),
    )


def _state_findings(result: CheckResult, number: str, row: int) -> Iterator[Finding]:
    state = result.number_state(number) or NumberState.UNKNOWN
    if row >= result.listed:
        yield Finding("gone")
    elif state not in IN_SERVICE_STATES or state is NumberState.LOW_BALANCE:
        yield Finding("state", state.value)
    if result.columns.mismatch[row]:
        yield Finding("network_state", str(result.network_state(number)))
    if number in result.illegal:
        before, after, _ = result.illegal[number]
        yield Finding("illegal_transition", f"{before} → {after}")


def _phone_findings(result: CheckResult, row: int, now: float) -> Iterator[Finding]:
    if not result.is_fresh(Capability.REACHABILITY, now) or result.phones.bound[row] is None:
        return
    states = result.phones.states_of(row)
    if not states:
        yield Finding("no_binding")
    # An unknown phone is no finding: a silent poll must not look like a broken phone.
    not_findings = REACHABLE_STATES | {BindingState.UNKNOWN}
    for label, state in states.items():
        if state not in not_findings:
            yield Finding("binding", f"{label} {state}")
