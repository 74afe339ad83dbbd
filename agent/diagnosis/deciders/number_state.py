"""The number's own state, at the provider and in the network (docs/reference/domain.md §1, §2)."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from agent.checks.lifecycle import is_legal_move
from agent.diagnosis.failure_groups import Group, changed_together
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.i18n.words import word
from agent.model import Number
from agent.states import IN_SERVICE_STATES, Capability, Cause, NumberState, Party
from agent.verdict import Evidence, Verdict

CAUSE_OF_STATE: Final[Mapping[NumberState, Cause]] = {
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
PARTY_OF_STATE: Final[Mapping[NumberState, Party]] = {
    NumberState.OPEN_UNFUNDED: Party.FINANCE,
}
"""States whose responsible party is not the one usual for the cause."""
AMBIGUOUS_STATES: Final = frozenset(
    {
        NumberState.OPEN_UNFUNDED,
        NumberState.REVIEW_REJECTED,
        NumberState.PREOCCUPIED,
        NumberState.CANCELLED,
        NumberState.IDLE,
    }
)
"""States that either the provider or the number's holder may have to resolve."""
UNSPECIFIC_STATUSES: Final = frozenset({"suspended", "inactive", "disabled", "disable", "false"})
"""Native statuses that do not say why a number is out of service."""
_GUESSED_STATES: Final = frozenset(
    {NumberState.SUSPENDED_VIOLATION, NumberState.SUSPENDED_REQUESTED}
)
"""States that stand for a status which does not say why: there is no state without a reason."""

CERTAIN: Final = 0.98
MISMATCH: Final = 0.9
AMBIGUOUS: Final = 0.75
POSSIBLE: Final = 0.6
EXPIRY_NEAR: Final = 30 * 86400.0
"""Seconds before the end of a contract (docs/reference/domain.md §5)."""
DAY: Final = 86400.0
MAX_SIBLINGS: Final = 10_000
"""Numbers of the account that are examined for and against a common cause."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of the state if the number is definitely out of service."""
    number = diagnosis.listed_number
    state = diagnosis.result.number_state(diagnosis.number)
    if number is None or state is None:
        return None
    _warn(diagnosis, number, state)
    if state not in CAUSE_OF_STATE:
        return None
    actual, confidence = _interpret(diagnosis, number, state)
    return diagnosis.conclude(
        CAUSE_OF_STATE[actual],
        confidence,
        [*_facts(diagnosis, number, state), *_sibling_groups(diagnosis, state)],
        since=_since(diagnosis, state),
        party=PARTY_OF_STATE.get(actual),
        facts={
            "state": word(state.value),
            "reason": number.reason or number.native_status or "-",
        },
    )


