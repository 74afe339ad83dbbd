"""Do the lists or the regions stop this caller, or nearly every caller? (domain.md §2, 5, 6)."""

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present
from agent.model import Verdict
from agent.states import Capability, Cause

CERTAIN, LIKELY = 0.9, 0.7
NARROW = 2
"""A white list of no more entries lets hardly anybody through (domain.md §4 L24)."""
OBSTACLES = frozenset(
    {
        Cause.LIST_BLOCKS_CALLER,
        Cause.WHITELIST_BLOCKS_CALLER,
        Cause.REGION_BLOCKS_CALLER,
        Cause.NO_BINDING,
    }
)


def decide(case: Case) -> Verdict | None:
    """The list or region that stops the caller asked about; a white list stops nearly all."""
    routing = present(case).routing
    if routing is None:
        return None
    path = present(case).leads(case)
    obstacle = path.obstacle
    if obstacle is None or obstacle not in OBSTACLES:
        return None
    nobody_asked = not case.caller and obstacle is Cause.WHITELIST_BLOCKS_CALLER
    if nobody_asked and (case.symptom or len(routing.whitelist) > NARROW):
        case.weigh(obstacle, [path.why], ["nobody in particular is asked about"])
        case.warn(obstacle.value, detail=path.why)
        return None
    case.note_age(Capability.ROUTING)
    confidence = (LIKELY if nobody_asked else CERTAIN) * case.trust(Capability.ROUTING)
    seen = [case.fact("route", path.why, Capability.ROUTING)]
    return case.conclude(obstacle, confidence, seen, facts={"detail": path.why})
