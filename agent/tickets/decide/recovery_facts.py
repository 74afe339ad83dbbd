"""Positive evidence that a fault is over, by symptom: looked for, never inferred.

A recovery is told from fresh facts alone. Facts that are stale, unmapped, missing or of a
number that is gone are unknown (reliability.md §1; ticketing.md §4, restore verified).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from agent.checks.balance import CAP_NEAR, DAY_SECONDS, RUNWAY_SHORT
from agent.checks.lifecycle import NUMBER_CODES
from agent.checks.result import CheckResult
from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.fleet import Fleet
from agent.model import Snapshot
from agent.states import (
    REACHABLE_STATES,
    BindingState,
    Capability,
    NetworkState,
    NumberState,
    Scope,
)
from agent.tickets.decide.common_cause import LANDING, NUMBERS, PHONES
from agent.tickets.decide.decision import Assessment, Finding, Recovery
from agent.tickets.number_details import find_number, snapshots_of
from agent.tickets.ticket import Subject

LEAST_NUMBERS = 3
"""Numbers that must be down at once for an outage (domain.md §5, ProviderOutage)."""
LEAST_SHARE = 0.05
"""Share of the numbers that must be; in a large fleet some number is always down."""

_OTHERS_TO_BLAME = np.array(
    [
        NUMBER_CODES[state]
        for state in (
            *(NumberState.IDLE, NumberState.PREOCCUPIED, NumberState.REVIEW),
            *(NumberState.REVIEW_REJECTED, NumberState.OPEN_UNFUNDED),
            *(NumberState.SUSPENDED_ARREARS, NumberState.SUSPENDED_REQUESTED),
            *(NumberState.FROZEN, NumberState.EXPIRED),
            *(NumberState.RECLAIMED, NumberState.CANCELLED),
        )
    ]
)
"""States that money, the holder or the end of a contract puts a number in."""


def several_numbers(checked: CheckResult, subject: Subject, _now: float) -> tuple[Finding, str]:
    """What one account's numbers say of an outage of its provider or of a carrier."""
    columns = checked.columns
    alike = ~np.isin(columns.states, _OTHERS_TO_BLAME)
    if subject.carrier:
        alike &= np.array([carrier == subject.carrier for carrier in columns.carriers], np.bool_)
    down = int(np.count_nonzero(alike & (columns.up == 0)))
    unclear = int(np.count_nonzero(alike & np.isnan(columns.up)))
    least = max(LEAST_NUMBERS, LEAST_SHARE * len(columns.up))
    told = f"{down} numbers of {checked.snapshot.key} are down"
    if down >= least:
        return Finding.BAD, told
    return (Finding.UNKNOWN if down + unclear >= least else Finding.GOOD), told


CheckedOf = Callable[[str, str], CheckResult | None]
"""The newest checked facts of an account, by provider and account."""

_Look = tuple[Finding, str]
_Looker = Callable[[CheckResult, Subject, float], _Look]

CONTRACT_NEAR = 30 * DAY_SECONDS
"""Seconds before its end at which a contract is worth a ticket (domain.md §5)."""

_GOOD, _BAD, _UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def recovery_by_facts(checked_of: CheckedOf) -> Recovery:
    """The recovery evidence that ``checked_of``'s facts give."""

    def look(subject: Subject, fleet: Fleet, now: float) -> Assessment | None:
        if subject.scope is Scope.AGENT:
            return Assessment(_GOOD, "the agent tells of it no more", now)
        snapshots = tuple(snapshots_of(subject, fleet))
        if not any(map(_was_polled, snapshots)):
            return None
        needed, looker = _row(subject.symptom)
        looks = [_look(it, needed, looker, subject, checked_of, now) for it in snapshots]
        return _best(looks) if subject.symptom in _ONE_IS_ENOUGH else _worst(looks)

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
    finding, reason = _gone(checked, subject, now) or looker(checked, subject, now)
    seen = (checked.snapshot.polls[it].last_success or 0.0 for it in polled)
    return Assessment(finding, reason, min(seen))


def _gone(checked: CheckResult, subject: Subject, now: float) -> _Look | None:
    """A number that a fresh and complete listing has no more, or has as given up."""
    snapshot = checked.snapshot
    if not subject.number or snapshot.listing is None:
        return None
    if not checked.is_fresh(Capability.NUMBERS, now):
        return None
    number = find_number(snapshot, subject.number)
    if number is None:
        return Finding.GONE, f"{subject.number} is no longer listed at {snapshot.key}"
    if number.state in _NOT_OURS:
        return Finding.GONE, f"{subject.number} is {number.state}"
    return None


