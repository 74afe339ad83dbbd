"""Causes shown by recent call records: a bad result that became usual, overload, bad voice.

Source: docs/reference/domain.md §2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.diagnosis.call_statistics import (
    LEG_ORDINARY,
    LEG_RESULTS,
    OVER_LIMIT_ORDINARY,
    ResultPattern,
    find_bad_stretch,
    find_pattern,
    over_limit,
    recent_calls,
)
from agent.diagnosis.deciders.bound_phones import phone_facts
from agent.diagnosis.line_limits import busy_at_limit
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.reason_words import reason_words
from agent.i18n.words import CALL_RESULTS, word
from agent.masking import mask_phone
from agent.model import CallOutcome
from agent.states import REACHABLE_STATES, BindingState, CallResult, Capability, Cause
from agent.verdict import Verdict


@dataclass(frozen=True)
class ResultMeaning:
    """The cause that a call result implies if it has become usual."""

    cause: Cause
    ordinary: float
    """The share of calls with this result while there is no fault."""
    of_phone: bool = True
    """Whether the result is about the bound phone, not about the number."""


RESULT_MEANINGS: Final[Mapping[CallResult, ResultMeaning]] = {
    CallResult.SUSPENDED: ResultMeaning(Cause.BINDING_ARREARS, 0.02),
    CallResult.BARRED: ResultMeaning(Cause.BINDING_BARRED, 0.02),
    CallResult.NONEXISTENT: ResultMeaning(Cause.BINDING_NONEXISTENT, 0.02),
    CallResult.OFF: ResultMeaning(Cause.BINDING_OFF, 0.05),
    CallResult.OUT_OF_AREA: ResultMeaning(Cause.BINDING_OUT_OF_AREA, 0.05),
    CallResult.FORWARDED: ResultMeaning(Cause.BINDING_FORWARDED, 0.05),
    CallResult.REJECTED: ResultMeaning(Cause.BINDING_REJECTED, 0.05),
    CallResult.NO_ANSWER: ResultMeaning(Cause.BINDING_NO_ANSWER, 0.1),
    CallResult.BUSY: ResultMeaning(Cause.BINDING_BUSY, 0.05),
    CallResult.CALLER_BLACKLISTED: ResultMeaning(Cause.LIST_BLOCKS_CALLER, 0.05, of_phone=False),
    CallResult.REGION_BLOCKED: ResultMeaning(Cause.REGION_BLOCKS_CALLER, 0.05, of_phone=False),
    CallResult.CLOSED_HOURS: ResultMeaning(Cause.SCHEDULE_CLOSED, 0.2, of_phone=False),
}
NUMBER_OR_PHONE_RESULTS: Final = frozenset(
    {CallResult.SUSPENDED, CallResult.BARRED, CallResult.NONEXISTENT}
)
"""Results of the 400 number as well as of a phone: only records that name the phone count."""
USUAL_SHARE: Final = 0.5
"""The share of calls from which a bad result is the usual one."""
RESULT_USUAL: Final = 0.65
RESULT_PARTIAL: Final = 0.55
"""Confidence in the cause of a bad result that a significant part of the calls has."""
DOUBTFUL_SIGNIFICANCE: Final = 1e-3
"""The significance from which health is not near-certain, though no cause is concluded."""
OVERLOADED: Final = 0.85
SOMETIMES_OVERLOADED: Final = 0.7
PHONES_FINE: Final = 0.8
"""Confidence in a fault of the provider's leg if the bound phones are known to be reachable."""
PHONES_UNKNOWN: Final = 0.6
"""The same if the state of the bound phones is unknown."""
BROKEN_OFF: Final = 0.6
SHORT_TALK: Final = 8.0
"""Seconds of talk in which two people say little more than that they hear nothing."""
SHORT_TALK_ORDINARY: Final = 0.15
"""The share of answered calls that is as short while there is no fault."""


