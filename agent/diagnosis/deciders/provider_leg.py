"""Do calls come to grief between the caller and a phone that is well? (domain.md §2, 7)."""

from agent.diagnosis.case import Case
from agent.diagnosis.common import LEG_ORDINARY, LEG_RESULTS
from agent.diagnosis.deciders.bindings import phone_facts
from agent.diagnosis.outcomes import pattern, recent
from agent.model import Verdict
from agent.states import REACHABLE_STATES, Capability, Cause

SURE, LIKELY = 0.8, 0.6
"""Confidence where the bound phones are known to be well, and where nobody knows."""


def decide(case: Case) -> Verdict | None:
    """``provider_leg`` where the network ends the calls though the bound phones are fine."""
    found = pattern(recent(case), LEG_RESULTS, LEG_ORDINARY)
    if found is None:
        return None
    bound = case.checked.bindings(case.number) or {}
    fresh = case.fresh(Capability.REACHABILITY)
    fine = bool(bound) and all(phone.state in REACHABLE_STATES for phone in bound.values())
    seen = [case.fact("calls network", found, Capability.CALLS), *phone_facts(case, bound)]
    confidence = SURE if fine and fresh else LIKELY
    return case.conclude(Cause.PROVIDER_LEG, confidence, seen, since=found.since)