def _worst(looks: Sequence[Assessment]) -> Assessment:
    """All must be good; one that is bad, unknown or gone, in this order, speaks for the whole."""
    for finding in (_BAD, _UNKNOWN, Finding.GONE):
        for look in looks:
            if look.finding is finding:
                return look
    return Assessment(_GOOD, looks[0].reason, min(look.seen_at for look in looks))


def _best(looks: Sequence[Assessment]) -> Assessment:
    """One that is good speaks for the whole."""
    good = [look for look in looks if look.finding is _GOOD]
    return max(good, key=lambda look: look.seen_at) if good else _worst(looks)


def _in_service(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    up = checked.is_up(subject.number)
    state = checked.number_state(subject.number)
    if up is None or find_number(checked.snapshot, subject.number) is None:
        return _UNKNOWN, f"the state of {subject.number} is not known"
    return (_GOOD if up else _BAD), f"{subject.number} is {state}"


def _some_phone(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    bound = checked.bindings(subject.number)
    if not bound:
        return _UNKNOWN, f"no phones of {subject.number} are known"
    states = {phone.state for phone in bound.values()}
    if states & REACHABLE_STATES:
        return _GOOD, f"a phone behind {subject.number} can be reached"
    if BindingState.UNKNOWN in states:
        return _UNKNOWN, f"whether a phone behind {subject.number} can be reached is not known"
    return _BAD, f"no phone behind {subject.number} can be reached"


def _binding_down(checked: CheckResult, subject: Subject, now: float) -> _Look:
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


def _served(checked: CheckResult, subject: Subject, now: float) -> _Look:
    """Callers complained: the number must be in service and a phone be within reach."""
    looks = (_in_service(checked, subject, now), _some_phone(checked, subject, now))
    return min(looks, key=lambda look: (_BAD, _UNKNOWN, _GOOD).index(look[0]))


def _redundancy(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    reachable = checked.reachable(subject.number)
    if reachable is None:
        return _UNKNOWN, f"how many phones of {subject.number} can be reached is not known"
    bound = checked.bindings(subject.number) or {}
    enough = reachable > 1 or 0 < reachable == len(bound)
    reason = f"{reachable} of {len(bound)} phones behind {subject.number} can be reached"
    return (_GOOD if enough else _BAD), reason


def _balance(checked: CheckResult, _subject: Subject, _now: float) -> _Look:
    money = checked.money
    if money is None:
        return _UNKNOWN, f"the balance of {checked.snapshot.key} is not known"
    told = f"the balance is {money.balance.amount:.2f} {money.balance.currency}"
    if money.below_stop or money.at_notice:
        return _BAD, told
    if money.runway is not None and money.runway < RUNWAY_SHORT:
        return _BAD, f"{told}, which will not last a week"
    return _GOOD, told


def _spend_cap(checked: CheckResult, _subject: Subject, _now: float) -> _Look:
    money = checked.money
    if money is None or (money.cap_share is None and money.balance.spend_cap):
        return _UNKNOWN, f"the month's spend of {checked.snapshot.key} is not known"
    if money.cap_share is None:
        return _GOOD, f"{checked.snapshot.key} has no spend cap"
    return (
        _GOOD if money.cap_share < CAP_NEAR else _BAD
    ), f"{money.cap_share:.0%} of the cap spent"


def _drift(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    sections = checked.drift_sections(subject.number)
    if sections:
        return _BAD, f"{', '.join(sections)} of {subject.number} differ from the baseline"
    snapshot = checked.snapshot
    told = {
        Capability.ROUTING: subject.number in snapshot.routings,
        Capability.REACHABILITY: subject.number in snapshot.bindings,
    }
    missing = not all(told[polled] for polled in _CONFIGURATION & frozenset(snapshot.polls))
    if missing or not checked.drift_known(subject.number):
        return _UNKNOWN, f"the whole configuration of {subject.number} is not known"
    return _GOOD, f"the configuration of {subject.number} is the approved one"


def _contract(checked: CheckResult, subject: Subject, now: float) -> _Look:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.contract_end is None:
        return _UNKNOWN, f"when the contract of {subject.number} ends is not known"
    if number.contract_end < now + CONTRACT_NEAR:
        return _BAD, f"the contract of {subject.number} ends soon"
    return _GOOD, f"the contract of {subject.number} runs on"


def _reclaim(checked: CheckResult, subject: Subject, now: float) -> _Look:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.state in _NOT_OURS:
        return _UNKNOWN, f"{subject.number} is not the account's any more"
    if checked.is_up(subject.number):
        return _GOOD, f"{subject.number} is in service"
    if number.reclaim_at is None:
        return _UNKNOWN, f"when {subject.number} is reclaimed is not known"
    if number.reclaim_at < now + DAY_SECONDS:
        return _BAD, f"{subject.number} is reclaimed within a day"
    return _GOOD, f"{subject.number} is not reclaimed within a day"


def _realname(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.realname_ok is None:
        return _UNKNOWN, f"the real-name registration of {subject.number} is not known"
    if not number.realname_ok:
        return _BAD, f"the real-name registration of {subject.number} is not valid"
    return _GOOD, f"the real-name registration of {subject.number} is valid"


def _network_mismatch(checked: CheckResult, subject: Subject, _now: float) -> _Look:
    if checked.is_mismatch(subject.number):
        return _BAD, f"the network state of {subject.number} contradicts its business state"
    known = checked.network_state(subject.number) not in (None, NetworkState.UNKNOWN)
    if not known or checked.number_state(subject.number) is NumberState.UNKNOWN:
        return _UNKNOWN, f"the states of {subject.number} are not known"
    return _GOOD, f"the states of {subject.number} agree"


def _illegal_transition(checked: CheckResult, subject: Subject, now: float) -> _Look:
    change = checked.illegal.get(subject.number)
    if find_number(checked.snapshot, subject.number) is None:
        return _UNKNOWN, f"{subject.number} is not listed"
    if change is not None and change[2] > now - DAY_SECONDS:
        return _BAD, f"{subject.number} went from {change[0]} to {change[1]} within a day"
    return _GOOD, f"{subject.number} made no impossible move within a day"


def _listing(checked: CheckResult, _subject: Subject, _now: float) -> _Look:
    return _polls(checked, {Capability.NUMBERS})


def _every_poll(checked: CheckResult, _subject: Subject, _now: float) -> _Look:
    return _polls(checked, set(checked.snapshot.polls))


def _polls(checked: CheckResult, asked: set[Capability]) -> _Look:
    polls = checked.snapshot.polls
    failing = [it.value for it in sorted(asked) if it in polls and polls[it].failure is not None]
    if failing:
        return _BAD, f"polls of {checked.snapshot.key} fail: {', '.join(failing)}"
    return _GOOD, f"polls of {checked.snapshot.key} succeed"


def _answers(checked: CheckResult, _subject: Subject, _now: float) -> _Look:
    return _GOOD, f"{checked.snapshot.key} is polled and no alert tells of it"


_EVERYTHING: frozenset[Capability] = frozenset()
"""Whatever the account is polled for."""

_POLLED: tuple[frozenset[Capability], _Looker] = (_EVERYTHING, _answers)
"""For a symptom nobody described: fresh facts all round, and no alert any more."""

_CONFIGURATION = frozenset({Capability.ROUTING, Capability.REACHABILITY})

_NOT_OURS = frozenset({NumberState.RECLAIMED, NumberState.CANCELLED})
_LISTED = frozenset({Capability.NUMBERS})
_PHONES = frozenset({Capability.REACHABILITY})
_MONEY = frozenset({Capability.BALANCE})
_CALLS = frozenset({Capability.CALLS})

_TABLE: Mapping[str, tuple[frozenset[Capability], _Looker]] = {
    "number_down": (_LISTED, _in_service),
    "network_mismatch": (_LISTED, _network_mismatch),
    "reclaim": (_LISTED, _reclaim),
    "contract": (_LISTED, _contract),
    "realname": (_LISTED, _realname),
    "illegal_transition": (_LISTED, _illegal_transition),
    "provider_outage": (_LISTED, several_numbers),
    "carrier_outage": (_LISTED, several_numbers),
    "answer_rate": (_CALLS, _answers),
    "busy_rate": (_CALLS, _answers),
    "unmapped": (_EVERYTHING, _answers),
    "lint": (_CONFIGURATION, _answers),
    "clock_skew": (_LISTED, _answers),
    "binding_down": (_PHONES, _binding_down),
    COMPLAINT: (_LISTED | _PHONES, _served),
    "redundancy": (_PHONES, _redundancy),
    "balance": (_MONEY, _balance),
    "spend_cap": (_MONEY, _spend_cap),
    "drift": (_CONFIGURATION, _drift),
    "provider_api": (_LISTED, _listing),
    "poll_stale": (_EVERYTHING, _every_poll),
}
"""What must be fresh for each symptom, and who looks."""

_ONE_IS_ENOUGH = frozenset({"provider_api"})
"""An API answers when it answers for one account; the others' silence is their own fault."""


def _row(symptom: str) -> tuple[frozenset[Capability], _Looker]:
    """What tells of a symptom; of a common cause its members tell, where the facts are fresh."""
    if symptom == LANDING or symptom.startswith(PHONES):
        return _PHONES, _answers
    if symptom.startswith(NUMBERS):
        shared = symptom.removeprefix(NUMBERS)
        if shared in NumberState.__members__.values():
            return _LISTED, _answers
        return _TABLE.get(shared, _POLLED)[0], _answers
    return _TABLE.get(symptom, _POLLED)