def decide_capacity(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``capacity_exceeded`` if calls are rejected over a limit, or are busy where it is reached."""
    pattern, result = over_limit(diagnosis), CallResult.OVER_CONCURRENCY
    limit = diagnosis.routing.concurrency_limit if diagnosis.routing else None
    if pattern is None:
        busy = busy_at_limit(diagnosis)
        if busy is None:
            return None
        (pattern, limit), result = busy, CallResult.BUSY
    evidence = [diagnosis.fact(f"calls {result.value}", pattern, Capability.CALLS)]
    if limit is not None:
        evidence.append(diagnosis.fact("concurrency_limit", limit, Capability.ROUTING))
    return diagnosis.conclude(
        Cause.CAPACITY_EXCEEDED,
        OVERLOADED if pattern.share >= USUAL_SHARE else SOMETIMES_OVERLOADED,
        evidence,
        since=pattern.since,
        facts={"limit": str(limit)},
    )


def decide_usual_result(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of the bad result that at least half of the newest calls have."""
    calls = recent_calls(diagnosis)
    patterns = {call_result: _pattern(calls, call_result) for call_result in RESULT_MEANINGS}
    usual = {
        call_result: pattern
        for call_result, pattern in patterns.items()
        if pattern is not None and pattern.share >= USUAL_SHARE
    }
    if not usual:
        return None
    worst = max(usual, key=lambda call_result: (usual[call_result].share, usual[call_result].count))
    return _conclude(diagnosis, worst, usual[worst], calls)


def decide_partial_result(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of the bad result of phones that a significant part of the calls has.

    After the causes of whole calls: a part of the phones, the hours or the lines may be behind it.
    Callers whom lists and hours turn away are none: that is as the holder wants it.
    """
    calls = recent_calls(diagnosis)
    of_phones = (it for it, meaning in RESULT_MEANINGS.items() if meaning.of_phone)
    patterns = {it: pattern for it in of_phones if (pattern := _pattern(calls, it)) is not None}
    if not patterns:
        return None
    worst = max(patterns, key=lambda it: (patterns[it].share, patterns[it].count))
    return _conclude(diagnosis, worst, patterns[worst], calls, RESULT_PARTIAL)


def is_doubtful(diagnosis: NumberDiagnosis) -> bool:
    """Whether more calls end badly than is ordinary, though chance is not excluded."""
    calls = recent_calls(diagnosis)
    ends = [
        (LEG_RESULTS, LEG_ORDINARY),
        ({CallResult.OVER_CONCURRENCY}, OVER_LIMIT_ORDINARY),
        *(({it}, meaning.ordinary) for it, meaning in RESULT_MEANINGS.items() if meaning.of_phone),
    ]
    return any(
        find_pattern(calls, results, ordinary, DOUBTFUL_SIGNIFICANCE) is not None
        for results, ordinary in ends
    )


def decide_provider_leg(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``provider_leg`` if calls fail between the caller and bound phones that are reachable."""
    pattern = find_pattern(recent_calls(diagnosis), LEG_RESULTS, LEG_ORDINARY)
    if pattern is None:
        return None
    phones = diagnosis.bound_phones
    reachable = bool(phones) and all(phone.state in REACHABLE_STATES for phone in phones.values())
    is_fine = reachable and diagnosis.is_fresh(Capability.REACHABILITY)
    calls = diagnosis.fact("calls network", pattern, Capability.CALLS)
    return diagnosis.conclude(
        Cause.PROVIDER_LEG,
        PHONES_FINE if is_fine else PHONES_UNKNOWN,
        [calls, *phone_facts(diagnosis, phones)],
        since=pattern.since,
    )


def decide_voice(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``voice_quality`` if answered calls are broken off, call after call."""
    calls = recent_calls(diagnosis)
    timed = [
        (call, call.talk_seconds)
        for call in calls
        if call.result is CallResult.ANSWERED and call.talk_seconds is not None
    ]
    short = [seconds < SHORT_TALK for _, seconds in timed]
    pattern = find_bad_stretch(short, [call for call, _ in timed], SHORT_TALK_ORDINARY)
    if pattern is None:
        return None
    evidence = [diagnosis.fact(f"talks under {SHORT_TALK:g} s", pattern, Capability.CALLS)]
    return diagnosis.conclude(Cause.VOICE_QUALITY, BROKEN_OFF, evidence, since=pattern.since)


def _pattern(calls: Sequence[CallOutcome], call_result: CallResult) -> ResultPattern | None:
    if call_result in NUMBER_OR_PHONE_RESULTS:
        calls = [call for call in calls if call.binding or call.result is not call_result]
    return find_pattern(calls, {call_result}, RESULT_MEANINGS[call_result].ordinary)


def _conclude(
    diagnosis: NumberDiagnosis,
    call_result: CallResult,
    pattern: ResultPattern,
    calls: Sequence[CallOutcome],
    confidence: float = RESULT_USUAL,
) -> Verdict:
    cause = _cause(diagnosis, call_result)
    description = f"{call_result.value}: {pattern}"
    ids = {call.binding for call in calls if call.result is call_result and call.binding}
    bound = diagnosis.bound_phones
    phones = {label: phone for label, phone in bound.items() if phone.id in ids}
    reported_ok = any(phone.state is BindingState.OK for phone in phones.values())
    if reported_ok and RESULT_MEANINGS[call_result].of_phone:
        diagnosis.consider(cause, [description], ["the provider reports the phone as ok"])
    label = next(iter(phones), "-")
    return diagnosis.conclude(
        cause,
        confidence,
        [diagnosis.fact(f"calls {call_result.value}", pattern, Capability.CALLS)],
        since=pattern.since,
        facts={
            "binding": label,
            "phone": mask_phone(phones[label].phone) if label in phones else "-",
            "detail": reason_words(description),
            "state": word(call_result.value, CALL_RESULTS),
        },
    )


def _cause(diagnosis: NumberDiagnosis, call_result: CallResult) -> Cause:
    whitelisted = diagnosis.routing is not None and diagnosis.routing.whitelist_enabled
    # There is no result for a white list: a caller it rejects is reported as blacklisted.
    if call_result is CallResult.CALLER_BLACKLISTED and whitelisted:
        return Cause.WHITELIST_BLOCKS_CALLER
    return RESULT_MEANINGS[call_result].cause
