"""Verdicts for lack of facts: ``monitoring_blind`` and ``unknown`` (docs/reference/domain.md §2).

A poll that fails says nothing about the number itself, so it never means that a number is down.
"""

from typing import Final

from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.deciders.bound_phones import phone_facts
from agent.diagnosis.number_diagnosis import NumberDiagnosis, make_evidence
from agent.masking import mask_phone
from agent.model import Snapshot
from agent.states import Capability, Cause, PollFailure
from agent.verdict import Evidence, Verdict

LOCAL_FAILURES: Final = frozenset(
    {
        PollFailure.DNS,
        PollFailure.AUTH,
        PollFailure.EGRESS_DENIED,
        PollFailure.CANCELLED,
        PollFailure.RATE_LIMITED,
        PollFailure.SCHEMA,
        PollFailure.HTTP_4XX,
        PollFailure.REDIRECT,
        PollFailure.TOO_MANY,
    }
)
"""Poll failures with a cause on our side: names, credentials, permissions, provider profiles."""
SHOWN_NUMBERS: Final = 3
"""Unlisted numbers that a finding names."""
CERTAIN: Final = 0.9
UNSURE: Final = 0.2


def decide_blind(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``monitoring_blind`` if the account's facts are stale."""
    capability = primary_capability(diagnosis.snapshot)
    if capability is not None and diagnosis.is_fresh(capability):
        return None
    evidence = stale_poll_facts(diagnosis.context, diagnosis.snapshot)
    diagnosis.consider(
        Cause.PROVIDER_OUTAGE,
        [f"{fact.fact}: {fact.value}" for fact in evidence],
        ["a poll that fails says nothing of the number itself"],
    )
    since = last_success(diagnosis.snapshot)
    return diagnosis.conclude(Cause.MONITORING_BLIND, CERTAIN, evidence, since=since)


def decide_unknown(diagnosis: NumberDiagnosis) -> Verdict:
    """``unknown``, with all facts as evidence: the last decider, for nothing is conclusive."""
    state = diagnosis.result.number_state(diagnosis.number)
    evidence = [diagnosis.fact("number_state", state, Capability.NUMBERS)] if state else []
    phones = diagnosis.result.bindings(diagnosis.number)
    if phones is not None:
        evidence += phone_facts(diagnosis, phones)
    elif diagnosis.polls(Capability.REACHABILITY):
        evidence.append(diagnosis.fact("bindings", "not reported", Capability.REACHABILITY))
        _warn_of_unlisted_phones(diagnosis)
    evidence += stale_poll_facts(diagnosis.context, diagnosis.snapshot)
    return diagnosis.conclude(Cause.UNKNOWN, UNSURE, evidence)


def _warn_of_unlisted_phones(diagnosis: NumberDiagnosis) -> None:
    """Note the phones that may be the number's but are reported under numbers not listed."""
    unlisted = diagnosis.unlisted_phones
    if unlisted:
        names = ", ".join(map(mask_phone, list(unlisted)[:SHOWN_NUMBERS]))
        diagnosis.warn(
            "unlisted_phones",
            count=str(sum(unlisted.values())),
            account=diagnosis.snapshot.key,
            numbers=names if len(unlisted) <= SHOWN_NUMBERS else f"{names}, …",
        )


def primary_capability(snapshot: Snapshot) -> Capability | None:
    """The capability whose polls say if an account is observed: the listing, else the first."""
    if Capability.NUMBERS in snapshot.polls:
        return Capability.NUMBERS
    return next(iter(snapshot.polls), None)


def stale_poll_facts(context: DiagnosisContext, *snapshots: Snapshot) -> list[Evidence]:
    """The polls of the accounts that failed or are stale, as evidence."""
    return [
        make_evidence(
            snapshot, f"poll {capability.value}", status.failure or "stale", capability, context.now
        )
        for snapshot in snapshots
        for capability, status in snapshot.polls.items()
        if status.failure is not None or not snapshot.is_fresh(capability, context.now)
    ]


def last_success(snapshot: Snapshot) -> float | None:
    """Epoch seconds at which the account's facts were last confirmed; ``None`` if never."""
    capability = primary_capability(snapshot)
    return None if capability is None else snapshot.polls[capability].last_success
