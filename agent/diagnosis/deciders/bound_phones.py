"""The bound phones: can any of them take a call now? (docs/reference/domain.md §2)."""

from collections.abc import Mapping
from typing import Final

from agent.diagnosis.call_statistics import over_limit
from agent.diagnosis.configuration import current_configuration
from agent.diagnosis.contacts import UNKNOWN_CARRIER
from agent.diagnosis.line_limits import busy_at_limit
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.phone_carriers import group_of_carrier
from agent.i18n.words import CARRIERS, word
from agent.masking import mask_phone
from agent.model import Binding
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause, Party
from agent.verdict import Evidence, Verdict

CAUSE_OF_BINDING: Final[Mapping[BindingState, Cause]] = {
    BindingState.ARREARS: Cause.BINDING_ARREARS,
    BindingState.BARRED: Cause.BINDING_BARRED,
    BindingState.NONEXISTENT: Cause.BINDING_NONEXISTENT,
    BindingState.UNREGISTERED: Cause.BINDING_UNREGISTERED,
    BindingState.OVERSEAS: Cause.BINDING_UNREGISTERED,
    BindingState.UNBOUND: Cause.NO_BINDING,
    BindingState.OFF: Cause.BINDING_OFF,
    BindingState.OUT_OF_AREA: Cause.BINDING_OUT_OF_AREA,
    BindingState.DND: Cause.BINDING_DND,
    BindingState.REJECTED: Cause.BINDING_REJECTED,
    BindingState.FORWARDED: Cause.BINDING_FORWARDED,
    BindingState.NO_ANSWER: Cause.BINDING_NO_ANSWER,
    BindingState.BUSY: Cause.BINDING_BUSY,
}
"""The cause for each bad state, the most definite first."""
_RANK: Final = {state: rank for rank, state in enumerate(CAUSE_OF_BINDING)}
PERMANENT_STATES: Final = frozenset(
    {
        BindingState.ARREARS,
        BindingState.BARRED,
        BindingState.NONEXISTENT,
        BindingState.UNREGISTERED,
        BindingState.OVERSEAS,
        BindingState.UNBOUND,
    }
)
"""States that do not pass by themselves."""
CERTAIN: Final = 0.9
LIKELY: Final = 0.7
MIXED: Final = 0.6
"""Confidence if one of the phones is merely busy: it will take a call again soon."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The cause of the worst phone if no phone that rings now can take the call.

    A bad phone beside one that can take calls is a finding; a phone in an unknown state leaves
    the question open. A busy phone works: it is a cause only if every other phone is busy or bad.
    """
    phones = ringing_phones(diagnosis)
    bad = {label: phone for label, phone in phones.items() if phone.state in _RANK}
    _warn(diagnosis, bad)
    if not bad or len(bad) < len(phones) or _is_overload(diagnosis, bad):
        return None
    return _conclude(diagnosis, bad)


def decide_worst(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about phones: the worst phone, even if another can take calls."""
    phones = _current_phones(diagnosis)
    bad = {label: phone for label, phone in phones.items() if _is_unreachable(phone)}
    return _conclude(diagnosis, bad) if bad else None


def decide_phone(diagnosis: NumberDiagnosis, label: str) -> Verdict | None:
    """For an alert about one phone: the cause of that phone."""
    phone = _current_phones(diagnosis).get(label)
    if phone is None or not _is_unreachable(phone):
        return None
    return _conclude(diagnosis, {label: phone})


def is_permanently_unreachable(diagnosis: NumberDiagnosis) -> bool:
    """Whether every bound phone is in a state that does not pass by itself."""
    phones = _current_phones(diagnosis)
    return bool(phones) and all(phone.state in PERMANENT_STATES for phone in phones.values())


def phone_facts(diagnosis: NumberDiagnosis, phones: Mapping[str, Binding]) -> list[Evidence]:
    """The state of each phone as evidence."""
    return [diagnosis.phone_fact(label, phone, _describe(phone)) for label, phone in phones.items()]


def _describe(phone: Binding) -> str:
    return f"{phone.state.value} ({mask_phone(phone.phone)})"


def _words(phone: Binding) -> dict[str, object]:
    return {"phone": mask_phone(phone.phone), "state": word(phone.state.value)}


def _is_unreachable(phone: Binding) -> bool:
    return phone.state in _RANK and phone.state not in REACHABLE_STATES


def _current_phones(diagnosis: NumberDiagnosis) -> Mapping[str, Binding]:
    """The phones if they are fresh, or if all are in states that do not pass by themselves."""
    phones = diagnosis.bound_phones
    if diagnosis.is_fresh(Capability.REACHABILITY):
        return phones
    permanent = all(phone.state in PERMANENT_STATES for phone in phones.values())
    return phones if permanent else {}


def _is_overload(diagnosis: NumberDiagnosis, bad: Mapping[str, Binding]) -> bool:
    """Whether all phones are busy because calls exceed the limit, which is its own cause."""
    busy = all(phone.state is BindingState.BUSY for phone in bad.values())
    if not busy:
        return False
    return over_limit(diagnosis) is not None or busy_at_limit(diagnosis) is not None


def ringing_phones(diagnosis: NumberDiagnosis) -> Mapping[str, Binding]:
    """The phones that ring now for the caller in question; all of them if none does.

    Hours, menu and the areas of single phones decide; where they are unknown, every phone rings.
    """
    phones, configuration = _current_phones(diagnosis), current_configuration(diagnosis)
    if configuration.routing is None:
        return phones
    ids = configuration.ringing_phones(diagnosis)
    return {label: phone for label, phone in phones.items() if phone.id in ids} or phones


def _warn(diagnosis: NumberDiagnosis, bad: Mapping[str, Binding]) -> None:
    for label, phone in bad.items():
        if phone.state is not BindingState.BUSY:
            diagnosis.warn("binding_bad", binding=label, **_words(phone))


def _conclude(diagnosis: NumberDiagnosis, bad: Mapping[str, Binding]) -> Verdict:
    label = min(bad, key=lambda label: _RANK[bad[label].state])
    phone = bad[label]
    for other in bad.values():
        diagnosis.consider(CAUSE_OF_BINDING[other.state], [_describe(other)])
    diagnosis.warn_if_stale(Capability.REACHABILITY)
    groups = group_of_carrier(diagnosis, label, phone)
    evidence = phone_facts(diagnosis, bad)
    if groups is not None:
        same, others = groups
        evidence += [same.evidence(), *([others.evidence()] if others.total else [])]
        carrier = word(phone.carrier, CARRIERS)
        diagnosis.warn("phones_of_carrier", count=str(len(same.failing)), carrier=carrier)
    return diagnosis.conclude(
        CAUSE_OF_BINDING[phone.state],
        _confidence(bad, phone) * diagnosis.freshness_factor(Capability.REACHABILITY),
        evidence,
        party=None if groups is None else Party.BINDING_CARRIER,
        since=diagnosis.result.binding_since.get((diagnosis.number, label)),
        facts={"binding": label, **_words(phone)},
        carrier=phone.carrier or UNKNOWN_CARRIER,
    )


def _confidence(bad: Mapping[str, Binding], worst: Binding) -> float:
    if worst.state in PERMANENT_STATES:
        return CERTAIN
    busy = any(phone.state is BindingState.BUSY for phone in bad.values())
    return MIXED if busy and worst.state is not BindingState.BUSY else LIKELY
