"""Positive evidence that a fault is over, by symptom: looked for, never inferred.

A recovery is told from fresh facts alone. Facts that are stale, unmapped, missing or of a
number that is gone are unknown (reliability.md §1; ticketing.md §4, restore verified).
"""

from collections.abc import Callable, Iterable, Mapping

from agent.checks.checked import Checked
from agent.fleet import Fleet
from agent.model import Snapshot
from agent.states import REACHABLE_STATES, BindingState, Capability, Scope
from agent.tickets.evidence import Assessment, Finding, Recovery
from agent.tickets.particulars import find_number, snapshots_of
from agent.tickets.ticket import Subject

CheckedOf = Callable[[str, str], Checked | None]
"""The newest checked facts of an account, by provider and account."""

_Look = tuple[Finding, str]
_Looker = Callable[[Checked, Subject, float], _Look]

_GOOD, _BAD, _UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def recovery_by_facts(checked_of: CheckedOf) -> Recovery:
    """The recovery evidence that ``checked_of``'s facts give."""

    def look(subject: Subject, fleet: Fleet, now: float) -> Assessment | None:
        if subject.scope is Scope.AGENT:
            return Assessment(_GOOD, "the agent tells of it no more", now)
        snapshots = tuple(snapshots_of(subject, fleet))
        if not any(map(_was_polled, snapshots)):
            return None
        needed, looker = _TABLE.get(subject.symptom, _POLLED)
        return _joined([_look(it, needed, looker, subject, checked_of, now) for it in snapshots])

    return look


def _was_polled(snapshot: Snapshot) -> bool:
    return any(status.last_attempt is not None for status in snapshot.polls.values())


def _look(
    snapshot: Snapshot,
    needed: frozenset[Capability],
    looker: _Looker,
    subject: Subject,
    checked_of: CheckedOf,
    now: float,
) -> Assessment:
    checked = checked_of(snapshot.provider, snapshot.account)
    if checked is None:
        return Assessment(_UNKNOWN, f"{snapshot.key} is not checked yet")
    polled = (needed or frozenset(snapshot.polls)) & frozenset(checked.snapshot.polls)
    stale = [it.value for it in sorted(polled) if not checked.is_fresh(it, now)]
    if stale or not polled:
        return Assessment(_UNKNOWN, f"no fresh {', '.join(stale) or 'facts'} of {snapshot.key}")
    finding, reason = looker(checked, subject, now)
    seen = (checked.snapshot.polls[it].last_success or 0.0 for it in polled)
    return Assessment(finding, reason, min(seen))


def _joined(looks: Iterable[Assessment]) -> Assessment:
    """All must be good; one that is bad, then one that is unknown, speaks for the whole."""
    ordered = list(looks)
    for finding in (_BAD, _UNKNOWN):
        for look in ordered:
            if look.finding is finding:
                return look
    return Assessment(_GOOD, ordered[0].reason, min(look.seen_at for look in ordered))


def _number_down(checked: Checked, subject: Subject, now: float) -> _Look:
    listed = find_number(checked.snapshot, subject.number)
    if listed is None:
        return _UNKNOWN, f"{subject.number} is not in the account's listing"
    up = checked.is_up(subject.number)
    state = checked.number_state(subject.number)
    if up is None:
        return _UNKNOWN, f"the state of {subject.number} is {state}"
    if not up:
        return _BAD, f"{subject.number} is {state}"
    if Capability.REACHABILITY not in checked.snapshot.polls:
        return _GOOD, f"{subject.number} is {state}"
    return _some_phone(checked, subject, now)


def _some_phone(checked: Checked, subject: Subject, now: float) -> _Look:
    if not checked.is_fresh(Capability.REACHABILITY, now):
        return _UNKNOWN, f"no fresh reachability of {subject.number}"
    bound = checked.bindings(subject.number)
    if not bound:
        return _UNKNOWN, f"no phones of {subject.number} are known"
    states = {phone.state for phone in bound.values()}
    if states & REACHABLE_STATES:
        return _GOOD, f"{subject.number} is in service and a phone behind it can be reached"
    if BindingState.UNKNOWN in states:
        return _UNKNOWN, f"whether a phone behind {subject.number} can be reached is not known"
    return _BAD, f"no phone behind {subject.number} can be reached"