def decide_network(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``network_state_mismatch`` if the network contradicts that the number is in service."""
    state = diagnosis.result.number_state(diagnosis.number)
    network = diagnosis.result.network_state(diagnosis.number)
    if state is None or network is None or not diagnosis.result.is_mismatch(diagnosis.number):
        return None
    if state not in IN_SERVICE_STATES:
        diagnosis.warn("network_still_active", state=word(state.value))
        return None
    evidence = [
        diagnosis.fact("number_state", state.value, Capability.NUMBERS),
        diagnosis.fact("network_state", network.value, Capability.NUMBERS),
    ]
    facts = {"state": word(state.value), "network": word(network.value)}
    return diagnosis.conclude(Cause.NETWORK_STATE_MISMATCH, MISMATCH, evidence, facts=facts)


def decide_contract(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about the contract: ``number_expired``, though the number still works."""
    number = diagnosis.listed_number
    if number is None or number.contract_end is None:
        return None
    end = diagnosis.context.format_time(number.contract_end)
    evidence = diagnosis.fact("contract_end", end, Capability.NUMBERS)
    return diagnosis.conclude(Cause.NUMBER_EXPIRED, POSSIBLE, [evidence])


def decide_reclaim(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about an announced reclaim: ``number_reclaimed``, which payment prevents."""
    number = diagnosis.listed_number
    if number is None or number.reclaim_at is None:
        return None
    reclaim_at = diagnosis.context.format_time(number.reclaim_at)
    evidence = diagnosis.fact("reclaim_at", reclaim_at, Capability.NUMBERS)
    return diagnosis.conclude(
        Cause.NUMBER_RECLAIMED,
        POSSIBLE,
        [evidence],
        party=Party.FINANCE,
        facts={"state": word(number.state.value)},
    )


def decide_illegal_transition(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about an illegal transition: ``unknown``, for the provider to explain."""
    change = diagnosis.result.illegal.get(diagnosis.number)
    if change is None:
        return None
    before, after, at = change
    evidence = diagnosis.fact("moved", f"{before.value} -> {after.value}", Capability.NUMBERS)
    return diagnosis.conclude(Cause.UNKNOWN, POSSIBLE, [evidence], since=at)


def decide_realname(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about the real-name registration: ``number_in_review``, for the admin."""
    number = diagnosis.listed_number
    if number is None or number.realname_ok is not False:
        return None
    evidence = diagnosis.fact("realname_ok", "no", Capability.NUMBERS)
    return diagnosis.conclude(Cause.NUMBER_IN_REVIEW, POSSIBLE, [evidence], party=Party.ADMIN)


def _interpret(
    diagnosis: NumberDiagnosis, number: Number, state: NumberState
) -> tuple[NumberState, float]:
    """The state that the provider means, and the confidence in it.

    Some providers only say that a number or the account is suspended. Then the balance decides
    whether it is for arrears; with enough money, the provider has closed it.
    """
    listing = diagnosis.snapshot.listing
    forced = listing is not None and listing.account_state is state
    if state is NumberState.SUSPENDED_ARREARS and forced:
        funded = _is_funded(diagnosis)
        # Arrears are by far the most frequent reason for the suspension of a whole account.
        if not funded:
            return state, AMBIGUOUS if funded is None else CERTAIN
        return _closed_by_provider(diagnosis, "the account is suspended", "it is funded")
    if diagnosis.number in diagnosis.snapshot.gone:
        return state, POSSIBLE
    if state in _GUESSED_STATES and _gives_no_reason(number):
        return _guess(diagnosis, state)
    return state, AMBIGUOUS if state in AMBIGUOUS_STATES else CERTAIN


def _gives_no_reason(number: Number) -> bool:
    return not number.reason and number.native_status.strip().lower() in UNSPECIFIC_STATUSES


def _guess(diagnosis: NumberDiagnosis, state: NumberState) -> tuple[NumberState, float]:
    if _is_funded(diagnosis) is False:
        return NumberState.SUSPENDED_ARREARS, AMBIGUOUS
    if state is NumberState.SUSPENDED_REQUESTED:
        return state, POSSIBLE
    reason = "the provider gives no reason"
    return _closed_by_provider(diagnosis, reason, "the account is funded")


def _closed_by_provider(
    diagnosis: NumberDiagnosis, pro: str, contra: str
) -> tuple[NumberState, float]:
    """A violation, with the facts for and against arrears noted."""
    diagnosis.consider(Cause.NUMBER_SUSPENDED_ARREARS, [pro], [contra])
    return NumberState.SUSPENDED_VIOLATION, POSSIBLE


def _is_funded(diagnosis: NumberDiagnosis) -> bool | None:
    money = diagnosis.result.money
    if money is None or not diagnosis.is_fresh(Capability.BALANCE):
        return None
    return money.balance.amount > 0 and not money.below_stop


def _facts(diagnosis: NumberDiagnosis, number: Number, state: NumberState) -> list[Evidence]:
    reclaim_at = number.reclaim_at
    facts = (
        ("number_state", state.value),
        ("native_status", number.native_status),
        ("reason", number.reason),
        ("network_state", number.network_state.value),
        ("reclaim_at", "" if reclaim_at is None else diagnosis.context.format_time(reclaim_at)),
    )
    return [diagnosis.fact(name, value, Capability.NUMBERS) for name, value in facts if value]


def _since(diagnosis: NumberDiagnosis, state: NumberState) -> float | None:
    change = diagnosis.snapshot.previous_states.get(diagnosis.number)
    return change[2] if change and change[1] is state else None


def _warn(diagnosis: NumberDiagnosis, number: Number, state: NumberState) -> None:
    now = diagnosis.context.now
    if number.reclaim_at is not None:
        diagnosis.warn("reclaim_soon", days=f"{max(0.0, number.reclaim_at - now) / DAY:.1f}")
    if number.contract_end is not None and number.contract_end < now + EXPIRY_NEAR:
        diagnosis.warn("contract_ends", days=f"{(number.contract_end - now) / DAY:.0f}")
    if number.realname_ok is False:
        diagnosis.warn("realname_failed")
    if state is NumberState.LOW_BALANCE:
        diagnosis.warn("low_balance_state")
    change = diagnosis.snapshot.previous_states.get(diagnosis.number)
    if change and not is_legal_move(*change[:2]):
        diagnosis.warn("illegal_move", before=word(change[0].value), after=word(change[1].value))


def _sibling_groups(diagnosis: NumberDiagnosis, state: NumberState) -> list[Evidence]:
    """The numbers of the account in the same state, as evidence of a common root."""
    result = diagnosis.result
    states = result.columns.states
    same = states == states[result.number_row(diagnosis.number) or 0]
    count = int(np.count_nonzero(same))
    if count < 2 or state in IN_SERVICE_STATES:  # noqa: PLR2004 - the number and another one
        return []
    key = result.snapshot.key
    diagnosis.warn("siblings", count=str(count - 1), account=key, state=word(state.value))
    siblings = [result.names[row] for row in np.flatnonzero(same)[:MAX_SIBLINGS].tolist()]
    others = [result.names[row] for row in np.flatnonzero(~same)[:MAX_SIBLINGS].tolist()]
    groups = [Group("account", key, siblings, others)]
    change = diagnosis.snapshot.previous_states.get(diagnosis.number)
    groups += [changed_together(result, change[2], siblings)] if change else []
    return [group.evidence() for group in groups]
