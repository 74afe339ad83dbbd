"""``healthy``: the number is in service, and nothing that can be observed is wrong."""

from collections.abc import Sequence
from typing import Final

from agent.diagnosis.call_statistics import answered_share, recent_calls
from agent.diagnosis.configuration import (
    OPEN_ROUTING,
    area_codes,
    caller_area,
    current_configuration,
)
from agent.diagnosis.deciders.bound_phones import phone_facts, ringing_phones
from agent.diagnosis.deciders.call_results import is_doubtful
from agent.diagnosis.deciders.complaints import recent_reports
from agent.diagnosis.deciders.missing_data import primary_capability
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.reason_words import reason_words
from agent.model import Binding
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingKind,
    BindingState,
    Capability,
    Cause,
)
from agent.verdict import Evidence, Verdict

PHONE_REACHABLE: Final = 0.95
CALLS_ANSWERED: Final = 0.85
"""Confidence if the phones' states are unknown, but calls are answered."""
PROVEN_BY_CALLS: Final = 0.75
"""Confidence if answered calls are all that is known."""
LISTED_ONLY: Final = 0.6
"""Confidence if only the listing says that the number is in service."""
DOUBTFUL: Final = LISTED_ONLY
"""Confidence if a phone is reachable but too few calls are answered."""
WAY_PARTLY_KNOWN: Final = 0.75
"""Confidence at most if a part of the menu or of the hours is not known."""
MIN_CALLS: Final = 4
"""Calls from which the share that is answered counts."""
LOW_SHARE: Final = 0.7
"""The share of answered calls below which a healthy number is doubtful."""
ANSWERED_SHARE: Final = 0.5


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``healthy`` if the number is in service and a bound phone is reachable.

    ``None`` if the phones are polled but their states are unknown, unless calls are answered or
    the provider never reports the states of such phones.
    """
    in_service = diagnosis.result.number_state(diagnosis.number) in IN_SERVICE_STATES
    if not diagnosis.result.is_up(diagnosis.number) or not in_service:
        return None
    confidence = _confidence(diagnosis)
    if confidence is None:
        return None
    if _may_region_block(diagnosis):
        diagnosis.warn("caller_area")
        confidence = min(confidence, LISTED_ONLY)
    unknown = current_configuration(diagnosis).unknown_part(diagnosis)
    if unknown:
        diagnosis.warn("route_unknown", detail=reason_words(unknown))
        if not _is_way_proven(diagnosis):
            return None
        confidence = min(confidence, WAY_PARTLY_KNOWN)
    if recent_reports(diagnosis):
        confidence = min(confidence, LISTED_ONLY)
    share = answered_share(recent_calls(diagnosis))
    evidence = [*_state_facts(diagnosis), *phone_facts(diagnosis, diagnosis.bound_phones)]
    if share is not None:
        evidence.append(diagnosis.fact("calls answered", f"{share:.0%}", Capability.CALLS))
    return diagnosis.conclude(Cause.HEALTHY, confidence, evidence)


def decide_by_calls(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``healthy`` if the listing is silent and answered calls prove that the number works.

    For people who ask: what an alert saw, calls through another phone do not take back.
    """
    capability = primary_capability(diagnosis.snapshot)
    is_silent = capability is not None and not diagnosis.is_fresh(capability)
    is_narrower = bool(diagnosis.caller or diagnosis.symptom)
    if is_narrower or not is_silent or not _do_calls_prove(diagnosis):
        return None
    diagnosis.warn_if_stale(Capability.NUMBERS)
    share = answered_share(recent_calls(diagnosis)) or 0.0
    evidence = [diagnosis.fact("calls answered", f"{share:.0%}", Capability.CALLS)]
    return diagnosis.conclude(Cause.HEALTHY, PROVEN_BY_CALLS, evidence)


def _do_calls_prove(diagnosis: NumberDiagnosis) -> bool:
    """Whether so many calls are answered that the whole way from caller to company works."""
    calls = recent_calls(diagnosis)
    is_bad = _are_few_answered(diagnosis) or is_doubtful(diagnosis)
    return len(calls) >= MIN_CALLS and not is_bad


