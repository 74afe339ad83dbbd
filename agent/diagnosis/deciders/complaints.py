"""What callers report, beside the interface's word (docs/reference/domain.md §2).

A caller whom a list, a region rule or the hours stop is told so by the configuration itself. What
others heard names a cause where no fact does, and is held against a cause that facts show.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from agent.diagnosis.call_statistics import answered_share, recent_calls
from agent.diagnosis.caller_reports import CALLERS, RECENT, CallerReport
from agent.diagnosis.configuration import current_configuration
from agent.diagnosis.deciders.bound_phones import phone_facts, ringing_phones
from agent.diagnosis.deciders.missing_data import primary_capability
from agent.diagnosis.number_diagnosis import MINUTE, NumberDiagnosis
from agent.diagnosis.prompt_causes import cause_of, is_contradicted
from agent.diagnosis.prompts import OTHER, OTHER_TEXT, PROMPTS_BY_NAME, Prompt, prompt_of
from agent.diagnosis.reason_words import reason_words
from agent.i18n import Joined, Text
from agent.masking import mask_phone
from agent.routing.outcome import Outcome
from agent.states import Capability, Cause
from agent.verdict import Evidence, Verdict

COMPLAINT: Final = "complaint"
"""The symptom of a ticket that complaints opened."""
STOPS_CALLERS: Final = frozenset(
    {
        Cause.LIST_BLOCKS_CALLER,
        Cause.WHITELIST_BLOCKS_CALLER,
        Cause.REGION_BLOCKS_CALLER,
        Cause.SCHEDULE_CLOSED,
    }
)
EVERY_CALLER_STOPPED: Final = 0.9
SOME_CALLERS_STOPPED: Final = 0.7
CONFIDENCES: Final = (0.4, 0.5, 0.65)
"""Confidence in what one, two, and more callers heard."""
CONTRADICTED: Final = 0.1
"""By how much less it is believed where the interface says otherwise."""
DOUBTED: Final = 0.8
"""Confidence at most in a cause that does not explain what callers hear."""
UNCLEAR: Final = 0.3
"""Confidence where callers complain and what they heard says nothing definite."""
MANY_CALLS: Final = 8
SERVED: Final = 0.7
"""With so many newer calls, of which this share is answered, a single complaint may be past."""
SHOWN_PHONES: Final = 3


def decide_unseen(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause that callers' reports speak for while the interface says nothing at all."""
    capability = primary_capability(diagnosis.snapshot)
    if capability is not None and diagnosis.is_fresh(capability):
        return None
    return _decide_by_prompt(diagnosis)


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The rule that stops the callers who complain, else the cause of what they heard."""
    return _decide_stopped(diagnosis) or _decide_by_prompt(diagnosis)


def with_reports(diagnosis: NumberDiagnosis, verdict: Verdict) -> Verdict:
    """``verdict`` with what callers heard as evidence, and less sure where that contradicts it."""
    reports = recent_reports(diagnosis)
    if not reports or any(fact.source == CALLERS for fact in verdict.evidence):
        return verdict
    evidence = (*verdict.evidence, *_evidence(reports))
    verdict = msgspec.structs.replace(verdict, evidence=evidence)
    prompt = _most_frequent(reports)
    if prompt is None or prompt.fits_with(Cause(verdict.cause)):
        return verdict
    _note(diagnosis, reports)
    diagnosis.warn("heard_otherwise")
    return msgspec.structs.replace(verdict, confidence=min(verdict.confidence, DOUBTED))


def recent_reports(diagnosis: NumberDiagnosis) -> list[CallerReport]:
    """The reports of the last two hours about the number; those of one caller if one is meant.

    A ticket that complaints opened is about all of them, however old.
    """
    oldest = -math.inf if diagnosis.symptom == COMPLAINT else diagnosis.context.now - RECENT
    reports = [it for it in diagnosis.context.reports(diagnosis.number) if it.at >= oldest]
    if not diagnosis.caller:
        return reports
    return [it for it in reports if diagnosis.caller in it.callers]


def _decide_stopped(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The list, region rule or hours that stop at least half of the callers who complain."""
    reports = recent_reports(diagnosis)
    stopped = [outcome for it in reports for outcome in [_stop(diagnosis, it)] if outcome]
    if not stopped or 2 * len(stopped) < len(reports):
        return None
    (obstacle, why), _ = Counter((it.obstacle, it.why) for it in stopped).most_common(1)[0]
    if obstacle is None:
        return None
    every = len(stopped) == len(reports)
    confidence = EVERY_CALLER_STOPPED if every else SOME_CALLERS_STOPPED
    evidence = [*_evidence(reports), diagnosis.fact("route", why, Capability.ROUTING)]
    _note(diagnosis, reports)
    diagnosis.warn_if_stale(Capability.ROUTING)
    return diagnosis.conclude(
        obstacle,
        confidence * diagnosis.freshness_factor(Capability.ROUTING),
        evidence,
        since=reports[0].at,
        facts={"detail": reason_words(why)},
    )


