"""Several numbers that break at about the same time for the same reason are one fault.

At least three within 30 minutes (settings) that share a carrier across providers, a provider,
a landing or an account, and are down in the same way, have one cause behind them (domain.md
§2, common root; ticketing.md §4). The wider fault is worked out from the
faults alone, so it is there before any rule about outages fires, and where such a rule does,
both are the same ticket.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.model import Alert
from agent.states import NumberState, Scope
from agent.tickets.decide.faults import NOTHING_KNOWN, WORST_FIRST, Fault, Traits
from agent.tickets.forms import Resolution
from agent.tickets.key import key_of
from agent.tickets.text import annotations_of
from agent.tickets.ticket import Subject, Ticket

ALERT_NAME = "CommonCause"
"""The name of the alert that a common cause is told by."""

OUT_OF_NETWORK = frozenset(
    {
        NumberState.ACTIVE,
        NumberState.LOW_BALANCE,
        NumberState.SUSPENDED_VIOLATION,
        NumberState.UNKNOWN,
    }
)
"""States of a number that is down for its provider's or carrier's reasons (ProviderOutage)."""

NUMBERS = "numbers_"
PHONES = "phones_"
LANDING = "landing_down"
_OUTAGES = frozenset({"provider_outage", "carrier_outage"})
_OUT_OF_SERVICE = frozenset({"number_down", "network_mismatch"})
_AT_A_LANDING = frozenset({"binding_down", "redundancy", "busy_rate", "answer_rate"})
_NOBODY = frozenset({"", "unknown"})
_APART = frozenset({COMPLAINT})
"""Symptoms that are never a common cause: each caller tells of one number."""
_ORDER = {Scope.CARRIER: 0, Scope.PROVIDER: 1, Scope.TRUNK: 2, Scope.ACCOUNT: 3}
_LEAST_PROVIDERS = 2
_SAMPLES = 5


class Threshold(msgspec.Struct, frozen=True):
    """From when on several faults are one; the window in seconds."""

    numbers: int = 3
    window: float = 1800.0


class Kin(msgspec.Struct, frozen=True):
    """A wider fault that may lie behind a narrower one."""

    subject: Subject
    alike: str
    """Only those with the same word here share it."""


def is_common(subject: Subject) -> bool:
    """Whether ``subject`` is what several faults have in common."""
    symptom = subject.symptom
    return symptom in _OUTAGES or symptom == LANDING or symptom.startswith((NUMBERS, PHONES))


def kin_of(subject: Subject, traits: Traits) -> Iterator[Kin]:
    """What a fault of one number or phone may share with others, widest first."""
    if subject.scope not in (Scope.NUMBER, Scope.BINDING) or subject.symptom in _APART:
        return
    if subject.symptom in _OUT_OF_SERVICE:
        yield from _out_of_service(subject, traits)
        return
    if subject.symptom in _AT_A_LANDING:
        for landing in traits.landings:
            shared = Subject(Scope.TRUNK, LANDING, provider=subject.provider, binding=landing)
            yield Kin(shared, "")
    yield Kin(_of_account(subject, _family(subject, traits)), "")


def _out_of_service(subject: Subject, traits: Traits) -> Iterator[Kin]:
    if traits.state not in OUT_OF_NETWORK:
        yield Kin(_of_account(subject, f"{NUMBERS}{traits.state}"), "")
        return
    alike = f"{subject.symptom} {traits.state}"
    if traits.carrier not in _NOBODY:
        yield Kin(Subject(Scope.CARRIER, "carrier_outage", carrier=traits.carrier), alike)
    yield Kin(Subject(Scope.PROVIDER, "provider_outage", provider=subject.provider), alike)


def _of_account(subject: Subject, symptom: str) -> Subject:
    return Subject(Scope.ACCOUNT, symptom, provider=subject.provider, account=subject.account)


def _family(subject: Subject, traits: Traits) -> str:
    if subject.symptom != "binding_down":
        return f"{NUMBERS}{subject.symptom}"
    return f"{PHONES}{traits.phones[0] if len(traits.phones) == 1 else 'unreachable'}"


Groups = Mapping[Kin, Sequence[Fault]]


def groups_of(faults: Iterable[Fault], traits: Mapping[str, Traits]) -> Groups:
    """The faults by what they may share; a fault stands in each group it may belong to."""
    groups: dict[Kin, list[Fault]] = defaultdict(list)
    for fault in faults:
        for kin in kin_of(fault.subject, traits.get(fault.key, NOTHING_KNOWN)):
            groups[kin].append(fault)
    return groups


def keys_of(groups: Groups, threshold: Threshold) -> frozenset[str]:
    """The keys of the common causes that there may be."""
    return frozenset(
        key_of(kin.subject) for kin, found in groups.items() if len(found) >= threshold.numbers
    )


def common_faults(
    groups: Groups,
    tickets: Mapping[str, Ticket],
    ended: Mapping[str, Ticket],
    threshold: Threshold,
) -> dict[str, Fault]:
    """The common causes that stand, by key; the widest takes a fault before any narrower one.

    ``tickets`` are the open ones, ``ended`` the newest ended ones of the causes there may be.
    """
    found: dict[str, Fault] = {}
    taken: set[str] = set()
    for kin in sorted(groups, key=lambda it: (_ORDER[it.subject.scope], key_of(it.subject))):
        loose = [fault for fault in groups[kin] if fault.key not in taken]
        key = key_of(kin.subject)
        sharing = _sharing(kin, loose, tickets.get(key), ended.get(key), threshold)
        if sharing:
            taken.update(fault.key for fault in sharing)
            older = tickets.get(key)
            found[key] = _fault(key, kin, sharing, older, found.get(key))
    return found


def _sharing(
    kin: Kin,
    loose: list[Fault],
    standing: Ticket | None,
    ended: Ticket | None,
    threshold: Threshold,
) -> list[Fault]:
    """Those that share the cause; none when it is not there."""
    if standing is not None:
        # Once it stands it takes all who come later, and ends with the last of its members.
        members = {member.key for member in standing.members if member.left_at is None}
        return [it for it in loose if it.key in members or it.since >= standing.started_at]
    if ended is not None and ended.muted:
        known = {member.key for member in ended.members}
        return [it for it in loose if it.key in known or it.since >= ended.started_at]
    disproved_at = _disproved_at(ended)
    return _cluster(kin, [it for it in loose if it.since > disproved_at], threshold)


def _disproved_at(ended: Ticket | None) -> float:
    disproved = ended is not None and ended.resolution == Resolution.NOT_COMMON
    return ended.closed_at or 0.0 if ended is not None and disproved else float("-inf")


def _cluster(kin: Kin, loose: list[Fault], threshold: Threshold) -> list[Fault]:
    """From the first that broke within one window with enough others; none without one."""
    ordered = sorted(loose, key=lambda it: (it.since, it.key))
    numbers: Counter[tuple[str, str, str]] = Counter()
    providers: Counter[str] = Counter()
    least = _LEAST_PROVIDERS if kin.subject.scope is Scope.CARRIER else 1
    first = 0
    for newest in ordered:
        numbers[_number(newest)] += 1
        providers[newest.subject.provider] += 1
        while newest.since - ordered[first].since > threshold.window:
            _take_out(numbers, _number(ordered[first]))
            _take_out(providers, ordered[first].subject.provider)
            first += 1
        if len(numbers) >= threshold.numbers and len(providers) >= least:
            return ordered[first:]
    return []


def _number(fault: Fault) -> tuple[str, str, str]:
    return fault.subject.provider, fault.subject.account, fault.subject.number


def _take_out(counted: Counter[Any], one: Any) -> None:
    counted[one] -= 1
    if not counted[one]:
        del counted[one]


def _fault(
    key: str, kin: Kin, sharing: list[Fault], standing: Ticket | None, other: Fault | None
) -> Fault:
    """The common cause as though a rule had told of it."""
    severity = min((it.severity for it in sharing), key=WORST_FIRST.index)
    since = min(it.since for it in sharing) if standing is None else standing.started_at
    counted = Counter(name for it in sharing for name in it.names)
    names = tuple(name for name, _count in counted.most_common())
    if other is not None:
        severity = min(severity, other.severity, key=WORST_FIRST.index)
        since, names = min(since, other.since), tuple(dict.fromkeys((*other.names, *names)))
    return Fault(
        key=key,
        subject=kin.subject,
        severity=severity,
        since=since,
        alerts=(_alert(kin.subject, severity, since, len(sharing)),),
        told_by=names,
        samples=tuple(it.subject for it in sharing[:_SAMPLES]),
        reason=f"{len(sharing)} {_counted(sharing)} share a cause: {', '.join(names)}",
    )


def _counted(sharing: Iterable[Fault]) -> str:
    return "phones" if all(it.subject.binding for it in sharing) else "numbers"


def _alert(subject: Subject, severity: str, since: float, count: int) -> Alert:
    labels = {
        "provider": subject.provider,
        "account": subject.account,
        "carrier": subject.carrier,
        "scope": subject.scope.value,
        "severity": str(severity),
        "symptom": subject.symptom,
    }
    return Alert(
        name=ALERT_NAME,
        labels={name: text for name, text in sorted(labels.items()) if text},
        annotations=annotations_of(subject),
        state="firing",
        active_at=since,
        fired_at=since,
        value=float(count),
    )
