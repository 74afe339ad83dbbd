"""What is wrong with one number, in words a program can tell apart."""

from collections.abc import Iterator

from agent.checks.engine import CheckResult
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    NumberState,
)
from agent.web.views import Finding


def findings(checked: CheckResult, row: int, now: float) -> tuple[Finding, ...]:
    """Everything that is wrong with the number in ``row``, the worst first.

    What rests on facts too old to stand for now is left out, but for the state itself.
    """
    number = checked.names[row]
    return (
        *_of_state(checked, number, row),
        *_of_phones(checked, row, now),
        *_drift(checked, number),
    )


def _of_state(checked: CheckResult, number: str, row: int) -> Iterator[Finding]:
    state = checked.number_state(number) or NumberState.UNKNOWN
    if row >= checked.listed:
        yield Finding("gone")
    elif state not in IN_SERVICE_STATES or state is NumberState.LOW_BALANCE:
        yield Finding("state", state.value)
    if checked.columns.mismatch[row]:
        yield Finding("network_state", str(checked.network_state(number)))
    if number in checked.illegal:
        before, after, _ = checked.illegal[number]
        yield Finding("illegal_transition", f"{before} → {after}")


def _of_phones(checked: CheckResult, row: int, now: float) -> Iterator[Finding]:
    if not checked.is_fresh(Capability.REACHABILITY, now) or checked.phones.bound[row] is None:
        return
    states = checked.phones.states_of(row)
    if not states:
        yield Finding("no_binding")
    known_bad = REACHABLE_STATES | {BindingState.UNKNOWN}
    for label, state in states.items():
        if state not in known_bad:
            yield Finding("binding", f"{label} {state}")


def _drift(checked: CheckResult, number: str) -> Iterator[Finding]:
    for section in checked.drift_sections(number):
        yield Finding("drift", section.value)
