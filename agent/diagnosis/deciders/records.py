"""What is about to run out: lines for calls at once, and the time recordings are kept.

Calls still get through, and nothing is lost yet (docs/reference/domain.md §5).
"""

from typing import Final

from agent.checks.concurrency import load_of
from agent.checks.recordings import DELETION_NEAR, deletion_at
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.states import Capability, Cause
from agent.verdict import Verdict

POSSIBLE: Final = 0.6
SURE: Final = 0.9


def decide_capacity(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about calls at once: ``capacity_exceeded``, though none is turned away yet."""
    recent = diagnosis.snapshot.recent_calls.get(diagnosis.number)
    load = load_of(diagnosis.routing, recent, diagnosis.context.now)
    if load is None or not load.is_near:
        return None
    evidence = [
        diagnosis.fact("calls at once", f"{load.calls} of {load.limit}", Capability.CALLS),
        diagnosis.fact("concurrency_limit", load.limit, Capability.ROUTING),
    ]
    facts = {"limit": str(load.limit)}
    return diagnosis.conclude(Cause.CAPACITY_EXCEEDED, POSSIBLE, evidence, facts=facts)


def decide_recordings(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about recordings: ``recordings_expiring``, for the administrator."""
    number, routing = diagnosis.listed_number, diagnosis.routing
    at = None if number is None else deletion_at(number, routing)
    if routing is None or at is None or at > diagnosis.context.now + DELETION_NEAR:
        return None
    date = diagnosis.context.format_time(at)
    days = f"{routing.retention_days or 0:g}"
    evidence = [
        diagnosis.fact("recording deleted at", date, Capability.NUMBERS),
        diagnosis.fact("recordings kept for days", days, Capability.ROUTING),
    ]
    facts = {"date": date, "days": days}
    return diagnosis.conclude(Cause.RECORDINGS_EXPIRING, SURE, evidence, facts=facts)
