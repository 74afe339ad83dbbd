"""One round of alerts and facts, and what the manager works out from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.fleet import Fleet
from agent.states import NumberState
from agent.tickets.changes import Change
from agent.tickets.decision import Decision, View
from agent.tickets.faults import Fault
from agent.tickets.particulars import find_number
from agent.tickets.ticket import Subject, Ticket


@dataclass
class Round:
    """What one round is about, and what has been written for it so far."""

    view: View
    fleet: Fleet
    now: float
    written: list[Change] = field(default_factory=list)


def watched(tickets: Iterable[Ticket]) -> dict[str, Subject]:
    """Everything whose recovery is watched: the tickets and who is still a member of one."""
    subjects: dict[str, Subject] = {}
    for ticket in tickets:
        subjects[ticket.key] = ticket.subject
        subjects.update((m.key, m.subject) for m in ticket.members if m.left_at is None)
    return subjects


def states_of(faults: Mapping[str, Fault], fleet: Fleet) -> dict[str, NumberState]:
    """The states of the numbers that faults are about, by the fault's key, where listed."""
    states: dict[str, NumberState] = {}
    for key, fault in faults.items():
        if fault.subject.number:
            snapshot = fleet.get(fault.subject.provider, fault.subject.account)
            listed = find_number(snapshot, fault.subject.number)
            if listed is not None:
                states[key] = listed.state
    return states


def by_ticket(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Decisions by their ticket's key, in order; a root's come before its members'."""
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.key, []).append(decision)
    return groups
