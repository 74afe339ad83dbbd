"""Is the number closed now? (domain.md §2, 5)."""

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present
from agent.diagnosis.deciders.bindings import none_ever
from agent.model import Verdict
from agent.states import Capability, Cause

ASKED, CLOSED = 0.9, 0.75
"""Confidence where a caller tried to get through, and where nobody in particular did."""


def decide(case: Case) -> Verdict | None:
    """``schedule_closed`` where no window is open now.

    An alert does not ask why nobody is put through at night: there it is only worth a warning.
    So it is where phones are broken for good, which the morning will not mend.
    """
    routing = present(case).routing
    if routing is None:
        return None
    path = present(case).leads(case)
    if path.obstacle is not Cause.SCHEDULE_CLOSED:
        return None
    if not case.caller and (case.symptom or none_ever(case)):
        case.weigh(path.obstacle, [path.why], ["calls will fail when it is open too"])
        case.warn(path.obstacle.value, detail=path.why)
        return None
    case.note_age(Capability.ROUTING)
    confidence = (ASKED if case.caller else CLOSED) * case.trust(Capability.ROUTING)
    seen = [
        case.fact("route", path.why, Capability.ROUTING),
        case.fact("voicemail", _yes(routing.voicemail), Capability.ROUTING),
    ]
    return case.conclude(path.obstacle, confidence, seen, facts={"detail": path.why})


def _yes(flag: bool | None) -> str:  # noqa: FBT001 - a fact to be told
    return "not told" if flag is None else "yes" if flag else "no"
