"""Verdicts on what no account is known to have."""

import msgspec

from agent.checks.result import CheckResult
from agent.diagnosis.contacts import Concern, contact_for
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.deciders.blind import first_capability, poll_facts
from agent.diagnosis.words import Words
from agent.model import Evidence, Verdict
from agent.states import PARTY_OF_CAUSE, Cause

UNSURE = 0.2
LOST = 0.7
LIKELY = 0.8


def unplaced(
    context: DiagnosisContext, number: str, provider: str = "", account: str = ""
) -> Verdict:
    """``number_reclaimed`` where an account had it once and lists it no more.

    Else ``monitoring_blind`` while an account that may have it is silent, else ``unknown``.
    """
    places = _places(context, provider, account)
    silent = [place for place in places if not _answers(context, place)]
    seen = [fact for place in silent for fact in poll_facts(place.snapshot, context)]
    listed = ", ".join(place.snapshot.key for place in places) or "no account"
    lost = [place for place in places if place not in silent and _had(context, place, number)]
    if lost:
        return _lost(context, number, lost[0])
    cause = Cause.MONITORING_BLIND if silent or not places else Cause.UNKNOWN
    verdict = _verdict(context, cause, number, listed, contact=(provider, account))
    if cause is Cause.MONITORING_BLIND:
        return msgspec.structs.replace(verdict, evidence=tuple(seen))
    return msgspec.structs.replace(
        verdict,
        evidence=(Evidence("listed", "no", listed),),
        findings=(Words(context.settings.locale).finding("not_listed", account=listed),),
    )


def agent_trouble(context: DiagnosisContext) -> Verdict:
    """For an alert about the agent itself: what it tells may be incomplete."""
    silent = [place for place in _places(context, "", "") if not _answers(context, place)]
    seen = [fact for place in silent for fact in poll_facts(place.snapshot, context)]
    verdict = _verdict(context, Cause.MONITORING_BLIND, "", "numwatch", contact=("", ""))
    return msgspec.structs.replace(verdict, evidence=tuple(seen))


def _had(context: DiagnosisContext, place: CheckResult, number: str) -> bool:
    """Whether the account had the number, and what it lists now is not suspiciously little."""
    if context.baselines is None or not place.listed:
        return False
    held = context.baselines.stored(place.snapshot.provider, place.snapshot.account, number)
    return held is not None


def _lost(context: DiagnosisContext, number: str, place: CheckResult) -> Verdict:
    where = place.snapshot.provider, place.snapshot.account
    verdict = _verdict(context, Cause.NUMBER_RECLAIMED, number, place.snapshot.key, contact=where)
    held = context.baselines.stored(*where, number) if context.baselines else None
    last = "" if held is None else f"; first seen {context.told(held.taken_at)}"
    listed = Evidence("listed", f"not any more{last}", f"{place.snapshot.key} numbers")
    return msgspec.structs.replace(verdict, confidence=LOST, evidence=(listed,))


def _verdict(
    context: DiagnosisContext, cause: Cause, number: str, account: str, *, contact: tuple[str, str]
) -> Verdict:
    words, party = Words(context.settings.locale), PARTY_OF_CAUSE[cause]
    whom = contact_for(context.settings, party, Concern(*contact, number))
    facts = {"number": number or "-", "account": account, "contact": whom or party.value}
    return Verdict(
        number=number,
        cause=cause.value,
        party=party.value,
        contact=whom,
        confidence=UNSURE if cause is Cause.UNKNOWN else LIKELY,
        since=None,
        next_steps=words.steps(cause, facts),
        questions=words.questions(cause, facts),
    )


def _places(context: DiagnosisContext, provider: str, account: str) -> list[CheckResult]:
    return [
        context.accounts[key]
        for key in sorted(context.accounts)
        if provider in ("", key[0]) and account in ("", key[1])
    ]


def _answers(context: DiagnosisContext, place: CheckResult) -> bool:
    capability = first_capability(place.snapshot)
    return capability is not None and place.snapshot.is_fresh(capability, context.now)
