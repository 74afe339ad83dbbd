"""Does the number's own state let calls through? (domain.md §2, 3)."""

from collections.abc import Mapping

import numpy as np

from agent.checks.lifecycle import is_legal_move
from agent.diagnosis.case import Case
from agent.diagnosis.common import Group, begun_together
from agent.diagnosis.deciders.suspension import reading
from agent.model import Evidence, Number, Verdict
from agent.states import IN_SERVICE_STATES, Capability, Cause, NumberState, Party

CAUSE_OF_STATE: Mapping[NumberState, Cause] = {
    NumberState.SUSPENDED_ARREARS: Cause.NUMBER_SUSPENDED_ARREARS,
    NumberState.SUSPENDED_VIOLATION: Cause.NUMBER_SUSPENDED_VIOLATION,
    NumberState.SUSPENDED_REQUESTED: Cause.NUMBER_SUSPENDED_REQUESTED,
    NumberState.FROZEN: Cause.NUMBER_FROZEN,
    NumberState.EXPIRED: Cause.NUMBER_EXPIRED,
    NumberState.RECLAIMED: Cause.NUMBER_RECLAIMED,
    NumberState.CANCELLED: Cause.NUMBER_RECLAIMED,
    NumberState.IDLE: Cause.NUMBER_RECLAIMED,
    NumberState.PREOCCUPIED: Cause.NUMBER_IN_REVIEW,
    NumberState.REVIEW: Cause.NUMBER_IN_REVIEW,
    NumberState.REVIEW_REJECTED: Cause.NUMBER_IN_REVIEW,
    NumberState.OPEN_UNFUNDED: Cause.NUMBER_IN_REVIEW,
}
PARTY_OF_STATE: Mapping[NumberState, Party] = {
    NumberState.OPEN_UNFUNDED: Party.FINANCE,
}
"""Where the state itself says that someone else than the cause's usual party must act."""

ASSUMED = 0.6
EXPIRY_NEAR = 30 * 86400.0
"""Seconds (domain.md §5, ContractExpiring)."""
DAY = 86400.0
MOST = 10_000
"""Numbers that are looked through for and against a common cause."""


def decide(case: Case) -> Verdict | None:
    """The state's cause where the number is definitely not in service."""
    number, state = case.listed(), case.checked.number_state(case.number)
    if number is None or state is None:
        return None
    _warn(case, number, state)
    if state not in CAUSE_OF_STATE:
        return None
    meant, confidence = reading(case, number, state)
    siblings = _siblings(case, state)
    return case.conclude(
        CAUSE_OF_STATE[meant],
        confidence,
        [*_facts(case, number, state), *siblings],
        since=_since(case, state),
        party=PARTY_OF_STATE.get(meant),
        facts={"state": state.value, "reason": number.reason or number.native_status or "-"},
    )


def decide_contract(case: Case) -> Verdict | None:
    """For an alert about the contract: the contract, though the number still works."""
    number = case.listed()
    if number is None or number.contract_end is None:
        return None
    ends = case.fact("contract_end", case.context.told(number.contract_end), Capability.NUMBERS)
    return case.conclude(Cause.NUMBER_EXPIRED, ASSUMED, [ends])


def decide_reclaim(case: Case) -> Verdict | None:
    """For an alert about an announced reclaim: the loss to come, which payment prevents."""
    number = case.listed()
    if number is None or number.reclaim_at is None:
        return None
    seen = case.fact("reclaim_at", case.context.told(number.reclaim_at), Capability.NUMBERS)
    words = {"state": number.state.value}
    return case.conclude(Cause.NUMBER_RECLAIMED, ASSUMED, [seen], party=Party.FINANCE, facts=words)


def decide_move(case: Case) -> Verdict | None:
    """For an alert about a move the lifecycle does not allow: the provider must explain it."""
    change = case.checked.illegal.get(case.number)
    if change is None:
        return None
    before, after, at = change
    seen = case.fact("moved", f"{before.value} -> {after.value}", Capability.NUMBERS)
    return case.conclude(Cause.UNKNOWN, ASSUMED, [seen], since=at)


def decide_realname(case: Case) -> Verdict | None:
    """For an alert about the real-name registration: its review, which the admin must renew."""
    number = case.listed()
    if number is None or number.realname_ok is not False:
        return None
    seen = case.fact("realname_ok", "no", Capability.NUMBERS)
    return case.conclude(Cause.NUMBER_IN_REVIEW, ASSUMED, [seen], party=Party.ADMIN)


def _facts(case: Case, number: Number, state: NumberState) -> list[Evidence]:
    reclaim_at = "" if number.reclaim_at is None else case.context.told(number.reclaim_at)
    told = (
        ("number_state", state.value),
        ("native_status", number.native_status),
        ("reason", number.reason),
        ("network_state", number.network_state.value),
        ("reclaim_at", reclaim_at),
    )
    return [case.fact(name, value, Capability.NUMBERS) for name, value in told if value]


def _since(case: Case, state: NumberState) -> float | None:
    change = case.snapshot.previous_states.get(case.number)
    return change[2] if change and change[1] is state else None


def _warn(case: Case, number: Number, state: NumberState) -> None:
    now = case.context.now
    if number.reclaim_at is not None:
        case.warn("reclaim_soon", days=f"{max(0.0, number.reclaim_at - now) / DAY:.1f}")
    if number.contract_end is not None and number.contract_end < now + EXPIRY_NEAR:
        case.warn("contract_ends", days=f"{(number.contract_end - now) / DAY:.0f}")
    if number.realname_ok is False:
        case.warn("realname_failed")
    if state is NumberState.LOW_BALANCE:
        case.warn("low_balance_state")
    change = case.snapshot.previous_states.get(case.number)
    if change and not is_legal_move(*change[:2]):
        case.warn("illegal_move", before=change[0].value, after=change[1].value)


def _siblings(case: Case, state: NumberState) -> list[Evidence]:
    """A state that many numbers of the account share has one root (domain.md §2, 2)."""
    checked = case.checked
    rows = np.flatnonzero(checked.columns.states == checked.columns.states[_row(case)])
    if rows.size < 2 or state in IN_SERVICE_STATES:  # noqa: PLR2004 - it and another one
        return []
    key = checked.snapshot.key
    case.warn("siblings", count=str(rows.size - 1), account=key, state=state.value)
    same = [checked.names[row] for row in rows[:MOST].tolist()]
    others = np.flatnonzero(checked.columns.states != checked.columns.states[_row(case)])
    rest = [checked.names[row] for row in others[:MOST].tolist()]
    change = case.snapshot.previous_states.get(case.number)
    groups = [Group("account", key, same, rest)]
    groups += [begun_together(checked, change[2], same)] if change else []
    return [group.evidence() for group in groups]


def _row(case: Case) -> int:
    return case.checked.number_row(case.number) or 0
