"""Several numbers that break at about the same time for the same reason are one fault.

At least three within 30 minutes (by default) that share a carrier across providers, a provider,
a landing or an account, and are down in the same way, have one cause (docs/reference/domain.md
§2, docs/reference/ticketing.md §4). The wider fault is inferred from the faults alone, so it is
there before any rule about outages fires; where such a rule fires, both are the same ticket.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.config.settings import Tickets as TicketSettings
from agent.model import Alert
from agent.rules.alerts_in_code import COMMON_CAUSE
from agent.states import NumberState, Scope
from agent.tickets.decide.faults import NOTHING_KNOWN, WORST_FIRST, Fault, Traits
from agent.tickets.forms import Resolution
from agent.tickets.key import key_of
from agent.tickets.text import annotations_of
from agent.tickets.ticket import Subject, Ticket

ALERT_NAME = COMMON_CAUSE
"""The name of the alert that stands for an inferred common cause."""

OUT_OF_NETWORK = frozenset(
    {
        NumberState.ACTIVE,
        NumberState.LOW_BALANCE,
        NumberState.SUSPENDED_VIOLATION,
        NumberState.UNKNOWN,
    }
)
"""States of a number that is down for its provider's or its carrier's reasons."""

NUMBERS = "numbers_"
PHONES = "phones_"
LANDING = "landing_down"
_OUTAGES = frozenset({"provider_outage", "carrier_outage"})
_OUT_OF_SERVICE = frozenset({"number_down", "network_mismatch"})
_AT_A_LANDING = frozenset({"binding_down", "redundancy", "busy_rate", "answer_rate"})
_NO_CARRIER = frozenset({"", "unknown"})
_NEVER_SHARED = frozenset({COMPLAINT, "illegal_transition", "inspection", "unusual_calls"})
"""Symptoms without a common cause: each is held against what its own number has or had."""
_SHARED_IN_DETAIL = frozenset({"lint", "drift", "marked"})
"""Symptoms that say little: only faults that are alike in detail have a cause in common."""
_DETAIL_KNOWN = frozenset({"lint"})
"""Of them, those that are shared only where the detail is known."""
_ORDER = {Scope.CARRIER: 0, Scope.PROVIDER: 1, Scope.TRUNK: 2, Scope.ACCOUNT: 3}
_LEAST_PROVIDERS = 2
"""A fault of a base carrier shows at several providers; at one it is the provider's."""
_MOST_SAMPLES = 5
_GAPS_A_WINDOW = 3
"""A silence of a third of the window tells an outage from what was broken before it."""


class Threshold(msgspec.Struct, frozen=True):
    """How many numbers within how many seconds make a common cause."""

    numbers: int = 3
    window: float = 1800.0

    @classmethod
    def of(cls, section: TicketSettings) -> "Threshold":
        """The threshold that the configuration's section sets."""
        return cls(section.common_cause_numbers, section.common_cause_window)


class Kin(msgspec.Struct, frozen=True):
    """A wider fault that may be the cause of a narrower one."""

    subject: Subject
    alike: str
    """Only faults with the same word here can share the cause."""


def is_common(subject: Subject) -> bool:
    """Whether ``subject`` is a common cause of several faults."""
    symptom = subject.symptom
    return symptom in _OUTAGES or symptom == LANDING or symptom.startswith((NUMBERS, PHONES))


def kin_of(subject: Subject, traits: Traits) -> Iterator[Kin]:
    """The causes that a fault of one number or phone may share with others, widest first."""
    if subject.scope not in (Scope.NUMBER, Scope.BINDING) or subject.symptom in _NEVER_SHARED:
        return
    if subject.symptom in _OUT_OF_SERVICE:
        yield from _out_of_service(subject, traits)
        return
    if subject.symptom in _AT_A_LANDING:
        for landing in traits.landings:
            shared = Subject(Scope.TRUNK, LANDING, provider=subject.provider, binding=landing)
            yield Kin(shared, "")
    if subject.symptom in _DETAIL_KNOWN and not traits.detail:
        return
    alike = traits.detail if subject.symptom in _SHARED_IN_DETAIL else ""
    yield Kin(_of_account(subject, _family(subject, traits)), alike)


def _out_of_service(subject: Subject, traits: Traits) -> Iterator[Kin]:
    if traits.state not in OUT_OF_NETWORK:
        yield Kin(_of_account(subject, f"{NUMBERS}{traits.state}"), "")
        return
    alike = f"{subject.symptom} {traits.state}"
    if traits.carrier not in _NO_CARRIER:
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
    """The faults by the causes they may share; a fault is in every group it may belong to."""
    groups: dict[Kin, list[Fault]] = defaultdict(list)
    for fault in faults:
        for kin in kin_of(fault.subject, traits.get(fault.key, NOTHING_KNOWN)):
            groups[kin].append(fault)
    return groups


