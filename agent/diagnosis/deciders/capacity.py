"""Are there more calls at once than lines to take them? (domain.md §2, 8)."""

from agent.diagnosis.case import Case
from agent.diagnosis.outcomes import Pattern, pattern, recent
from agent.model import Verdict
from agent.states import CallResult, Capability, Cause

ORDINARY = 0.005
"""The share of calls over the limit that is ordinary: hardly any."""
MOST = 0.5
SURE, LIKELY = 0.85, 0.7


def over_limit(case: Case) -> Pattern | None:
    """The calls that were turned away because too many were there already."""
    return pattern(recent(case), {CallResult.OVER_CONCURRENCY}, ORDINARY)


def decide(case: Case) -> Verdict | None:
    """``capacity_exceeded`` where calls are turned away over the limit."""
    found = over_limit(case)
    if found is None:
        return None
    routing = case.snapshot.routings.get(case.number)
    limit = routing.concurrency_limit if routing else None
    seen = [case.fact("calls over_concurrency", found, Capability.CALLS)]
    if limit is not None:
        seen.append(case.fact("concurrency_limit", limit, Capability.ROUTING))
    confidence = SURE if found.share >= MOST else LIKELY
    return case.conclude(
        Cause.CAPACITY_EXCEEDED, confidence, seen, since=found.since, facts={"limit": str(limit)}
    )
