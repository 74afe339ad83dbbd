"""Alerts about numbers that left their account: what a ticket knows already is no news; pure.

The series of a number that was taken back say so for as long as its account is watched, and its
alert fires all that time. Such an alert opens one ticket at most. From then on it counts as ended,
and the ticket ends as gone unless the number comes back (docs/reference/domain.md §1: what was
reclaimed is never had again).
"""

from collections.abc import Collection, Iterator, Mapping
from math import inf

from agent.fleet import Fleet
from agent.tickets.decide.common_cause import kin_of
from agent.tickets.decide.faults import NOTHING_KNOWN, Fault, Traits
from agent.tickets.decide.hierarchy import PROBES
from agent.tickets.forms import Resolution
from agent.tickets.key import key_of
from agent.tickets.lines import has_left, new_subject
from agent.tickets.ticket import Subject, Ticket

_ENDS_WITH_IT = frozenset(
    {
        *("binding_down", "redundancy", "network_mismatch", "illegal_transition"),
        *("drift", "lint", "marked", "contract", "reclaim", "realname", "recordings"),
        "inspection",
        *("answer_rate", "busy_rate", "capacity", "unusual_calls"),
        *PROBES,
    }
)
"""Symptoms that mean nothing once the number is gone: that it is out of service tells all."""
_UNKNOWN = -inf

Departures = Mapping[str, float]
"""By the key of a fault, when its number left, epoch seconds; minus infinity where unknown."""


def departures(faults: Mapping[str, Fault], fleet: Fleet, now: float) -> Departures:
    """The faults whose number fresh listings show at no account any more."""
    return {
        key: min(_left_at(it, fleet) for it in (fault.subject, *fault.elsewhere))
        for key, fault in faults.items()
        if all(_is_nowhere(it, fleet, now) for it in (fault.subject, *fault.elsewhere))
    }


def left(subjects: Mapping[str, Subject], fleet: Fleet, now: float) -> frozenset[str]:
    """The keys of those ``subjects`` whose number fresh listings show at no account any more."""
    return frozenset(key for key, it in subjects.items() if _is_nowhere(it, fleet, now))


def _is_nowhere(subject: Subject, fleet: Fleet, now: float) -> bool:
    if not subject.number or not has_left(subject, fleet, now):
        return False
    return new_subject(subject, (), fleet, now) is None


def _left_at(subject: Subject, fleet: Fleet) -> float:
    snapshot = fleet.get(subject.provider, subject.account)
    if snapshot is None:
        return _UNKNOWN
    change = snapshot.previous_states.get(subject.number)
    return snapshot.gone_at.get(subject.number, _UNKNOWN if change is None else change[2])


def keys_of_departed(
    departed: Departures, faults: Mapping[str, Fault], traits: Mapping[str, Traits]
) -> set[str]:
    """The keys of the tickets that may know of ``departed``: their own, and of common causes."""
    causes = (it for key in departed for it in _causes(key, faults[key], traits))
    return {*departed, *causes}


def _causes(key: str, fault: Fault, traits: Mapping[str, Traits]) -> Iterator[str]:
    known = traits.get(key, NOTHING_KNOWN)
    return (key_of(kin.subject) for kin in kin_of(fault.subject, known))


def without_known(
    faults: Mapping[str, Fault],
    departed: Departures,
    traits: Mapping[str, Traits],
    tickets: Mapping[str, Ticket],
    ended: Mapping[str, Ticket],
) -> dict[str, Fault]:
    """``faults`` without those of departed numbers that a ticket knows, or that tell nothing.

    Args:
        faults: What fires, by key.
        departed: Those of them whose number has left.
        traits: What is known of the faults' numbers, by key.
        tickets: The open tickets by key.
        ended: The newest ended tickets of :func:`keys_of_departed`, by key.
    """
    if not departed:
        return dict(faults)
    members = {
        member.key
        for ticket in tickets.values()
        for member in ticket.members
        if member.left_at is None
    }
    known = tickets.keys() | members

    def is_news(key: str, fault: Fault) -> bool:
        if key not in departed:
            return True
        if key in known or fault.subject.symptom in _ENDS_WITH_IT:
            return False
        former = (ended.get(it) for it in (key, *_causes(key, fault, traits)))
        return not any(it and _knew(it, fault, departed[key]) for it in former)

    return {key: fault for key, fault in faults.items() if is_news(key, fault)}


def _knew(ended: Ticket, fault: Fault, left_at: float) -> bool:
    """Whether ``ended`` was about the same departure of the fault's number."""
    if ended.closed_at is None:
        return False
    if ended.key != fault.key and fault.key not in _members(ended):
        return False
    if left_at != _UNKNOWN:
        return left_at <= ended.closed_at
    return ended.resolution == Resolution.GONE or fault.since <= ended.closed_at


def _members(ticket: Ticket) -> Collection[str]:
    return {member.key for member in ticket.members}
