"""Do people hang up as soon as they are through? (domain.md §2, 10)."""

from agent.diagnosis.case import Case
from agent.diagnosis.outcomes import recent, unusual
from agent.model import Verdict
from agent.states import CallResult, Capability, Cause

SHORT = 8.0
"""Seconds of talk in which two people hardly say more than that they hear nothing."""
ORDINARY = 0.15
"""The share of answered calls that is as short while all is well."""
POSSIBLE = 0.6


def decide(case: Case) -> Verdict | None:
    """``voice_quality`` where answered calls are broken off, call after call."""
    answered = [
        call
        for call in recent(case)
        if call.result is CallResult.ANSWERED and call.talk_seconds is not None
    ]
    found = unusual([(call.talk_seconds or 0.0) < SHORT for call in answered], answered, ORDINARY)
    if found is None:
        return None
    seen = [case.fact(f"talks under {SHORT:g} s", found, Capability.CALLS)]
    return case.conclude(Cause.VOICE_QUALITY, POSSIBLE, seen, since=found.since)
