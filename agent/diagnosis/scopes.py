"""Verdicts on scopes other than a number: account, provider, carrier, trunk, shared phone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from agent.checks.lifecycle import NUMBER_STATES
from agent.checks.result import CheckResult
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.deciders import balance, charges, missing_data
from agent.diagnosis.deciders.bound_phones import CAUSE_OF_BINDING, decide_phone
from agent.diagnosis.deciders.common_root import MANY
from agent.diagnosis.deciders.number_state import CAUSE_OF_STATE, PARTY_OF_STATE
from agent.diagnosis.failure_groups import (
    Group,
    common_groups,
    failures_of,
    on_trunk,
    state_failures,
)
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.i18n.words import word
from agent.masking import mask_phone
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause
from agent.verdict import Evidence, Verdict

LIKELY: Final = 0.8
SHARED_DESTINATION: Final = 0.7
POSSIBLE: Final = 0.6
NUMBERS_PREFIX: Final = "numbers_"
PHONES_PREFIX: Final = "phones_"
"""Prefixes of the symptom of an alert about many numbers, or the phones of many numbers."""
TRUNK_PREFIX: Final = "trunk "
"""Prefix of the name of a trunk; the name of a phone begins with its masked number."""
CAUSE_OF_SYMPTOM: Final[Mapping[str, Cause]] = {
    "drift": Cause.CONFIG_CHANGED,
    "contract": Cause.NUMBER_EXPIRED,
    "realname": Cause.NUMBER_IN_REVIEW,
    "reclaim": Cause.NUMBER_RECLAIMED,
}
"""The cause of an alert about many numbers, by its symptom."""
ACCOUNT_DECIDERS: Final[Mapping[str, Callable[[NumberDiagnosis], Verdict | None]]] = {
    "balance": balance.decide_low,
    "spend_cap": balance.decide_low,
    "charges": charges.decide,
}
"""Deciders that go first for an alert with a symptom, though calls may still get through."""
_UNREACHABLE_STATES: Final = frozenset(BindingState) - REACHABLE_STATES - {BindingState.UNKNOWN}


def diagnose_account(diagnosis: NumberDiagnosis) -> Verdict:
    """The verdict on an account: no facts, no money, or the state that its numbers share."""
    decide_symptom = ACCOUNT_DECIDERS.get(diagnosis.symptom)
    return (
        (decide_symptom(diagnosis) if decide_symptom else None)
        # Each of the next three rests on fresh facts of its own, whatever else is silent.
        or balance.decide(diagnosis)
        or _decide_common_state(diagnosis)
        or _decide_common_symptom(diagnosis)
        or _decide_blind(diagnosis, [diagnosis.result])
        or _decide_stale(diagnosis)
        or _healthy(diagnosis)
    )


def diagnose_provider(diagnosis: NumberDiagnosis) -> Verdict:
    """The verdict on a provider: many of its numbers are down, or nothing is seen of them."""
    provider = diagnosis.snapshot.provider
    results = list(diagnosis.context.select(provider)) or [diagnosis.result]
    return (
        _decide_many_down(diagnosis, results)
        or _decide_blind(diagnosis, results)
        or _decide_stale(diagnosis)
        or _healthy(diagnosis)
    )


def diagnose_carrier(diagnosis: NumberDiagnosis, carrier: str) -> Verdict:
    """The verdict on a carrier, by its numbers at all providers."""
    now = diagnosis.context.now
    fresh = [
        result for result in diagnosis.context.select() if result.is_fresh(Capability.NUMBERS, now)
    ]
    down = sum(_count_down(result, carrier) for result in fresh)
    evidence = [diagnosis.fact("numbers_down", f"{down} of {carrier}", Capability.NUMBERS)]
    evidence += [group.evidence() for group in common_groups(diagnosis.context, carrier=carrier)]
    if down >= MANY:
        return diagnosis.conclude(Cause.CARRIER_OUTAGE, LIKELY, evidence)
    return diagnosis.conclude(Cause.UNKNOWN, POSSIBLE, evidence)


def diagnose_destination(diagnosis: NumberDiagnosis, destination: str) -> Verdict:
    """The verdict on a trunk, or on a phone that several numbers ring."""
    results = list(diagnosis.context.select(diagnosis.snapshot.provider))
    if not destination.startswith(TRUNK_PREFIX):
        return _diagnose_shared_phone(diagnosis, destination, results)
    trunk, now = destination.removeprefix(TRUNK_PREFIX), diagnosis.context.now
    groups = [
        on_trunk(result, trunk, failures_of(result, state_failures, now)) for result in results
    ]
    evidence = [group.evidence() for group in groups if group.total]
    return diagnosis.conclude(Cause.PROVIDER_OUTAGE, SHARED_DESTINATION, evidence)


def _diagnose_shared_phone(
    diagnosis: NumberDiagnosis, destination: str, results: Sequence[CheckResult]
) -> Verdict:
    """The phone's own cause, with all numbers that ring it as evidence."""
    masked = destination.partition(" ")[0]
    users = [(result, *user) for result in results for user in _users_of(result, masked)]
    numbers = Group("phone", masked, [number for _, number, _ in users]).evidence()
    for result, number, label in users:
        verdict = decide_phone(NumberDiagnosis(diagnosis.context, result, number), label)
        if verdict is not None:
            evidence = (numbers, *verdict.evidence)
            return msgspec.structs.replace(verdict, number="", evidence=evidence)
    unknown = [Evidence("landing", masked, "bindings")]
    return diagnosis.conclude(Cause.UNKNOWN, SHARED_DESTINATION, unknown)