def _stop(diagnosis: NumberDiagnosis, report: CallerReport) -> Outcome | None:
    """How the configuration stops one of the report's callers at the time of the trouble."""
    configuration = current_configuration(diagnosis)
    if configuration.routing is None:
        return None
    context = replace(diagnosis.context, now=report.at)
    for caller in report.callers:
        outcome = configuration.route(replace(diagnosis, context=context, caller=caller))
        if outcome.obstacle in STOPS_CALLERS:
            return outcome
    return None


def _decide_by_prompt(diagnosis: NumberDiagnosis) -> Verdict | None:
    reports = recent_reports(diagnosis)
    if not reports or _is_past(diagnosis, reports):
        return None
    _note(diagnosis, reports)
    prompt = _most_frequent(reports)
    if prompt is None:
        return diagnosis.conclude(Cause.UNKNOWN, UNCLEAR, _evidence(reports), since=reports[0].at)
    callers = len({it.who for it in reports if prompt_of(it) is prompt})
    confidence = CONFIDENCES[min(callers, len(CONFIDENCES)) - 1]
    cause = cause_of(diagnosis, prompt)
    if is_contradicted(diagnosis, cause):
        diagnosis.warn("heard_otherwise")
        confidence -= CONTRADICTED
    phones = ringing_phones(diagnosis)
    shown = list(phones.items())[:SHOWN_PHONES]
    return diagnosis.conclude(
        cause,
        confidence,
        [*_evidence(reports), *phone_facts(diagnosis, dict(shown))],
        since=reports[0].at,
        facts={
            "binding": ", ".join(label for label, _ in shown) or "-",
            "phone": ", ".join(mask_phone(phone.phone) for _, phone in shown) or "-",
            "detail": prompt.text,
        },
    )


def _is_past(diagnosis: NumberDiagnosis, reports: Sequence[CallerReport]) -> bool:
    """Whether one caller complained, and many calls since then were answered."""
    if diagnosis.symptom == COMPLAINT or diagnosis.caller or len({it.who for it in reports}) > 1:
        return False
    newer = [it for it in recent_calls(diagnosis) if it.started_at > reports[-1].at]
    share = answered_share(newer)
    is_past = len(newer) >= MANY_CALLS and share is not None and share >= SERVED
    if is_past:
        _note(diagnosis, reports)
    return is_past


def _most_frequent(reports: Sequence[CallerReport]) -> Prompt | None:
    """What the most callers heard, of which the newest report counts first."""
    callers = {(prompt.name, it.who) for it in reversed(reports) if (prompt := prompt_of(it))}
    if not callers:
        return None
    counted = Counter(name for name, _ in callers)
    newest = [prompt.name for it in reversed(reports) if (prompt := prompt_of(it))]
    return PROMPTS_BY_NAME[max(counted, key=lambda name: (counted[name], -newest.index(name)))]


def _evidence(reports: Sequence[CallerReport]) -> list[Evidence]:
    """How many callers heard what."""
    by_name: dict[str, set[str]] = {}
    for report in reports:
        prompt = prompt_of(report)
        by_name.setdefault(OTHER if prompt is None else prompt.name, set()).add(report.who)
    return [
        Evidence(f"heard {name}", f"{len(callers)} callers", CALLERS)
        for name, callers in sorted(by_name.items(), key=lambda item: -len(item[1]))
    ]


def _note(diagnosis: NumberDiagnosis, reports: Sequence[CallerReport]) -> None:
    """Note how many callers complained, since when, and what they heard."""
    names = dict.fromkeys(
        prompt.text if (prompt := prompt_of(it)) else OTHER_TEXT for it in reports
    )
    texts: tuple[Text, ...] = tuple(names)
    minutes = max(0.0, diagnosis.context.now - reports[0].at) / MINUTE
    diagnosis.warn(
        "callers_complain",
        count=len({it.who for it in reports}),
        minutes=f"{minutes:.0f}",
        prompts=Joined(texts, ", "),
    )
