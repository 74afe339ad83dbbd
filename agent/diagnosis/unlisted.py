"""Verdicts without an account: on numbers that no account lists, and on the agent itself."""

from typing import Final

import msgspec

from agent.checks.result import CheckResult
from agent.diagnosis.contacts import ContactSubject, contact_for
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.deciders.missing_data import primary_capability, stale_poll_facts
from agent.diagnosis.texts import with_texts
from agent.diagnosis.words import finding, party_word, questions, steps
from agent.states import PARTY_OF_CAUSE, Cause
from agent.verdict import Evidence, Verdict

UNSURE: Final = 0.2
RECLAIMED: Final = 0.7
LIKELY: Final = 0.8


def diagnose_unlisted(
    context: DiagnosisContext, number: str, provider: str = "", account: str = ""
) -> Verdict:
    """Returns ``number_reclaimed`` if an account that has a baseline of the number lists others.

    Otherwise ``monitoring_blind`` while an account that may have the number has no fresh
    listing, and ``unknown`` if all listings are fresh.
    """
    results = list(context.select(provider, account))
    stale = [result for result in results if not _has_fresh_listing(context, result)]
    for result in results:
        if result not in stale and _had_number(context, result, number):
            return _reclaimed(context, number, result)
    evidence = tuple(stale_poll_facts(context, *(result.snapshot for result in stale)))
    keys = ", ".join(result.snapshot.key for result in results) or "no account"
    cause = Cause.MONITORING_BLIND if stale or not results else Cause.UNKNOWN
    verdict = _verdict(context, cause, keys, ContactSubject(provider, account, number))
    if cause is Cause.MONITORING_BLIND:
        return msgspec.structs.replace(verdict, evidence=evidence)
    verdict = msgspec.structs.replace(verdict, evidence=(Evidence("listed", "no", keys),))
    return with_texts(
        verdict, context.settings.locale, findings=[finding("not_listed", account=keys)]
    )


def diagnose_agent(context: DiagnosisContext) -> Verdict:
    """The verdict on an alert about the agent itself: its data may be incomplete."""
    stale = [result for result in context.select() if not _has_fresh_listing(context, result)]
    evidence = tuple(stale_poll_facts(context, *(result.snapshot for result in stale)))
    verdict = _verdict(context, Cause.MONITORING_BLIND, "numwatch", ContactSubject())
    return msgspec.structs.replace(verdict, evidence=evidence)


def _had_number(context: DiagnosisContext, result: CheckResult, number: str) -> bool:
    """Whether the account had the number; not if its listing is empty, which is implausible."""
    if context.baselines is None or not result.listed:
        return False
    snapshot = result.snapshot
    return context.baselines.stored(snapshot.provider, snapshot.account, number) is not None


def _reclaimed(context: DiagnosisContext, number: str, result: CheckResult) -> Verdict:
    provider, account = result.snapshot.provider, result.snapshot.account
    subject = ContactSubject(provider, account, number)
    verdict = _verdict(context, Cause.NUMBER_RECLAIMED, result.snapshot.key, subject)
    baselines = context.baselines
    baseline = None if baselines is None else baselines.stored(provider, account, number)
    first = "" if baseline is None else f"; first seen {context.format_time(baseline.taken_at)}"
    listed = Evidence("listed", f"no longer{first}", f"{result.snapshot.key} numbers")
    return msgspec.structs.replace(verdict, confidence=RECLAIMED, evidence=(listed,))


def _verdict(
    context: DiagnosisContext, cause: Cause, account: str, subject: ContactSubject
) -> Verdict:
    """The verdict for ``cause``; ``account`` is how the texts name the account."""
    party = PARTY_OF_CAUSE[cause]
    contact = contact_for(context.settings, party, subject)
    number = subject.number
    facts = {"number": number or "-", "account": account, "contact": contact or party_word(party)}
    verdict = Verdict(
        number=number,
        cause=cause.value,
        party=party.value,
        contact=contact,
        confidence=UNSURE if cause is Cause.UNKNOWN else LIKELY,
        since=None,
    )
    return with_texts(
        verdict,
        context.settings.locale,
        next_steps=steps(cause, facts),
        questions=questions(cause, facts),
    )


def _has_fresh_listing(context: DiagnosisContext, result: CheckResult) -> bool:
    capability = primary_capability(result.snapshot)
    return capability is not None and result.is_fresh(capability, context.now)
