"""Can any bound phone take the call now? (domain.md §2, 7)."""

from collections.abc import Mapping

from agent.diagnosis.case import Case
from agent.diagnosis.configuration import present
from agent.diagnosis.contacts import UNTOLD
from agent.diagnosis.deciders.capacity import over_limit
from agent.masking import mask_phone
from agent.model import Binding, Evidence, Verdict
from agent.states import REACHABLE_STATES, BindingState, Capability, Cause

CAUSE_OF_BINDING: Mapping[BindingState, Cause] = {
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
"""What each bad state is called as a cause, the most definite first."""

_RANK = {state: rank for rank, state in enumerate(CAUSE_OF_BINDING)}
CERTAIN = 0.9
LIKELY = 0.7
MIXED = 0.6
"""Confidence where one of the phones is merely busy: it will take a call again soon."""
DEFINITE = frozenset(
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


def decide(case: Case) -> Verdict | None:
    """The phone's cause where no other phone that is rung now can take the call.

    A bad phone beside one that can take it is a warning; phones nobody knows anything about
    leave the question open. A busy phone is a working phone: only where every phone is busy,
    or the rest is bad, does it explain why a call is not taken now.
    """
    rung = _rung(case)
    bad = {label: phone for label, phone in rung.items() if phone.state in _RANK}
    _warn(case, bad)
    if not bad or len(bad) < len(rung) or _is_load(case, bad):
        return None
    return _conclude(case, bad)


def none_ever(case: Case) -> bool:
    """Whether every bound phone is in a state that does not pass by itself."""
    bound = _bound(case)
    return bool(bound) and all(phone.state in DEFINITE for phone in bound.values())


def decide_any(case: Case) -> Verdict | None:
    """For an alert about phones: the worst phone, whether or not another can take calls."""
    bound = _bound(case)
    bad = {label: phone for label, phone in bound.items() if phone.state not in REACHABLE_STATES}
    bad = {label: phone for label, phone in bad.items() if phone.state in _RANK}
    return _conclude(case, bad) if bad else None


def decide_one(case: Case, label: str) -> Verdict | None:
    """For an alert about one phone: that phone."""
    phone = _bound(case).get(label)
    if phone is None or phone.state in REACHABLE_STATES or phone.state not in _RANK:
        return None
    return _conclude(case, {label: phone})


def phone_facts(case: Case, phones: Mapping[str, Binding]) -> list[Evidence]:
    """What is known of each phone."""
    return [
        case.fact(f"binding {label}", _told(phone), Capability.REACHABILITY)
        for label, phone in phones.items()
    ]


def _told(phone: Binding) -> str:
    return f"{phone.state.value} ({mask_phone(phone.phone)})"


def _bound(case: Case) -> Mapping[str, Binding]:
    """The phones as far as they stand for now; of old facts those that do not pass."""
    bound = case.checked.bindings(case.number) or {}
    if case.fresh(Capability.REACHABILITY):
        return bound
    lasting = all(phone.state in DEFINITE for phone in bound.values())
    return bound if lasting else {}


def _is_load(case: Case, bad: Mapping[str, Binding]) -> bool:
    """All are busy because there are more calls than lines: a cause of its own."""
    busy = all(phone.state is BindingState.BUSY for phone in bad.values())
    return busy and over_limit(case) is not None


def _rung(case: Case) -> Mapping[str, Binding]:
    """The phones that are rung now; all of them when that is closed, or not known."""
    bound, configured = _bound(case), present(case)
    if configured.routing is None:
        return bound
    targets = configured.with_hours(case)
    return {label: phone for label, phone in bound.items() if phone.id in targets} or bound


def _warn(case: Case, bad: Mapping[str, Binding]) -> None:
    for label, phone in bad.items():
        if phone.state is BindingState.BUSY:
            continue
        case.warn(
            "binding_bad", binding=label, phone=mask_phone(phone.phone), state=phone.state.value
        )


def _conclude(case: Case, bad: Mapping[str, Binding]) -> Verdict:
    label = min(bad, key=lambda each: _RANK[bad[each].state])
    phone = bad[label]
    cause = CAUSE_OF_BINDING[phone.state]
    for other in bad.values():
        case.weigh(CAUSE_OF_BINDING[other.state], [_told(other)])
    case.note_age(Capability.REACHABILITY)
    return case.conclude(
        cause,
        _confidence(bad, phone) * case.trust(Capability.REACHABILITY),
        phone_facts(case, bad),
        since=case.checked.binding_since.get((case.number, label)),
        facts={"binding": label, "phone": mask_phone(phone.phone), "state": phone.state.value},
        carrier=phone.carrier or UNTOLD,
    )


def _confidence(bad: Mapping[str, Binding], worst: Binding) -> float:
    if worst.state in DEFINITE:
        return CERTAIN
    busy = any(phone.state is BindingState.BUSY for phone in bad.values())
    return MIXED if busy and worst.state is not BindingState.BUSY else LIKELY