def _keys(groups: Groups, tickets: Mapping[str, Ticket]) -> dict[Kin, str]:
    """The key of each cause's ticket: of numbers that moved together, that of their open ticket."""
    keys = {kin: key_of(kin.subject) for kin in groups}
    open_causes = [it for it in tickets.values() if it.subject.scope is Scope.ACCOUNT]
    for kin, group in groups.items():
        if kin.subject.scope is Scope.ACCOUNT and keys[kin] not in tickets:
            faults = {fault.key for fault in group}
            former = (it.key for it in open_causes if _took_most(kin.subject, faults, it))
            keys[kin] = next(former, keys[kin])
    return keys


def _took_most(subject: Subject, keys: Collection[str], ticket: Ticket) -> bool:
    """Whether ``subject``, of which the faults are, has most of the members of ``ticket``."""
    if not is_common(ticket.subject) or ticket.subject.symptom != subject.symptom:
        return False
    members = [member.key for member in ticket.members if member.left_at is None]
    return 2 * sum(key in keys for key in members) > len(members)


def keys_of(groups: Groups, tickets: Mapping[str, Ticket], threshold: Threshold) -> frozenset[str]:
    """The keys of the possible common causes: those with enough faults."""
    keys = _keys(groups, tickets)
    return frozenset(keys[kin] for kin, it in groups.items() if len(it) >= threshold.numbers)


def common_faults(
    groups: Groups,
    tickets: Mapping[str, Ticket],
    ended: Mapping[str, Ticket],
    threshold: Threshold,
) -> dict[str, Fault]:
    """The common causes by key; a fault belongs to the widest cause it can share.

    Args:
        groups: The faults by the causes they may share.
        tickets: The open tickets by key.
        ended: The newest ended tickets of the possible causes by key.
        threshold: When faults that share something have a common cause.
    """
    keys = _keys(groups, tickets)
    faults: dict[str, Fault] = {}
    taken: set[str] = set()
    for kin in sorted(groups, key=lambda it: (_ORDER[it.subject.scope], key_of(it.subject))):
        loose = [fault for fault in groups[kin] if fault.key not in taken]
        key = keys[kin]
        sharing = _sharing(kin, loose, tickets.get(key), ended.get(key), threshold)
        if sharing:
            taken.update(fault.key for fault in sharing)
            older = tickets.get(key)
            faults[key] = _fault(key, kin, sharing, older, faults.get(key))
    return faults


def _sharing(
    kin: Kin,
    loose: list[Fault],
    own: Ticket | None,
    ended: Ticket | None,
    threshold: Threshold,
) -> list[Fault]:
    """The faults that share the cause; empty when there is no such cause."""
    if own is not None:
        # An open cause needs no threshold any more: it takes every later fault of its kind, and
        # stays while one of its members is broken.
        members = {member.key for member in own.members if member.left_at is None}
        return [it for it in loose if it.key in members or it.since >= own.started_at]
    if ended is not None and ended.muted:
        # Muted, it hides the faults it would have taken while it was open.
        members = {member.key for member in ended.members}
        return [it for it in loose if it.key in members or it.since >= ended.started_at]
    disproved_at = _disproved_at(ended)
    return _cluster(kin, [it for it in loose if it.since > disproved_at], threshold)


def _disproved_at(ended: Ticket | None) -> float:
    """When the cause was found to be none; older faults are not taken for one again."""
    disproved = ended is not None and ended.resolution == Resolution.NOT_COMMON
    return ended.closed_at or 0.0 if ended is not None and disproved else float("-inf")


def _cluster(kin: Kin, loose: list[Fault], threshold: Threshold) -> list[Fault]:
    """The faults from the start of the first window with enough of them; empty without one."""
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
            return _without_early(kin, ordered[first:], threshold)
    return []


def _without_early(kin: Kin, cluster: list[Fault], threshold: Threshold) -> list[Fault]:
    """``cluster`` without what broke long before the rest, where the rest is enough by itself.

    What broke twenty minutes before an outage has a reason of its own. Accounts run out of money
    and contracts out of time more slowly.
    """
    if kin.subject.symptom not in _OUTAGES:
        return cluster
    if cluster[1].since - cluster[0].since <= threshold.window / _GAPS_A_WINDOW:
        return cluster
    rest = _cluster(kin, cluster[1:], threshold)
    return rest if rest and rest[0] is cluster[1] else cluster


def _number(fault: Fault) -> tuple[str, str, str]:
    return fault.subject.provider, fault.subject.account, fault.subject.number


def _take_out(counted: Counter[Any], key: Any) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]


def _fault(
    key: str, kin: Kin, sharing: list[Fault], own: Ticket | None, other: Fault | None
) -> Fault:
    """The common cause as a fault, as though a rule had fired for it.

    ``other`` is the same cause as inferred from faults that are alike in another way.
    """
    severity = min((it.severity for it in sharing), key=WORST_FIRST.index)
    since = min(it.since for it in sharing) if own is None else own.started_at
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
        alert_names=names,
        samples=tuple(it.subject for it in sharing[:_MOST_SAMPLES]),
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
