"""Do calls end in one way, call after call? (domain.md §2, canonical call results; 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.diagnosis.case import Case
from agent.diagnosis.outcomes import Pattern, pattern, recent
from agent.masking import mask_phone
from agent.model import CallOutcome, Verdict
from agent.states import BindingState, CallResult, Capability, Cause


@dataclass(frozen=True)
class End:
    """What a call result means when it has become usual."""

    cause: Cause
    ordinary: float
    """The share of calls that end so while all is well."""
    of_phone: bool = True
    """Whether it tells of the bound phone, not of the number."""


ENDS: Mapping[CallResult, End] = {
    CallResult.SUSPENDED: End(Cause.BINDING_ARREARS, 0.02),
    CallResult.BARRED: End(Cause.BINDING_BARRED, 0.02),
    CallResult.NONEXISTENT: End(Cause.BINDING_NONEXISTENT, 0.02),
    CallResult.OFF: End(Cause.BINDING_OFF, 0.05),
    CallResult.OUT_OF_AREA: End(Cause.BINDING_OUT_OF_AREA, 0.05),
    CallResult.FORWARDED: End(Cause.BINDING_FORWARDED, 0.05),
    CallResult.REJECTED: End(Cause.BINDING_REJECTED, 0.05),
    CallResult.NO_ANSWER: End(Cause.BINDING_NO_ANSWER, 0.1),
    CallResult.BUSY: End(Cause.BINDING_BUSY, 0.05),
    CallResult.CALLER_BLACKLISTED: End(Cause.LIST_BLOCKS_CALLER, 0.05, of_phone=False),
    CallResult.REGION_BLOCKED: End(Cause.REGION_BLOCKS_CALLER, 0.05, of_phone=False),
    CallResult.CLOSED_HOURS: End(Cause.SCHEDULE_CLOSED, 0.2, of_phone=False),
}
NEEDS_A_LEG = frozenset({CallResult.SUSPENDED, CallResult.BARRED, CallResult.NONEXISTENT})
"""Said of the 400 number as well as of a phone; only a record that names the phone tells."""
MOST = 0.5
LIKELY = 0.65


def decide(case: Case) -> Verdict | None:
    """The cause of the end that more than half of the newest calls have come to."""
    calls = recent(case)
    found = {result: _pattern(calls, result) for result in ENDS}
    usual = {it: seen for it, seen in found.items() if seen is not None and seen.share >= MOST}
    if not usual:
        return None
    worst = max(usual, key=lambda result: (usual[result].share, usual[result].count))
    return _conclude(case, worst, usual[worst], calls)


def _pattern(calls: Sequence[CallOutcome], result: CallResult) -> Pattern | None:
    if result in NEEDS_A_LEG:
        calls = [call for call in calls if call.binding or call.result is not result]
    return pattern(calls, {result}, ENDS[result].ordinary)


def _conclude(
    case: Case, result: CallResult, found: Pattern, calls: Sequence[CallOutcome]
) -> Verdict:
    cause = _cause(case, result)
    seen = [case.fact(f"calls {result.value}", found, Capability.CALLS)]
    legs = {call.binding for call in calls if call.result is result and call.binding}
    bound = case.checked.bindings(case.number) or {}
    phones = {label: phone for label, phone in bound.items() if phone.id in legs}
    told = [phone for phone in phones.values() if phone.state is BindingState.OK]
    if told and ENDS[result].of_phone:
        case.weigh(cause, [f"{result.value}: {found}"], ["the provider reports the phone as ok"])
    label = next(iter(phones), "-")
    words = {
        "binding": label,
        "phone": mask_phone(phones[label].phone) if label in phones else "-",
        "detail": f"{result.value}: {found}",
        "state": result.value,
    }
    return case.conclude(cause, LIKELY, seen, since=found.since, facts=words)


def _cause(case: Case, result: CallResult) -> Cause:
    routing = case.snapshot.routings.get(case.number)
    white = routing is not None and routing.whitelist_enabled
    if result is CallResult.CALLER_BLACKLISTED and white:
        return Cause.WHITELIST_BLOCKS_CALLER
    return ENDS[result].cause
