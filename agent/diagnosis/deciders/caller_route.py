"""Does the configuration stop this call? (domain.md §2, 5 and 6)."""

from agent.checks.route import Route
from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present
from agent.model import Verdict
from agent.states import Capability, Cause

CERTAIN = 0.9


def decide(case: Case) -> Verdict | None:
    """The schedule, list or region that stops the caller asked about.

    When the question is about nobody in particular, a number closed for the night is well and
    a white list is only worth a warning.
    """
    configured = present(case)
    if configured.routing is None:
        return None
    path = configured.leads(case)
    if path.obstacle is None:
        return None
    if case.caller or path.obstacle is Cause.NO_BINDING:
        return _conclude(case, path.obstacle, path)
    case.weigh(path.obstacle, [path.detail], ["nobody in particular is asked about"])
    case.warn(path.obstacle.value, detail=path.detail)
    return None


def _conclude(case: Case, obstacle: Cause, path: Route) -> Verdict:
    seen = [case.fact("route", path.detail, Capability.ROUTING)]
    return case.conclude(obstacle, CERTAIN, seen, facts={"detail": path.detail})
