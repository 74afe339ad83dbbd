"""Why something wider or narrower than a number is broken: a provider, an account, a phone."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from agent.checks.lifecycle import NUMBER_STATES
from agent.checks.result import CheckResult
from agent.diagnosis.case import Case
from agent.diagnosis.common import Group, shared
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.deciders import blind, money
from agent.diagnosis.deciders.bindings import CAUSE_OF_BINDING
from agent.diagnosis.deciders.state import CAUSE_OF_STATE, PARTY_OF_STATE
from agent.model import Evidence, Verdict
from agent.states import Capability, Cause, NumberState

LIKELY = 0.8
POSSIBLE = 0.6
NUMBERS, PHONES = "numbers_", "phones_"
"""What the symptom of a fault that many numbers share begins with."""
MANY = 3
"""So many numbers that fail together have a root of their own (domain.md §2, 2)."""


def diagnose_account(case: Case) -> Verdict:
    """Why an account is in trouble: nothing known, no money, or its numbers' common state."""
    focused = _FOCUSED.get(case.symptom, _nothing)(case)
    return (
        focused
        or _outage(case, [case.checked])
        or _stale(case)
        or money.decide(case)
        or _common_state(case)
        or _of_many(case)
        or _well(case)
    )


def diagnose_provider(case: Case) -> Verdict:
    """Why a provider is in trouble: its interface is silent, or many of its numbers are down."""
    accounts = list(case.context.of_provider(case.snapshot.provider)) or [case.checked]
    return _outage(case, accounts) or _stale(case) or _many_down(case, accounts) or _well(case)


def diagnose_carrier(case: Case, carrier: str) -> Verdict:
    """Why a carrier's numbers fail: they are counted over every provider."""
    states = [_down(each, carrier) for each in case.context.accounts.values()]
    seen = [case.fact("numbers_down", f"{sum(states)} of {carrier}", Capability.NUMBERS)]
    seen += [group.evidence() for group in shared(case.context, carrier=carrier)]
    cause = Cause.CARRIER_OUTAGE if sum(states) >= MANY else Cause.UNKNOWN
    return case.conclude(cause, LIKELY if sum(states) >= MANY else POSSIBLE, seen)


def _outage(case: Case, accounts: Sequence[CheckResult]) -> Verdict | None:
    """The provider's interface is silent, or we are the ones who cannot hear it."""
    failing = [each for each in accounts if _is_failing(each)]
    if not failing:
        return None
    seen = [fact for each in failing for fact in blind.poll_facts(each.snapshot, case.context)]
    since = min(filter(None, map(_last_success, failing)), default=None)
    if _is_ours(case.context, failing):
        case.weigh(Cause.PROVIDER_OUTAGE, (), ["the failures have their cause on our side"])
        return case.conclude(Cause.MONITORING_BLIND, LIKELY, seen, since=since)
    confidence = LIKELY if len(failing) == len(accounts) else POSSIBLE
    return case.conclude(Cause.PROVIDER_OUTAGE, confidence, seen, since=since)


def _is_failing(checked: CheckResult) -> bool:
    capability = blind.first_capability(checked.snapshot)
    return capability is not None and checked.snapshot.polls[capability].failure is not None


def _last_success(checked: CheckResult) -> float | None:
    return blind.last_success(checked.snapshot)


def _is_ours(context: DiagnosisContext, failing: Sequence[CheckResult]) -> bool:
    """Whether the failures are of our making: by their reason, or because nobody answers us."""
    reasons = {status.failure for each in failing for status in each.snapshot.polls.values()} - {
        None
    }
    others = [
        each for each in context.accounts.values() if _provider(each) != _provider(failing[0])
    ]
    deaf = bool(others) and all(map(_is_failing, others))
    return deaf or bool(reasons and reasons <= blind.OURS)


def _provider(checked: CheckResult) -> str:
    return checked.snapshot.provider