def _binding_down(checked: Checked, subject: Subject, now: float) -> _Look:
    if subject.scope is not Scope.BINDING:
        return _some_phone(checked, subject, now)
    bound = checked.bindings(subject.number)
    if bound is None:
        return _UNKNOWN, f"no phones of {subject.number} are known"
    phone = bound.get(subject.binding)
    if phone is None:
        return _GOOD, f"{subject.binding} is no longer bound behind {subject.number}"
    if phone.state is BindingState.UNKNOWN:
        return _UNKNOWN, f"the state of {subject.binding} is unknown"
    finding = _GOOD if phone.state in REACHABLE_STATES else _BAD
    return finding, f"{subject.binding} is {phone.state}"


def _redundancy(checked: Checked, subject: Subject, _now: float) -> _Look:
    reachable = checked.reachable(subject.number)
    if reachable is None:
        return _UNKNOWN, f"how many phones of {subject.number} can be reached is not known"
    bound = checked.bindings(subject.number) or {}
    enough = reachable > 1 or 0 < reachable == len(bound)
    reason = f"{reachable} of {len(bound)} phones behind {subject.number} can be reached"
    return (_GOOD if enough else _BAD), reason


def _balance(checked: Checked, _subject: Subject, _now: float) -> _Look:
    money = checked.money
    if money is None:
        return _UNKNOWN, f"the balance of {checked.snapshot.key} is not known"
    told = f"the balance is {money.balance.amount:.2f} {money.balance.currency}"
    if money.below_stop or money.at_notice:
        return _BAD, told
    if money.cap_reached:
        return _BAD, "the month's spend cap is reached"
    return _GOOD, told


def _drift(checked: Checked, subject: Subject, _now: float) -> _Look:
    sections = checked.drift_sections(subject.number)
    if sections:
        return _BAD, f"{', '.join(sections)} of {subject.number} differ from the baseline"
    if not checked.drift_known(subject.number):
        return _UNKNOWN, f"the configuration of {subject.number} is not known"
    return _GOOD, f"the configuration of {subject.number} is the approved one"


def _contract(checked: Checked, subject: Subject, now: float) -> _Look:
    number = find_number(checked.snapshot, subject.number)
    if number is None:
        return _UNKNOWN, f"{subject.number} is not in the account's listing"
    if number.contract_end is not None and number.contract_end <= now:
        return _BAD, f"the contract of {subject.number} has ended"
    return _GOOD, f"the contract of {subject.number} runs on"


def _network_mismatch(checked: Checked, subject: Subject, _now: float) -> _Look:
    if find_number(checked.snapshot, subject.number) is None:
        return _UNKNOWN, f"{subject.number} is not in the account's listing"
    if checked.is_mismatch(subject.number):
        return _BAD, f"the network state of {subject.number} contradicts its business state"
    if checked.is_up(subject.number) is None:
        return _UNKNOWN, f"the state of {subject.number} is unknown"
    return _GOOD, f"the states of {subject.number} agree"


def _provider_api(checked: Checked, _subject: Subject, _now: float) -> _Look:
    failing = [
        f"{capability} ({status.failure})"
        for capability, status in sorted(checked.snapshot.polls.items())
        if status.failure is not None
    ]
    if failing:
        return _BAD, f"polls of {checked.snapshot.key} fail: {', '.join(failing)}"
    return _GOOD, f"every poll of {checked.snapshot.key} succeeds"


def _answers(checked: Checked, _subject: Subject, _now: float) -> _Look:
    return _GOOD, f"{checked.snapshot.key} is polled and no alert tells of it"


_EVERYTHING: frozenset[Capability] = frozenset()
"""Whatever the account is polled for."""

_POLLED: tuple[frozenset[Capability], _Looker] = (_EVERYTHING, _answers)
"""For a symptom nobody described: fresh facts all round, and no alert any more."""

_CONFIGURATION = frozenset({Capability.ROUTING, Capability.REACHABILITY})

_TABLE: Mapping[str, tuple[frozenset[Capability], _Looker]] = {
    "number_down": (frozenset({Capability.NUMBERS}), _number_down),
    "binding_down": (frozenset({Capability.REACHABILITY}), _binding_down),
    "redundancy": (frozenset({Capability.REACHABILITY}), _redundancy),
    "balance": (frozenset({Capability.BALANCE}), _balance),
    "drift": (_CONFIGURATION, _drift),
    "contract": (frozenset({Capability.NUMBERS}), _contract),
    "network_mismatch": (frozenset({Capability.NUMBERS}), _network_mismatch),
    "provider_api": (_EVERYTHING, _provider_api),
}
"""What must be fresh for each symptom, and who looks."""
