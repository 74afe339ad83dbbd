"""What is wrong with a number, in order: why its health is what it is."""

from collections.abc import Iterator

import msgspec

from agent.checks.result import CheckResult
from agent.health.account import AccountHealth
from agent.health.call_columns import ENOUGH_CALLS
from agent.health.rule import Reason
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    Health,
    NumberState,
)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a number, or by which it was judged."""

    code: str
    detail: str = ""


def findings(health: AccountHealth, row: int, now: float) -> tuple[Finding, ...]:
    """Everything that is wrong with the number in ``row``, the worst first.

    Findings that rest on stale facts are left out, except those about the state itself. A number
    that is not judged by its phones has a finding that says so, the last one.
    """
    result = health.result
    number = result.names[row]
    return (
        *_tickets(health, row),
        *_state_findings(result, number, row),
        *_phone_findings(result, row, now),
        *_call_findings(health, row),
        *(Finding("drift", section.value) for section in result.drift_sections(number)),
        *_basis(health, row),
    )


def _tickets(health: AccountHealth, row: int) -> Iterator[Finding]:
    for fault in health.faults_of(row):
        if fault.effect is not Health.OK:
            yield Finding("ticket", fault.ticket)
            if fault.complaints:
                yield Finding("complaints", str(fault.complaints))


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


def _call_findings(health: AccountHealth, row: int) -> Iterator[Finding]:
    """Calls that are not answered; the detail is how many were, and of how many."""
    offered, answered = int(health.offered[row]), int(health.answered[row])
    if offered >= ENOUGH_CALLS and 2 * answered < offered:
        yield Finding("calls_failing", f"{answered}/{offered}")


def _basis(health: AccountHealth, row: int) -> Iterator[Finding]:
    reason = health.reason(row)
    if reason is Reason.STALE:
        yield Finding("stale")
    elif reason is Reason.SILENT:
        yield Finding("phones_silent")
    elif reason is Reason.BY_CALLS:
        yield Finding("by_calls", f"{health.answered[row]}/{health.offered[row]}")
