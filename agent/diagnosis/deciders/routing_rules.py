"""The configuration now: bound phones, lists, regions, schedule, wait.

Source: docs/reference/domain.md §2. A rule that blocks callers is a finding, not the cause, if it
does so on purpose: no alert is about a number that is closed at night.
"""

from typing import Final

from agent.diagnosis.call_statistics import answered_share, find_pattern, recent_calls
from agent.diagnosis.configuration import current_configuration, is_wait_short
from agent.diagnosis.deciders.bound_phones import is_permanently_unreachable
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.reason_words import reason_words
from agent.routing.outcome import Outcome
from agent.states import BindingState, CallResult, Capability, Cause
from agent.verdict import Verdict

NOTHING_BOUND: Final = 0.95
CALLER_BLOCKED: Final = 0.9
WHITELIST_BLOCKS: Final = 0.7
CALLER_CLOSED: Final = 0.9
"""Confidence that the schedule is the cause if one caller's failed call is diagnosed."""
CLOSED: Final = 0.75
"""Confidence that the schedule is the cause if the diagnosis is about any caller."""
SHORT_WHITELIST: Final = 2
"""A white list with no more entries admits hardly anyone (docs/reference/domain.md §4, L24)."""
CALLER_OBSTACLES: Final = frozenset(
    {
        Cause.LIST_BLOCKS_CALLER,
        Cause.WHITELIST_BLOCKS_CALLER,
        Cause.REGION_BLOCKS_CALLER,
        Cause.NO_BINDING,
    }
)
UNANSWERED: Final = frozenset({CallResult.NO_ANSWER, CallResult.ABANDONED})
UNANSWERED_ORDINARY: Final = 0.12
"""The ordinary rate of calls that nobody answers in time."""
UNANSWERED_SIGNIFICANCE: Final = 1e-3
"""The wait is known to be short, so less proof is needed than for other patterns."""
HOPELESS_WAIT: Final = 10.0
"""Seconds: call setup takes 3 to 5 s, then it rings once or twice (docs/reference/domain.md §1)."""
ANSWERED: Final = 0.5
WAIT_PROVEN: Final = 0.8
WAIT_LIKELY: Final = 0.6


def decide_no_binding(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``no_binding`` if no phone is bound, or every phone was unbound."""
    bound = current_configuration(diagnosis).bound
    if bound is None or any(phone.state is not BindingState.UNBOUND for phone in bound):
        return None
    value = f"{len(bound)}, all unbound" if bound else "0"
    evidence = [diagnosis.fact("bindings", value, Capability.REACHABILITY)]
    return diagnosis.conclude(Cause.NO_BINDING, NOTHING_BOUND, evidence)


def decide_lists(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The list or region rule that blocks the caller, or a white list that blocks nearly all."""
    configuration = current_configuration(diagnosis)
    if configuration.routing is None:
        return None
    outcome = configuration.route(diagnosis)
    if outcome.obstacle not in CALLER_OBSTACLES:
        return None
    any_caller = not diagnosis.caller and outcome.obstacle is Cause.WHITELIST_BLOCKS_CALLER
    is_intended = len(configuration.routing.whitelist) > SHORT_WHITELIST
    if any_caller and (diagnosis.symptom or is_intended):
        _dismiss(diagnosis, outcome, "the diagnosis is not about one caller")
        return None
    return _conclude(diagnosis, outcome, WHITELIST_BLOCKS if any_caller else CALLER_BLOCKED)


def decide_schedule(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``schedule_closed`` if the schedule admits no call now.

    Only a finding if an alert is diagnosed, because closing hours raise no alert, or if every
    phone is permanently unreachable, because then calls will fail in opening hours too.
    """
    configuration = current_configuration(diagnosis)
    routing = configuration.routing
    if routing is None:
        return None
    outcome = configuration.route(diagnosis)
    if outcome.obstacle is not Cause.SCHEDULE_CLOSED:
        return None
    if not diagnosis.caller and (diagnosis.symptom or is_permanently_unreachable(diagnosis)):
        _dismiss(diagnosis, outcome, "calls will fail when it is open too")
        return None
    confidence = CALLER_CLOSED if diagnosis.caller else CLOSED
    voicemail = "not reported" if routing.voicemail is None else _yes_no(routing.voicemail)
    return _conclude(diagnosis, outcome, confidence, voicemail=voicemail)


def decide_wait(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``wait_too_short`` if the wait is below the lint's minimum and calls go unanswered.

    Source: docs/reference/domain.md §4, L05 and L06.
    """
    configuration = current_configuration(diagnosis)
    routing = configuration.routing
    if routing is None or not is_wait_short(routing, configuration.bound):
        return None
    calls = recent_calls(diagnosis)
    wait = diagnosis.fact("wait_seconds", f"{routing.wait_seconds:g}", Capability.ROUTING)
    facts = {"wait": wait.value}
    pattern = find_pattern(calls, UNANSWERED, UNANSWERED_ORDINARY, UNANSWERED_SIGNIFICANCE)
    if pattern is not None:
        evidence = [wait, diagnosis.fact("calls unanswered", pattern, Capability.CALLS)]
        return diagnosis.conclude(
            Cause.WAIT_TOO_SHORT, WAIT_PROVEN, evidence, since=pattern.since, facts=facts
        )
    share = answered_share(calls)
    is_hopeless = routing.wait_seconds is not None and routing.wait_seconds < HOPELESS_WAIT
    if is_hopeless and (share is None or share < ANSWERED):
        return diagnosis.conclude(Cause.WAIT_TOO_SHORT, WAIT_LIKELY, [wait], facts=facts)
    contra = ["calls are answered in that time"]
    diagnosis.consider(Cause.WAIT_TOO_SHORT, [f"{wait.value} s"], contra)
    diagnosis.warn("wait_short", **facts)
    return None


def _dismiss(diagnosis: NumberDiagnosis, outcome: Outcome, contra: str) -> None:
    """Note the obstacle as a finding, and as a cause that was considered."""
    if outcome.obstacle is not None:
        diagnosis.consider(outcome.obstacle, [outcome.why], [contra])
        diagnosis.warn(outcome.obstacle.value, detail=reason_words(outcome.why))


def _conclude(
    diagnosis: NumberDiagnosis, outcome: Outcome, confidence: float, **more: str
) -> Verdict | None:
    if outcome.obstacle is None:
        return None
    diagnosis.warn_if_stale(Capability.ROUTING)
    evidence = [
        diagnosis.fact(name, value, Capability.ROUTING)
        for name, value in {"route": outcome.why, **more}.items()
    ]
    factor = diagnosis.freshness_factor(Capability.ROUTING)
    facts = {"detail": reason_words(outcome.why)}
    return diagnosis.conclude(outcome.obstacle, confidence * factor, evidence, facts=facts)


def _yes_no(flag: bool) -> str:  # noqa: FBT001 - formats a flag
    return "yes" if flag else "no"
