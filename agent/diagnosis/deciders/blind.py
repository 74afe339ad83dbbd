"""Is anything known at all? A poll that failed says nothing of the number (domain.md §2, 1)."""

from agent.diagnosis.case import Case, evidence
from agent.diagnosis.context import DiagnosisContext
from agent.model import Evidence, Snapshot, Verdict
from agent.states import Capability, Cause, PollFailure

OURS = frozenset(
    {
        PollFailure.DNS,
        PollFailure.AUTH,
        PollFailure.EGRESS_DENIED,
        PollFailure.CANCELLED,
        PollFailure.RATE_LIMITED,
        PollFailure.SCHEMA,
        PollFailure.HTTP_4XX,
        PollFailure.REDIRECT,
    }
)
"""Failures that have their cause on our side: names, credentials, permissions, descriptions."""

CERTAIN = 0.9


def first_capability(snapshot: Snapshot) -> Capability | None:
    """The capability an account is judged by: its listing, else whatever comes first."""
    if Capability.NUMBERS in snapshot.polls:
        return Capability.NUMBERS
    return next(iter(snapshot.polls), None)


def decide(case: Case) -> Verdict | None:
    """``monitoring_blind`` where the account's facts are too old to say anything."""
    capability = first_capability(case.snapshot)
    if capability is not None and case.fresh(capability):
        return None
    seen = poll_facts(case.snapshot, case.context)
    case.weigh(
        Cause.PROVIDER_OUTAGE,
        [f"{fact.fact}: {fact.value}" for fact in seen],
        ["a poll that fails says nothing of the number itself"],
    )
    since = last_success(case.snapshot)
    return case.conclude(Cause.MONITORING_BLIND, CERTAIN, seen, since=since)


def poll_facts(snapshot: Snapshot, context: DiagnosisContext) -> list[Evidence]:
    """How the polls stand that fail or have grown old."""
    now = context.now
    return [
        evidence(snapshot, f"poll {capability.value}", status.failure or "stale", capability, now)
        for capability, status in snapshot.polls.items()
        if status.failure is not None or not snapshot.is_fresh(capability, now)
    ]


def last_success(snapshot: Snapshot) -> float | None:
    """When the account's facts were last confirmed."""
    capability = first_capability(snapshot)
    return None if capability is None else snapshot.polls[capability].last_success
