"""A change of the configuration that explains why calls fail now (docs/reference/domain.md §2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent.baselines.baseline import Baseline
from agent.baselines.change_words import ChangeText
from agent.baselines.drift import Difference
from agent.diagnosis.call_statistics import answered_share, over_limit, recent_calls
from agent.diagnosis.configuration import (
    NumberConfiguration,
    baseline_of,
    current_configuration,
    is_wait_short,
)
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.i18n import Joined
from agent.i18n.words import ORIGINS, word
from agent.model import Binding
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause, ConfigSection
from agent.verdict import Evidence, Verdict

BLOCKED: Final = 0.9
UNREACHABLE: Final = 0.75
RESTRICTED: Final = 0.7
DRIFT: Final = 0.7
"""Confidence if the alert itself is about the change."""
WAIT_SHORTENED: Final = 0.65
ANSWERED: Final = 0.5
"""The share of answered calls from which a shorter wait does no harm."""
SAMPLE_CALLERS: Final = (
    "13800138000",
    "15900159000",
    "17700177000",
    "18600186000",
    "01088888888",
    "02188888888",
    "02888888888",
    "075588888888",
)
"""Callers of several carriers and areas, to find out whom a list or a region rule blocks."""
_USABLE_STATES: Final = REACHABLE_STATES | {BindingState.UNKNOWN}


@dataclass(frozen=True)
class Effect:
    """The effect of a change on calls."""

    cause: Cause
    detail: str
    confidence: float


@dataclass(frozen=True)
class Change:
    """A number's configuration now and as approved."""

    now: NumberConfiguration
    before: NumberConfiguration
    sections: frozenset[ConfigSection]
    """The sections that differ."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``config_changed`` if calls fail that would have got through as approved."""
    baseline, differences = baseline_of(diagnosis), _differences(diagnosis)
    if baseline is None or not differences:
        return None
    effect = _effect_of(diagnosis, baseline, differences)
    if effect is None:
        origin = word(baseline.origin.value, ORIGINS)
        for difference in differences:
            diagnosis.warn("drift", difference=ChangeText.of(difference), baseline=origin)
        return None
    contra = ["the approved configuration does not do this"]
    diagnosis.consider(effect.cause, [effect.detail], contra)
    description = f"{effect.cause.value}: {effect.detail}"
    evidence = [
        diagnosis.fact("effect", description, Capability.ROUTING),
        *_evidence(diagnosis, baseline, differences),
    ]
    return _conclude(diagnosis, evidence, differences, effect.confidence)


