"""One round of alerts and facts, and what the manager works out from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.checks.carriers import carrier_of
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


def known_of(
    faults: Mapping[str, Fault], fleet: Fleet
) -> tuple[dict[str, NumberState], dict[str, str]]:
    """States and base carriers of the numbers that faults are about, by key, where listed."""
    states: dict[str, NumberState] = {}
    carriers: dict[str, str] = {}
    for key, fault in faults.items():
        if fault.subject.number:
            snapshot = fleet.get(fault.subject.provider, fault.subject.account)
            listed = find_number(snapshot, fault.subject.number)
            if listed is not None:
                states[key] = listed.state
                carriers[key] = carrier_of(listed.number, listed.carrier)
    return states, carriers


def by_ticket(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Decisions by their ticket's key, in order; a root's come before its members'."""
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.key, []).append(decision)
    return groups