def _users_of(result: CheckResult, masked: str) -> Iterator[tuple[str, str]]:
    """The numbers for which the phone is unreachable, with its label there."""
    for number, bound in result.snapshot.bindings.items():
        unreachable = (phone for phone in bound if phone.state in _UNREACHABLE_STATES)
        if any(mask_phone(phone.phone) == masked for phone in unreachable):
            for label, phone in (result.bindings(number) or {}).items():
                if mask_phone(phone.phone) == masked:
                    yield number, label


def _decide_blind(diagnosis: NumberDiagnosis, results: Sequence[CheckResult]) -> Verdict | None:
    """``monitoring_blind`` if polls fail: that says nothing of the numbers.

    Source: docs/reference/domain.md §2, step 1.
    """
    failing = [result for result in results if _is_failing(result)]
    if not failing:
        return None
    snapshots = [result.snapshot for result in failing]
    evidence = missing_data.stale_poll_facts(diagnosis.context, *snapshots)
    since = min(filter(None, map(missing_data.last_success, snapshots)), default=None)
    if _is_local(diagnosis.context, failing):
        contra = "the failures have their cause on our side"
    else:
        contra = "a poll that fails says nothing of the number itself"
        diagnosis.warn("interface_fails", provider=diagnosis.snapshot.provider)
    facts = [f"{fact.fact}: {fact.value}" for fact in evidence]
    diagnosis.consider(Cause.PROVIDER_OUTAGE, facts, [contra])
    return diagnosis.conclude(Cause.MONITORING_BLIND, LIKELY, evidence, since=since)


def _is_failing(result: CheckResult) -> bool:
    capability = missing_data.primary_capability(result.snapshot)
    return capability is not None and result.snapshot.polls[capability].failure is not None


def _is_local(context: DiagnosisContext, failing: Sequence[CheckResult]) -> bool:
    """Whether polls fail on our side: by the reasons, or because every other provider fails too."""
    statuses = (status for result in failing for status in result.snapshot.polls.values())
    reasons = {status.failure for status in statuses} - {None}
    provider = failing[0].snapshot.provider
    others = [
        result for result in context.accounts.values() if result.snapshot.provider != provider
    ]
    all_fail = bool(others) and all(map(_is_failing, others))
    return all_fail or bool(reasons and reasons <= missing_data.LOCAL_FAILURES)