def decide_drift(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about drift: ``config_changed``, even if no call fails because of it."""
    baseline, differences = baseline_of(diagnosis), _differences(diagnosis)
    if baseline is None or not differences:
        return None
    evidence = _evidence(diagnosis, baseline, differences)
    return _conclude(diagnosis, evidence, differences, DRIFT)


def _conclude(
    diagnosis: NumberDiagnosis,
    evidence: Sequence[Evidence],
    differences: Sequence[Difference],
    confidence: float,
) -> Verdict:
    capabilities = {_capability(difference) for difference in differences}
    for capability in sorted(capabilities):
        diagnosis.warn_if_stale(capability)
    factor = min(map(diagnosis.freshness_factor, capabilities))
    return diagnosis.conclude(
        Cause.CONFIG_CHANGED,
        confidence * factor,
        evidence,
        since=diagnosis.result.drift_since.get(diagnosis.number),
        facts={"changes": Joined(tuple(map(ChangeText.of, differences)))},
    )


def _differences(diagnosis: NumberDiagnosis) -> tuple[Difference, ...]:
    """The differences from the baseline; those of bound phones only if the phones are fresh."""
    fresh = diagnosis.is_fresh(Capability.REACHABILITY)
    return tuple(
        difference
        for difference in diagnosis.result.differences(diagnosis.number)
        if fresh or difference.section is not ConfigSection.BINDINGS
    )


def _evidence(
    diagnosis: NumberDiagnosis, baseline: Baseline, differences: Sequence[Difference]
) -> list[Evidence]:
    changes = [
        diagnosis.fact(f"drift {change.section.value}", str(change), _capability(change))
        for change in differences
    ]
    taken_at = baseline.taken_at
    instant = diagnosis.context.format_time(taken_at) if taken_at else "no known time"
    origin = f"{baseline.origin.value}, version {baseline.version}, taken at {instant}"
    return [*changes, diagnosis.fact("baseline", origin, Capability.ROUTING)]


def _capability(difference: Difference) -> Capability:
    is_bindings = difference.section is ConfigSection.BINDINGS
    return Capability.REACHABILITY if is_bindings else Capability.ROUTING


def _effect_of(
    diagnosis: NumberDiagnosis, baseline: Baseline, differences: Sequence[Difference]
) -> Effect | None:
    """The reason why calls fail now that would have got through as approved, if there is one."""
    change = Change(
        current_configuration(diagnosis),
        NumberConfiguration(baseline.routing, baseline.bindings),
        frozenset(difference.section for difference in differences),
    )
    effects = (effect(diagnosis, change) for effect in _EFFECTS)
    return next((effect for effect in effects if effect is not None), None)


def _call_blocked(diagnosis: NumberDiagnosis, change: Change) -> Effect | None:
    """The call that is diagnosed is blocked; as approved it was not."""
    outcome = change.now.route(diagnosis)
    if outcome.obstacle is None or change.before.route(diagnosis).obstacle is not None:
        return None
    return Effect(outcome.obstacle, outcome.why, BLOCKED)


def _callers_blocked(diagnosis: NumberDiagnosis, change: Change) -> Effect | None:
    """A list or a region rule blocks half of all callers that it did not block."""
    if diagnosis.caller or not change.sections & {ConfigSection.LISTS, ConfigSection.REGION}:
        return None
    samples = [replace(diagnosis, caller=caller) for caller in SAMPLE_CALLERS]
    outcomes = [(change.now.route(sample), change.before.route(sample)) for sample in samples]
    blocked = [now for now, before in outcomes if now.obstacle and not before.obstacle]
    if len(blocked) < len(SAMPLE_CALLERS) / 2 or blocked[0].obstacle is None:
        return None
    return Effect(blocked[0].obstacle, blocked[0].why, RESTRICTED)


def _phones_unreachable(diagnosis: NumberDiagnosis, change: Change) -> Effect | None:
    """No phone that rings now can take a call; one that would ring as approved might."""
    if change.now.bound is None or change.before.bound is None:
        return None
    ringing = _ringing(diagnosis, change.now, change.now.bound)
    approved = _ringing(diagnosis, change.before, change.before.bound)
    if not ringing or any(phone.state in _USABLE_STATES for phone in ringing):
        return None
    states = {phone.phone: phone.state for phone in change.now.bound}
    usable = [
        phone
        for phone in approved
        if states.get(phone.phone, BindingState.UNKNOWN) in _USABLE_STATES
    ]
    removed = any(phone.phone not in states for phone in usable)
    added = {phone.phone for phone in ringing} - {phone.phone for phone in approved}
    if not usable or not (added or removed or len(ringing) < len(approved)):
        return None
    subject = "the new phone is" if added else "the phone that is left is"
    detail = f"{subject} {ringing[0].state.value}"
    return Effect(Cause.CONFIG_CHANGED, detail, UNREACHABLE)


def _ringing(
    diagnosis: NumberDiagnosis, configuration: NumberConfiguration, phones: Sequence[Binding]
) -> list[Binding]:
    ids = configuration.phones_in_hours(diagnosis)
    return [phone for phone in phones if phone.id in ids]


def _limit_lowered(diagnosis: NumberDiagnosis, change: Change) -> Effect | None:
    """Calls are rejected over a concurrency limit that was higher."""
    now, before = change.now.routing, change.before.routing
    if now is None or before is None or over_limit(diagnosis) is None:
        return None
    limit = now.concurrency_limit
    if limit is None or before.concurrency_limit is None or limit >= before.concurrency_limit:
        return None
    return Effect(Cause.CAPACITY_EXCEEDED, f"at most {limit} calls at once", RESTRICTED)


def _wait_shortened(diagnosis: NumberDiagnosis, change: Change) -> Effect | None:
    """The wait has become too short to answer, and the calls do not show otherwise."""
    now, before = change.now, change.before
    if now.routing is None or before.routing is None:
        return None
    if not is_wait_short(now.routing, now.bound) or is_wait_short(before.routing, before.bound):
        return None
    share = answered_share(recent_calls(diagnosis))
    if share is not None and share >= ANSWERED:
        return None
    detail = f"callers are given up after {now.routing.wait_seconds:g} s"
    return Effect(Cause.WAIT_TOO_SHORT, detail, WAIT_SHORTENED)


# A blocked call is certain and goes first; a short wait is the weakest explanation.
_EFFECTS: Final[Sequence[Callable[[NumberDiagnosis, Change], Effect | None]]] = (
    _call_blocked,
    _callers_blocked,
    _phones_unreachable,
    _limit_lowered,
    _wait_shortened,
)
