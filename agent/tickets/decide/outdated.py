"""Faults that still fire while newer facts show them to be over; pure.

An alert is as old as the evaluation it comes from, and the facts beside it may be newer. What
such a fault has in common with others cannot be told from these facts: a number that was suspended
for want of money and is active again would look as though its provider had failed it. So no wider
cause is inferred from it, and where a wider fault has its ticket already, it stays with that one
until its alert has ended or facts show it broken again.
"""

import math
from collections.abc import Mapping
from typing import Self

import msgspec

from agent.fleet import Fleet
from agent.states import IN_SERVICE_STATES
from agent.tickets.decide.decision import Finding, Recovery
from agent.tickets.decide.faults import NOTHING_KNOWN, Fault, Traits
from agent.tickets.ticket import Ticket

_OF_THE_NUMBER = frozenset({"number_down", "network_mismatch"})
_OF_ITS_PHONES = frozenset({"binding_down", "redundancy"})


class FiringFaults(msgspec.Struct, frozen=True):
    """The faults of one round, and which of them facts contradict."""

    reported: Mapping[str, Fault]
    """All but :attr:`in_doubt`, by key."""
    certain: Mapping[str, Fault]
    """Those that no newer fact contradicts: causes in common are inferred from these alone."""
    in_doubt: frozenset[str]
    """Keys of members of a wider fault's ticket that facts contradict: as good as pending."""

    @classmethod
    def of(
        cls,
        faults: Mapping[str, Fault],
        traits: Mapping[str, Traits],
        tickets: Mapping[str, Ticket],
        recovery: Recovery,
        fleet: Fleet,
        now: float,
    ) -> Self:
        """Tells the faults apart by what ``recovery`` says of those that may be over."""
        over = {
            key
            for key, fault in faults.items()
            if _may_be_over(fault, traits.get(key, NOTHING_KNOWN))
            and _is_good(fault, recovery, fleet, now)
        }
        members = {
            member.key
            for ticket in tickets.values()
            for member in ticket.members
            if member.left_at is None
        }
        in_doubt = frozenset(over & members)
        return cls(
            {key: fault for key, fault in faults.items() if key not in in_doubt},
            {key: fault for key, fault in faults.items() if key not in over},
            in_doubt,
        )


def _may_be_over(fault: Fault, traits: Traits) -> bool:
    """Whether the facts can contradict the fault; most they do not, and those are not assessed."""
    symptom = fault.subject.symptom
    # Alerts of other systems have no value of ours; they rest on facts of their own.
    if any(math.isnan(alert.value) for alert in fault.alerts):
        return False
    if symptom in _OF_THE_NUMBER:
        return traits.state in IN_SERVICE_STATES
    return symptom in _OF_ITS_PHONES and not traits.phones


def _is_good(fault: Fault, recovery: Recovery, fleet: Fleet, now: float) -> bool:
    assessment = recovery(fault.subject, fleet, now)
    return assessment is not None and assessment.finding is Finding.GOOD
