"""Is any phone bound at all? (domain.md §2, 5; §4 L03)."""

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present
from agent.model import Verdict
from agent.states import BindingState, Capability, Cause

CERTAIN = 0.95


def decide(case: Case) -> Verdict | None:
    """``no_binding`` where no phone is bound, or every one was unbound."""
    bound = present(case).bound
    if bound is None or any(phone.state is not BindingState.UNBOUND for phone in bound):
        return None
    value = f"{len(bound)}, all unbound" if bound else "0"
    seen = [case.fact("bindings", value, Capability.REACHABILITY)]
    return case.conclude(Cause.NO_BINDING, CERTAIN, seen)