def _confidence(diagnosis: NumberDiagnosis) -> float | None:
    if not diagnosis.polls(Capability.REACHABILITY):
        return LISTED_ONLY
    if not diagnosis.is_fresh(Capability.REACHABILITY):
        return CALLS_ANSWERED if _do_calls_prove(diagnosis) else None
    phones = ringing_phones(diagnosis).values()
    reachable = [phone for phone in phones if phone.state in REACHABLE_STATES]
    if reachable:
        return _confidence_with(diagnosis, reachable)
    if not phones or any(phone.state is not BindingState.UNKNOWN for phone in phones):
        return None
    if (answered_share(recent_calls(diagnosis)) or 0.0) >= ANSWERED_SHARE:
        return CALLS_ANSWERED
    return LISTED_ONLY if all(map(_has_no_state, phones)) else None


def _confidence_with(diagnosis: NumberDiagnosis, reachable: Sequence[Binding]) -> float:
    """The confidence if phones are reachable, which is half of the way from caller to company.

    The other half is what routing says of hours and lists, or calls that got through.
    """
    if _are_few_answered(diagnosis) or is_doubtful(diagnosis):
        return DOUBTFUL
    calls = recent_calls(diagnosis)
    if len(calls) >= MIN_CALLS:
        # Not so few are answered, so they get through.
        return PHONE_REACHABLE if _is_current(diagnosis, reachable) else CALLS_ANSWERED
    if not _is_current(diagnosis, reachable) or not _is_way_known(diagnosis):
        return LISTED_ONLY
    return PHONE_REACHABLE


def _is_current(diagnosis: NumberDiagnosis, phones: Sequence[Binding]) -> bool:
    """Whether the state of one of the phones is as new as the poll, and none of yesterday."""
    longest = diagnosis.snapshot.stale_after[Capability.REACHABILITY]
    now = diagnosis.context.now
    return any(it.state_at is None or now - it.state_at <= longest for it in phones)


def _is_way_known(diagnosis: NumberDiagnosis) -> bool:
    """Whether it is known that no hours, and no list for this caller, are in the way."""
    needed = {"schedule", "blacklist"} if diagnosis.caller else {"schedule"}
    reported = diagnosis.snapshot.routing_parts
    return diagnosis.routing is not None and (reported is None or needed <= reported)


def _is_way_proven(diagnosis: NumberDiagnosis) -> bool:
    """Whether a phone rings by what is known, or answered calls prove that one does."""
    if current_configuration(diagnosis).route(diagnosis).rings:
        return True
    calls = recent_calls(diagnosis)
    return len(calls) >= MIN_CALLS and not _are_few_answered(diagnosis)


def _may_region_block(diagnosis: NumberDiagnosis) -> bool:
    """Whether the way depends on the area of a caller whose area is unknown."""
    routing = diagnosis.routing or OPEN_ROUTING
    has_rule = bool(area_codes(diagnosis, routing))
    return bool(diagnosis.caller) and has_rule and not caller_area(diagnosis)


def _are_few_answered(diagnosis: NumberDiagnosis) -> bool:
    """Whether too few calls are answered, though not so few that chance is excluded."""
    calls = recent_calls(diagnosis)
    share = answered_share(calls)
    return share is not None and len(calls) >= MIN_CALLS and share < LOW_SHARE


def _has_no_state(phone: Binding) -> bool:
    """Whether it is a trunk or PBX for which the provider reports no state."""
    return phone.kind in (BindingKind.TRUNK, BindingKind.PBX) and not phone.native_status


def _state_facts(diagnosis: NumberDiagnosis) -> list[Evidence]:
    states = (
        ("number_state", diagnosis.result.number_state(diagnosis.number)),
        ("network_state", diagnosis.result.network_state(diagnosis.number)),
    )
    return [diagnosis.fact(name, state, Capability.NUMBERS) for name, state in states if state]
