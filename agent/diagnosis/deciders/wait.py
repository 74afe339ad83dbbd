"""Are callers given up before anyone can well answer? (domain.md §2, 9; §4 L05, L06)."""

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present, wait_is_short
from agent.diagnosis.outcomes import answered_share, pattern, recent
from agent.model import Verdict
from agent.states import CallResult, Capability, Cause

UNANSWERED = frozenset({CallResult.NO_ANSWER, CallResult.ABANDONED})
ORDINARY = 0.12
"""The share of calls nobody answers in time that is ordinary."""
CHANCE = 1e-3
"""The wait is known to be short already, so less proof is needed than elsewhere."""
HOPELESS = 10.0
"""Seconds in which a call is hardly set up (3 to 5 s) and rings once or twice (domain.md §1)."""
ANSWERED = 0.5
SURE, LIKELY = 0.8, 0.6


def decide(case: Case) -> Verdict | None:
    """``wait_too_short`` where the wait is under what the lints allow and calls go unanswered."""
    configured = present(case)
    routing = configured.routing
    if routing is None or not wait_is_short(routing, configured.bound):
        return None
    calls = recent(case)
    found = pattern(calls, UNANSWERED, ORDINARY, CHANCE)
    wait = case.fact("wait_seconds", f"{routing.wait_seconds:g}", Capability.ROUTING)
    words = {"wait": f"{routing.wait_seconds:g}"}
    if found is not None:
        seen = [wait, case.fact("calls unanswered", found, Capability.CALLS)]
        return case.conclude(Cause.WAIT_TOO_SHORT, SURE, seen, since=found.since, facts=words)
    share = answered_share(calls)
    hopeless = routing.wait_seconds is not None and routing.wait_seconds < HOPELESS
    if hopeless and (share is None or share < ANSWERED):
        return case.conclude(Cause.WAIT_TOO_SHORT, LIKELY, [wait], facts=words)
    case.weigh(Cause.WAIT_TOO_SHORT, [f"{wait.value} s"], ["calls are answered in that time"])
    case.warn("wait_short", **words)
    return None
