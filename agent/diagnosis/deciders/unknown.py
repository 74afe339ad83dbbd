"""Nothing conclusive: say what is not known, and whom to ask (domain.md §2, 11)."""

from agent.diagnosis.case import Case
from agent.diagnosis.deciders.bindings import phone_facts
from agent.diagnosis.deciders.blind import poll_facts
from agent.model import Verdict
from agent.states import Capability, Cause

UNSURE = 0.2


def decide(case: Case) -> Verdict:
    """``unknown``, with everything that was seen."""
    state = case.checked.number_state(case.number)
    seen = [case.fact("number_state", state, Capability.NUMBERS)] if state else []
    bound = case.checked.bindings(case.number)
    phones = [] if bound is None else phone_facts(case, bound)
    untold = case.polled(Capability.REACHABILITY) and bound is None
    missing = [case.fact("bindings", "not told", Capability.REACHABILITY)] if untold else []
    stale = poll_facts(case.snapshot, case.context)
    return case.conclude(Cause.UNKNOWN, UNSURE, [*seen, *phones, *missing, *stale])