def _decide_stale(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``monitoring_blind`` if some of the account's facts are stale."""
    evidence = missing_data.stale_poll_facts(diagnosis.context, diagnosis.snapshot)
    if not evidence:
        return None
    since = missing_data.last_success(diagnosis.snapshot)
    return diagnosis.conclude(Cause.MONITORING_BLIND, LIKELY, evidence, since=since)


def _decide_common_state(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of the state that most of the account's numbers out of service have."""
    result = diagnosis.result
    if not diagnosis.is_fresh(Capability.NUMBERS):
        return None
    codes = result.columns.states[: result.listed]
    down = codes[result.columns.up[: result.listed] == 0.0]
    if not down.size:
        return None
    values, counts = np.unique(down, return_counts=True)
    most = int(np.argmax(counts))
    state = NUMBER_STATES[int(values[most])]
    share = f"{int(counts[most])} of {codes.size} {state.value}"
    return diagnosis.conclude(
        CAUSE_OF_STATE.get(state, Cause.UNKNOWN),
        LIKELY,
        [diagnosis.fact("numbers_down", share, Capability.NUMBERS)],
        party=PARTY_OF_STATE.get(state),
        facts={"state": word(state.value), "reason": "-"},
    )


def _decide_common_symptom(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of an alert about many of the account's numbers, or about their phones."""
    symptom = diagnosis.symptom
    if symptom.startswith(PHONES_PREFIX):
        return _common_phone_state(diagnosis, symptom.removeprefix(PHONES_PREFIX))
    if not symptom.startswith(NUMBERS_PREFIX):
        return None
    cause = CAUSE_OF_SYMPTOM.get(symptom.removeprefix(NUMBERS_PREFIX), Cause.UNKNOWN)
    return diagnosis.conclude(cause, POSSIBLE, [_listed(diagnosis)])


def _common_phone_state(diagnosis: NumberDiagnosis, state: str) -> Verdict:
    """The cause of the state that phones of many numbers have in common."""
    failing: list[str] = []
    working: list[str] = []
    for number, phones in diagnosis.snapshot.bindings.items():
        fails = any(phone.state == state for phone in phones)
        (failing if fails else working).append(number)
    group = Group("phones", state, failing, working)
    causes = {binding_state.value: cause for binding_state, cause in CAUSE_OF_BINDING.items()}
    cause = causes.get(state, Cause.UNKNOWN)
    return diagnosis.conclude(cause, LIKELY if failing else POSSIBLE, [group.evidence()])


def _decide_many_down(diagnosis: NumberDiagnosis, results: Sequence[CheckResult]) -> Verdict | None:
    """``provider_outage`` if many numbers are down."""
    results = [
        result for result in results if result.is_fresh(Capability.NUMBERS, diagnosis.context.now)
    ]
    down = sum(map(_count_down, results))
    if down < MANY:
        return None
    total = sum(result.listed for result in results)
    evidence = [diagnosis.fact("numbers_down", f"{down} of {total}", Capability.NUMBERS)]
    groups = common_groups(diagnosis.context, diagnosis.snapshot.provider)
    evidence += [group.evidence() for group in groups]
    return diagnosis.conclude(Cause.PROVIDER_OUTAGE, LIKELY, evidence)


def _count_down(result: CheckResult, carrier: str = "") -> int:
    rows = np.flatnonzero(result.columns.up == 0.0).tolist()
    return sum(carrier in ("", result.columns.carriers[row]) for row in rows)


def _healthy(diagnosis: NumberDiagnosis) -> Verdict:
    return diagnosis.conclude(Cause.HEALTHY, LIKELY, [_listed(diagnosis)])


def _listed(diagnosis: NumberDiagnosis) -> Evidence:
    return diagnosis.fact("numbers_listed", diagnosis.result.listed, Capability.NUMBERS)
