"""Is everything that can be seen well?."""

from agent.diagnosis.case import Case
from agent.diagnosis.deciders.bindings import phone_facts
from agent.model import Evidence, Verdict
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, Capability, Cause

SEEN = 0.95
LISTED_ONLY = 0.6
"""Confidence where the provider tells no bound phones: nobody has looked behind the number."""


def decide(case: Case) -> Verdict | None:
    """``healthy`` where the number is in service and a phone behind it can be reached.

    What is polled but not known is not well: it is unknown.
    """
    if not case.checked.is_up(case.number):
        return None
    if case.checked.number_state(case.number) not in IN_SERVICE_STATES:
        return None
    if not case.polled(Capability.REACHABILITY):
        return case.conclude(Cause.HEALTHY, LISTED_ONLY, _facts(case))
    bound = case.checked.bindings(case.number) or {}
    reachable = {label: it for label, it in bound.items() if it.state in REACHABLE_STATES}
    if not case.fresh(Capability.REACHABILITY) or not reachable:
        return None
    return case.conclude(Cause.HEALTHY, SEEN, [*_facts(case), *phone_facts(case, bound)])


def _facts(case: Case) -> list[Evidence]:
    states = (
        ("number_state", case.checked.number_state(case.number)),
        ("network_state", case.checked.network_state(case.number)),
    )
    return [case.fact(name, state, Capability.NUMBERS) for name, state in states if state]
