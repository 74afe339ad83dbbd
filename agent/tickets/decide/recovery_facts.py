"""Assesses from facts whether a fault is over, by symptom.

Only fresh facts are evidence of a recovery. Facts that are stale, unmapped or missing are unknown
(docs/reference/reliability.md §1, docs/reference/ticketing.md §4).
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
    REFUSED_TAGS,
    BindingState,
    Capability,
    NetworkState,
    NumberState,
    Scope,
)
from agent.tickets.decide import recovery_probes as probes
from agent.tickets.decide import recovery_records as records
from agent.tickets.decide.common_cause import LANDING, NUMBERS, PHONES
from agent.tickets.decide.decision import Assessment, Finding, Recovery
from agent.tickets.decide.hierarchy import LEAST_NUMBERS
from agent.tickets.number_details import find_number, snapshots_of
from agent.tickets.ticket import Subject

LEAST_SHARE = 0.05
"""Share of the account's numbers that must be; in a large fleet some number is always down."""

_NOT_THE_NETWORK = np.array(
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
"""States caused by money, the holder or the end of a contract, not by the network."""


def several_numbers(checked: CheckResult, subject: Subject, _now: float) -> tuple[Finding, str]:
    """Whether so many numbers of one account are down that its provider or carrier still is."""
    columns = checked.columns
    candidates = ~np.isin(columns.states, _NOT_THE_NETWORK)
    if subject.carrier:
        candidates &= np.array(
            [carrier == subject.carrier for carrier in columns.carriers], np.bool_
        )
    down = int(np.count_nonzero(candidates & (columns.up == 0)))
    unclear = int(np.count_nonzero(candidates & np.isnan(columns.up)))
    least = max(LEAST_NUMBERS, LEAST_SHARE * len(columns.up))
    reason = f"{down} numbers of {checked.snapshot.key} are down"
    if down >= least:
        return Finding.BAD, reason
    return (Finding.UNKNOWN if down + unclear >= least else Finding.GOOD), reason


CheckedOf = Callable[[str, str], CheckResult | None]
"""The newest check result of an account, by provider and account name."""

_Evidence = tuple[Finding, str]
"""A finding with its reason."""
_Rule = Callable[[CheckResult, Subject, float], _Evidence]
"""Assesses a subject from the facts of one account; the last argument is the time now."""

CONTRACT_NEAR = 30 * DAY_SECONDS
"""Seconds before its end at which a contract is worth a ticket (docs/reference/domain.md §5)."""

_GOOD, _BAD, _UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def recovery_by_facts(checked_of: CheckedOf) -> Recovery:
    """Assesses recoveries from the check results that ``checked_of`` returns."""

    def assess(subject: Subject, fleet: Fleet, now: float) -> Assessment | None:
        if subject.scope is Scope.AGENT:
            # The agent's own alerts rest on its own metrics, which are always fresh.
            return Assessment(_GOOD, "the agent's alert has ended", now)
        snapshots = tuple(snapshots_of(subject, fleet))
        if not any(map(_was_polled, snapshots)):
            return None
        needed, rule = _row(subject.symptom)
        accounts = [_assess(it, needed, rule, subject, checked_of, now) for it in snapshots]
        return _best(accounts) if subject.symptom in _ONE_IS_ENOUGH else _worst(accounts)

    return assess


def _was_polled(snapshot: Snapshot) -> bool:
    return any(status.last_attempt is not None for status in snapshot.polls.values())


def _assess(
    snapshot: Snapshot,
    needed: frozenset[Capability],
    rule: _Rule,
    subject: Subject,
    checked_of: CheckedOf,
    now: float,
) -> Assessment:
    checked = checked_of(snapshot.provider, snapshot.account)
    if checked is None:
        return Assessment(_UNKNOWN, f"{snapshot.key} is not checked yet")
    if subject.symptom in probes.RULES:
        gone = _gone(checked, subject, now)
        return Assessment(*gone) if gone else probes.assess(checked, subject)
    polled = (needed or frozenset(snapshot.polls)) & frozenset(checked.snapshot.polls)
    stale = [it.value for it in sorted(polled) if not checked.is_fresh(it, now)]
    if stale or not polled:
        return Assessment(_UNKNOWN, f"no fresh {', '.join(stale) or 'facts'} of {snapshot.key}")
    finding, reason = _gone(checked, subject, now) or rule(checked, subject, now)
    polled_at = (checked.snapshot.polls[it].last_success or 0.0 for it in polled)
    return Assessment(finding, reason, min(polled_at))


def _gone(checked: CheckResult, subject: Subject, now: float) -> _Evidence | None:
    """GONE for a number that a fresh and complete listing lacks, or lists as given up."""
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


def _worst(accounts: Sequence[Assessment]) -> Assessment:
    """Good only when all are; otherwise the first that is bad, unknown or gone, in this order."""
    for finding in (_BAD, _UNKNOWN, Finding.GONE):
        for account in accounts:
            if account.finding is finding:
                return account
    return Assessment(_GOOD, accounts[0].reason, min(account.seen_at for account in accounts))


def _best(accounts: Sequence[Assessment]) -> Assessment:
    """Good when one is."""
    good = [account for account in accounts if account.finding is _GOOD]
    return max(good, key=lambda account: account.seen_at) if good else _worst(accounts)


def _in_service(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    up = checked.is_up(subject.number)
    state = checked.number_state(subject.number)
    if up is None or find_number(checked.snapshot, subject.number) is None:
        return _UNKNOWN, f"the state of {subject.number} is not known"
    return (_GOOD if up else _BAD), f"{subject.number} is {state}"


def _some_phone(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    phones = checked.bindings(subject.number)
    if not phones:
        return _UNKNOWN, f"no phones of {subject.number} are known"
    states = {phone.state for phone in phones.values()}
    if states & REACHABLE_STATES:
        return _GOOD, f"a phone behind {subject.number} can be reached"
    if BindingState.UNKNOWN in states:
        return _UNKNOWN, f"whether a phone behind {subject.number} can be reached is not known"
    return _BAD, f"no phone behind {subject.number} can be reached"


def _binding_down(checked: CheckResult, subject: Subject, now: float) -> _Evidence:
    if subject.scope is not Scope.BINDING:
        return _some_phone(checked, subject, now)
    phones = checked.bindings(subject.number)
    if phones is None:
        return _UNKNOWN, f"no phones of {subject.number} are known"
    phone = phones.get(subject.binding)
    if phone is None:
        return _GOOD, f"{subject.binding} is no longer bound behind {subject.number}"
    if phone.state is BindingState.UNKNOWN:
        return _UNKNOWN, f"the state of {subject.binding} is unknown"
    finding = _GOOD if phone.state in REACHABLE_STATES else _BAD
    return finding, f"{subject.binding} is {phone.state}"


def _served(checked: CheckResult, subject: Subject, now: float) -> _Evidence:
    """For complaints: the number must be in service and one of its phones reachable."""
    both = (_in_service(checked, subject, now), _some_phone(checked, subject, now))
    return min(both, key=lambda evidence: (_BAD, _UNKNOWN, _GOOD).index(evidence[0]))


def _redundancy(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    reachable = checked.reachable(subject.number)
    if reachable is None:
        return _UNKNOWN, f"how many phones of {subject.number} can be reached is not known"
    phones = checked.bindings(subject.number) or {}
    # A number with a single phone has no redundancy to lose.
    enough = reachable > 1 or 0 < reachable == len(phones)
    reason = f"{reachable} of {len(phones)} phones behind {subject.number} can be reached"
    return (_GOOD if enough else _BAD), reason


def _balance(checked: CheckResult, _subject: Subject, _now: float) -> _Evidence:
    money = checked.money
    if money is None:
        return _UNKNOWN, f"the balance of {checked.snapshot.key} is not known"
    reason = f"the balance is {money.balance.amount:.2f} {money.balance.currency}"
    if money.below_stop or money.at_notice:
        return _BAD, reason
    if money.runway is not None and money.runway < RUNWAY_SHORT:
        return _BAD, f"{reason}, which will not last a week"
    return _GOOD, reason


def _spend_cap(checked: CheckResult, _subject: Subject, _now: float) -> _Evidence:
    money = checked.money
    if money is None or (money.cap_share is None and money.balance.spend_cap):
        return _UNKNOWN, f"the month's spend of {checked.snapshot.key} is not known"
    if money.cap_share is None:
        return _GOOD, f"{checked.snapshot.key} has no spend cap"
    return (
        _GOOD if money.cap_share < CAP_NEAR else _BAD
    ), f"{money.cap_share:.0%} of the cap spent"


def _drift(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    sections = checked.drift_sections(subject.number)
    if sections:
        return _BAD, f"{', '.join(sections)} of {subject.number} differ from the baseline"
    snapshot = checked.snapshot
    is_known = {
        Capability.ROUTING: subject.number in snapshot.routings,
        Capability.REACHABILITY: subject.number in snapshot.bindings,
    }
    missing = not all(is_known[polled] for polled in _CONFIGURATION & frozenset(snapshot.polls))
    if missing or not checked.drift_known(subject.number):
        return _UNKNOWN, f"the whole configuration of {subject.number} is not known"
    return _GOOD, f"the configuration of {subject.number} is the approved one"


def _contract(checked: CheckResult, subject: Subject, now: float) -> _Evidence:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.contract_end is None:
        return _UNKNOWN, f"when the contract of {subject.number} ends is not known"
    if number.contract_end < now + CONTRACT_NEAR:
        return _BAD, f"the contract of {subject.number} ends soon"
    return _GOOD, f"the contract of {subject.number} runs on"


def _reclaim(checked: CheckResult, subject: Subject, now: float) -> _Evidence:
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


def _realname(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.realname_ok is None:
        return _UNKNOWN, f"the real-name registration of {subject.number} is not known"
    if not number.realname_ok:
        return _BAD, f"the real-name registration of {subject.number} is not valid"
    return _GOOD, f"the real-name registration of {subject.number} is valid"


def _marked(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    number = find_number(checked.snapshot, subject.number)
    if number is None or number.marking is None:
        return _UNKNOWN, f"whether {subject.number} is marked is not known"
    if number.marking.tag in REFUSED_TAGS:
        return _BAD, f"{subject.number} is marked as {number.marking.tag}"
    return _GOOD, f"{subject.number} is not marked as a nuisance"


def _network_mismatch(checked: CheckResult, subject: Subject, _now: float) -> _Evidence:
    if checked.is_mismatch(subject.number):
        return _BAD, f"the network state of {subject.number} contradicts its business state"
    known = checked.network_state(subject.number) not in (None, NetworkState.UNKNOWN)
    if not known or checked.number_state(subject.number) is NumberState.UNKNOWN:
        return _UNKNOWN, f"the states of {subject.number} are not known"
    return _GOOD, f"the states of {subject.number} agree"


def _illegal_transition(checked: CheckResult, subject: Subject, now: float) -> _Evidence:
    change = checked.illegal.get(subject.number)
    if find_number(checked.snapshot, subject.number) is None:
        return _UNKNOWN, f"{subject.number} is not listed"
    if change is not None and change[2] > now - DAY_SECONDS:
        return _BAD, f"{subject.number} went from {change[0]} to {change[1]} within a day"
    return _GOOD, f"{subject.number} made no impossible move within a day"


def _listing(checked: CheckResult, _subject: Subject, _now: float) -> _Evidence:
    return _polls(checked, {Capability.NUMBERS})


def _every_poll(checked: CheckResult, _subject: Subject, _now: float) -> _Evidence:
    return _polls(checked, set(checked.snapshot.polls))


def _polls(checked: CheckResult, capabilities: set[Capability]) -> _Evidence:
    polls = checked.snapshot.polls
    failing = [
        it.value for it in sorted(capabilities) if it in polls and polls[it].failure is not None
    ]
    if failing:
        return _BAD, f"polls of {checked.snapshot.key} fail: {', '.join(failing)}"
    return _GOOD, f"polls of {checked.snapshot.key} succeed"


def _without_alert(checked: CheckResult, _subject: Subject, _now: float) -> _Evidence:
    return _GOOD, f"{checked.snapshot.key} is polled and the alert has ended"


_EVERYTHING: frozenset[Capability] = frozenset()
"""Stands for every capability the account is polled for."""

_POLLED: tuple[frozenset[Capability], _Rule] = (_EVERYTHING, _without_alert)
"""For a symptom without a row: all facts are fresh and there is no alert."""

_CONFIGURATION = frozenset({Capability.ROUTING, Capability.REACHABILITY})

_NOT_OURS = frozenset({NumberState.RECLAIMED, NumberState.CANCELLED})
_LISTED = frozenset({Capability.NUMBERS})
_PHONES = frozenset({Capability.REACHABILITY})
_MONEY = frozenset({Capability.BALANCE})
_CALLS = frozenset({Capability.CALLS})

_TABLE: Mapping[str, tuple[frozenset[Capability], _Rule]] = {
    "number_down": (_LISTED, _in_service),
    "network_mismatch": (_LISTED, _network_mismatch),
    "reclaim": (_LISTED, _reclaim),
    "contract": (_LISTED, _contract),
    "realname": (_LISTED, _realname),
    "marked": (_LISTED, _marked),
    "illegal_transition": (_LISTED, _illegal_transition),
    "provider_outage": (_LISTED, several_numbers),
    "carrier_outage": (_LISTED, several_numbers),
    "answer_rate": (_CALLS, _without_alert),
    "busy_rate": (_CALLS, _without_alert),
    "capacity": (_CALLS | {Capability.ROUTING}, records.capacity),
    "unusual_calls": (_CALLS, records.unusual_calls),
    "recordings": (_LISTED | {Capability.ROUTING}, records.recordings),
    "unmapped": (_EVERYTHING, _without_alert),
    "lint": (_CONFIGURATION, _without_alert),
    "inspection": (_LISTED, _without_alert),
    "over_limit": (_EVERYTHING, _without_alert),
    "clock_skew": (_LISTED, _without_alert),
    "binding_down": (_PHONES, _binding_down),
    COMPLAINT: (_LISTED | _PHONES, _served),
    "redundancy": (_PHONES, _redundancy),
    "balance": (_MONEY, _balance),
    "spend_cap": (_MONEY, _spend_cap),
    "charges": (_MONEY | _CALLS, records.charges),
    "drift": (_CONFIGURATION, _drift),
    "provider_api": (_LISTED, _listing),
    "poll_stale": (_EVERYTHING, _every_poll),
    "unowned": (_EVERYTHING, _without_alert),
    "owned_twice": (_EVERYTHING, _without_alert),
}
"""For each symptom the facts that must be fresh, and the rule that assesses them."""

_ONE_IS_ENOUGH = frozenset({"provider_api"})
"""Symptoms that are over when one account is good: an API that answers for one is up."""


def is_assessed(symptom: str) -> bool:
    """Whether facts tell by themselves whether a fault of ``symptom`` is there.

    Of other symptoms, fresh facts only say that nothing is missing.
    """
    return symptom in probes.RULES or _row(symptom)[1] is not _without_alert


def _row(symptom: str) -> tuple[frozenset[Capability], _Rule]:
    """The row of a symptom. Of a common cause, fresh facts are enough: its members are assessed."""
    if symptom == LANDING or symptom.startswith(PHONES):
        return _PHONES, _without_alert
    if symptom.startswith(NUMBERS):
        shared = symptom.removeprefix(NUMBERS)
        if shared in NumberState.__members__.values():
            return _LISTED, _without_alert
        return _TABLE.get(shared, _POLLED)[0], _without_alert
    return _TABLE.get(symptom, _POLLED)
