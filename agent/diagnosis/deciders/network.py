"""Do the business side and the carrier's network agree? (domain.md §1, ledger; §2, 3)."""

from agent.diagnosis.case import Case
from agent.model import Verdict
from agent.states import IN_SERVICE_STATES, Capability, Cause

CERTAIN = 0.9


def decide(case: Case) -> Verdict | None:
    """``network_state_mismatch`` where the number is in service but the network says no."""
    state = case.checked.number_state(case.number)
    network = case.checked.network_state(case.number)
    if state is None or network is None or not case.checked.is_mismatch(case.number):
        return None
    if state not in IN_SERVICE_STATES:
        case.warn("network_still_active", state=state.value)
        return None
    seen = [
        case.fact("number_state", state.value, Capability.NUMBERS),
        case.fact("network_state", network.value, Capability.NUMBERS),
    ]
    words = {"state": state.value, "network": network.value}
    return case.conclude(Cause.NETWORK_STATE_MISMATCH, CERTAIN, seen, facts=words)
