"""Does a change of the configuration explain why calls fail now? (domain.md §2, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.checks.baselines import Baseline
from agent.checks.drift import Difference
from agent.checks.route import wait_is_short
from agent.diagnosis.case import Case
from agent.diagnosis.configuration import Configured, approved, present
from agent.model import Evidence, Verdict
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause, ConfigSection


@dataclass(frozen=True)
class Effect:
    """What a change does to calls."""

    cause: Cause
    detail: str
    confidence: float


BLOCKED, UNREACHABLE, HURRIED, ASKED = 0.9, 0.7, 0.6, 0.7


def decide(case: Case) -> Verdict | None:
    """``config_changed`` where calls fail that would have got through as approved."""
    baseline, found = approved(case), _fresh_differences(case)
    if baseline is None or not found:
        return None
    effect = _effect(case, baseline, found)
    if effect is None:
        for difference in found:
            case.warn("drift", difference=str(difference), baseline=_kind(baseline))
        return None
    case.weigh(effect.cause, [effect.detail], ["the approved configuration does not do this"])
    seen = [
        case.fact("effect", f"{effect.cause.value}: {effect.detail}", Capability.ROUTING),
        *_facts(case, baseline, found),
    ]
    return _conclude(case, seen, found, effect.confidence)


def decide_any(case: Case) -> Verdict | None:
    """For an alert about drift: the change, whether or not calls fail because of it."""
    baseline, found = approved(case), _fresh_differences(case)
    if baseline is None or not found:
        return None
    return _conclude(case, _facts(case, baseline, found), found, ASKED)


def _conclude(
    case: Case, seen: Sequence[Evidence], found: Sequence[Difference], confidence: float
) -> Verdict:
    since = case.checked.drift_since.get(case.number)
    words = {"changes": "; ".join(map(str, found))}
    return case.conclude(Cause.CONFIG_CHANGED, confidence, seen, since=since, facts=words)


def _fresh_differences(case: Case) -> tuple[Difference, ...]:
    routing, bound = case.fresh(Capability.ROUTING), case.fresh(Capability.REACHABILITY)
    return tuple(
        difference
        for difference in case.checked.differences(case.number)
        if (bound if difference.section is ConfigSection.BINDINGS else routing)
    )


def _effect(case: Case, baseline: Baseline, found: Sequence[Difference]) -> Effect | None:
    now, was = present(case), Configured(baseline.routing, baseline.bindings)
    path = now.leads(case)
    if path.obstacle is not None and was.leads(case).obstacle is None:
        return Effect(path.obstacle, path.detail, BLOCKED)
    return _exchanged_phone(now, was, found) or _shorter_wait(now, was)


def _exchanged_phone(
    now: Configured, was: Configured, found: Sequence[Difference]
) -> Effect | None:
    """A phone was put in place of another, it is bad, and no other phone can take calls."""
    if not any(difference.section is ConfigSection.BINDINGS for difference in found):
        return None
    usable = REACHABLE_STATES | {BindingState.UNKNOWN}
    phones = now.bound or ()
    before = {binding.phone for binding in was.bound or ()}
    new = [binding for binding in phones if binding.phone not in before]
    if not new or any(binding.state in usable for binding in phones):
        return None
    return Effect(Cause.CONFIG_CHANGED, f"the new phone is {new[0].state.value}", UNREACHABLE)


def _shorter_wait(now: Configured, was: Configured) -> Effect | None:
    if now.routing is None or was.routing is None:
        return None
    if not wait_is_short(now.routing, now.bound) or wait_is_short(was.routing, was.bound):
        return None
    return Effect(
        Cause.WAIT_TOO_SHORT, f"callers are given up after {now.routing.wait_seconds:g} s", HURRIED
    )


def _facts(case: Case, baseline: Baseline, found: Sequence[Difference]) -> list[Evidence]:
    changes = [
        case.fact(f"drift {difference.section.value}", str(difference), _capability(difference))
        for difference in found
    ]
    taken = f"{_kind(baseline)}, taken at {case.context.told(baseline.taken_at)}"
    return [*changes, case.fact("baseline", taken, Capability.ROUTING)]


def _capability(difference: Difference) -> Capability:
    bindings = difference.section is ConfigSection.BINDINGS
    return Capability.REACHABILITY if bindings else Capability.ROUTING


def _kind(baseline: Baseline) -> str:
    return "approved" if baseline.approved else "provisional"