def _common_state(case: Case) -> Verdict | None:
    """The state that takes most of the account's numbers out of service."""
    codes = case.checked.columns.states[: case.checked.listed]
    down = codes[case.checked.columns.up[: case.checked.listed] == 0.0]
    if not down.size:
        return None
    code, count = max(zip(*np.unique(down, return_counts=True), strict=True), key=_count)
    state = NUMBER_STATES[int(code)]
    cause = CAUSE_OF_STATE.get(state, Cause.UNKNOWN)
    seen = [_share(case, state, int(count), codes.size)]
    words = {"state": state.value, "reason": "-"}
    party = PARTY_OF_STATE.get(state)
    return case.conclude(cause, LIKELY, seen, party=party, facts=words)


def _of_many(case: Case) -> Verdict | None:
    """What many of the account's numbers, or phones behind them, suffer from alike."""
    if case.symptom.startswith(PHONES):
        return _phones_alike(case, case.symptom.removeprefix(PHONES))
    if not case.symptom.startswith(NUMBERS):
        return None
    cause = _CAUSE_OF_SYMPTOM.get(case.symptom.removeprefix(NUMBERS), Cause.UNKNOWN)
    listed = case.fact("numbers_listed", case.checked.listed, Capability.NUMBERS)
    return case.conclude(cause, POSSIBLE, [listed])


def _phones_alike(case: Case, state: str) -> Verdict:
    """The state that phones behind many numbers share."""
    bound = case.snapshot.bindings
    hit = [it for it, phones in bound.items() if any(phone.state == state for phone in phones)]
    group = Group("phones", state, hit, [it for it in bound if it not in set(hit)])
    causes = {each.value: cause for each, cause in CAUSE_OF_BINDING.items()}
    cause = causes.get(state, Cause.UNKNOWN)
    return case.conclude(cause, LIKELY if hit else POSSIBLE, [group.evidence()])


def _count(pair: tuple[int, int]) -> int:
    return int(pair[1])


def _share(case: Case, state: NumberState, count: int, total: int) -> Evidence:
    return case.fact("numbers_down", f"{count} of {total} {state.value}", Capability.NUMBERS)


def _many_down(case: Case, accounts: Sequence[CheckResult]) -> Verdict | None:
    down = sum(map(_down, accounts))
    if down < MANY:
        return None
    total = sum(each.listed for each in accounts)
    seen = [case.fact("numbers_down", f"{down} of {total}", Capability.NUMBERS)]
    groups = shared(case.context, case.snapshot.provider)
    seen += [group.evidence() for group in groups]
    return case.conclude(Cause.PROVIDER_OUTAGE, LIKELY, seen)


def _down(checked: CheckResult, carrier: str = "") -> int:
    rows = np.flatnonzero(checked.columns.up == 0.0).tolist()
    return sum(carrier in ("", checked.columns.carriers[row]) for row in rows)


def _stale(case: Case) -> Verdict | None:
    """Some of the account's facts are too old: what is not heard cannot be judged."""
    seen = blind.poll_facts(case.snapshot, case.context)
    if not seen:
        return None
    since = blind.last_success(case.snapshot)
    return case.conclude(Cause.MONITORING_BLIND, LIKELY, seen, since=since)


def _well(case: Case) -> Verdict:
    listed = case.fact("numbers_listed", case.checked.listed, Capability.NUMBERS)
    return case.conclude(Cause.HEALTHY, LIKELY, [listed])


def _nothing(_case: Case) -> Verdict | None:
    return None


_CAUSE_OF_SYMPTOM: Mapping[str, Cause] = {
    "drift": Cause.CONFIG_CHANGED,
    "contract": Cause.NUMBER_EXPIRED,
    "realname": Cause.NUMBER_IN_REVIEW,
    "reclaim": Cause.NUMBER_RECLAIMED,
}
"""What an alert of a symptom is about, where many numbers have it."""
_FOCUSED: Mapping[str, Callable[[Case], Verdict | None]] = {
    "balance": money.decide_looming,
    "spend_cap": money.decide_looming,
}
"""What an alert of a symptom is about, though calls may still get through."""
