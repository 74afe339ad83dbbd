"""Does a change of the configuration explain why calls fail now? (domain.md §2, 5)."""

from collections.abc import Sequence

from agent.baselines.baseline import Baseline
from agent.baselines.drift import Difference
from agent.diagnosis.case import Case
from agent.diagnosis.configuration import approved
from agent.diagnosis.effects import effect_of
from agent.model import Evidence, Verdict
from agent.states import Capability, Cause, ConfigSection

ASKED = 0.7
"""Confidence where an alert asks about the change itself."""


def decide(case: Case) -> Verdict | None:
    """``config_changed`` where calls fail that would have got through as approved."""
    baseline, found = approved(case), _differences(case)
    if baseline is None or not found:
        return None
    effect = effect_of(case, baseline, found)
    if effect is None:
        for difference in found:
            case.warn("drift", difference=str(difference), baseline=baseline.origin.value)
        return None
    case.weigh(effect.cause, [effect.detail], ["the approved configuration does not do this"])
    seen = [
        case.fact("effect", f"{effect.cause.value}: {effect.detail}", Capability.ROUTING),
        *_facts(case, baseline, found),
    ]
    return _conclude(case, seen, found, effect.confidence)


def decide_any(case: Case) -> Verdict | None:
    """For an alert about drift: the change, whether or not calls fail because of it."""
    baseline, found = approved(case), _differences(case)
    if baseline is None or not found:
        return None
    return _conclude(case, _facts(case, baseline, found), found, ASKED)


def _conclude(
    case: Case, seen: Sequence[Evidence], found: Sequence[Difference], confidence: float
) -> Verdict:
    since = case.checked.drift_since.get(case.number)
    words = {"changes": "; ".join(map(str, found))}
    asked = {_capability(difference) for difference in found}
    for capability in sorted(asked):
        case.note_age(capability)
    trust = min(map(case.trust, asked))
    return case.conclude(Cause.CONFIG_CHANGED, confidence * trust, seen, since=since, facts=words)


def _differences(case: Case) -> tuple[Difference, ...]:
    bound = case.fresh(Capability.REACHABILITY)
    return tuple(
        difference
        for difference in case.checked.differences(case.number)
        if bound or difference.section is not ConfigSection.BINDINGS
    )


def _facts(case: Case, baseline: Baseline, found: Sequence[Difference]) -> list[Evidence]:
    changes = [
        case.fact(f"drift {difference.section.value}", str(difference), _capability(difference))
        for difference in found
    ]
    when = case.context.told(baseline.taken_at) if baseline.taken_at else "no known time"
    taken = f"{baseline.origin.value}, version {baseline.version}, taken at {when}"
    return [*changes, case.fact("baseline", taken, Capability.ROUTING)]


def _capability(difference: Difference) -> Capability:
    bindings = difference.section is ConfigSection.BINDINGS
    return Capability.REACHABILITY if bindings else Capability.ROUTING
