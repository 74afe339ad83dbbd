"""Is everything that can be seen well?"""

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import caller_area
from agent.diagnosis.deciders.bindings import phone_facts
from agent.diagnosis.outcomes import answered_share, recent
from agent.model import Binding, Evidence, Verdict
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingKind,
    BindingState,
    Capability,
    Cause,
)

SEEN = 0.95
ANSWERED = 0.85
"""Confidence where nobody tells of the phones, but calls are answered."""
LISTED_ONLY = 0.6
"""Confidence where the provider tells no bound phones: nobody has looked behind the number."""
DOUBTED = 0.7
"""Confidence where all looks well but most of the few calls there were came to nothing."""
FEW = 4
WELL = 0.7
MOST = 0.5


def decide(case: Case) -> Verdict | None:
    """``healthy`` where the number is in service and a phone behind it can be reached.

    What is polled but not known is not well: it is unknown. A provider that has no word for the
    state of any phone tells nothing to be missed; then the calls speak, or the listing alone.
    """
    in_service = case.checked.number_state(case.number) in IN_SERVICE_STATES
    if not case.checked.is_up(case.number) or not in_service:
        return None
    confidence = _confidence(case)
    if confidence is None:
        return None
    if _is_area_open(case):
        case.warn("caller_area")
        confidence = min(confidence, LISTED_ONLY)
    answered = answered_share(recent(case))
    calls = [] if answered is None else [_calls(case, answered)]
    phones = phone_facts(case, case.checked.bindings(case.number) or {})
    return case.conclude(Cause.HEALTHY, confidence, [*_facts(case), *phones, *calls])


def _confidence(case: Case) -> float | None:
    if not case.polled(Capability.REACHABILITY):
        return LISTED_ONLY
    if not case.fresh(Capability.REACHABILITY):
        return None
    phones = (case.checked.bindings(case.number) or {}).values()
    if any(phone.state in REACHABLE_STATES for phone in phones):
        return DOUBTED if _is_doubtful(case) else SEEN
    if not phones or any(phone.state is not BindingState.UNKNOWN for phone in phones):
        return None
    if (answered_share(recent(case)) or 0.0) >= MOST:
        return ANSWERED
    return LISTED_ONLY if all(map(_is_mute, phones)) else None


def _is_area_open(case: Case) -> bool:
    """Whether a region rule may stop the caller, whose area nobody knows."""
    routing = case.snapshot.routings.get(case.number)
    ruled = routing is not None and bool(routing.region_allow or routing.region_deny)
    return bool(case.caller) and ruled and not caller_area(case)


def _is_doubtful(case: Case) -> bool:
    """Whether too few calls are answered, for reasons that chance or time may explain."""
    calls = recent(case)
    share = answered_share(calls)
    return share is not None and len(calls) >= FEW and share < WELL


def _is_mute(phone: Binding) -> bool:
    """Whether it is a machine of whose state the provider has no word."""
    return phone.kind in (BindingKind.TRUNK, BindingKind.PBX) and not phone.native_status


def _calls(case: Case, answered: float) -> Evidence:
    return case.fact("calls answered", f"{answered:.0%}", Capability.CALLS)


def _facts(case: Case) -> list[Evidence]:
    states = (
        ("number_state", case.checked.number_state(case.number)),
        ("network_state", case.checked.network_state(case.number)),
    )
    return [case.fact(name, state, Capability.NUMBERS) for name, state in states if state]
