"""What begins when a fault is told of that has no open ticket: a new one, the old one, or nothing.

A person's close is respected (ticketing.md §4, 9): said to be repaired, the ticket is reopened
when the fault is still there after the hold; said to be left alone, it is muted until its
recovery has been seen.
"""

from collections.abc import Iterator

from agent.states import Stage
from agent.tickets.decide.decision import Decision, Policy, Transition
from agent.tickets.decide.faults import Fault
from agent.tickets.resolution import MUTING
from agent.tickets.ticket import Ticket


def begin(fault: Fault, closed: Ticket | None, policy: Policy, now: float) -> Iterator[Decision]:
    """What follows for ``fault``, whose newest ticket is ``closed``."""
    if closed is None or closed.closed_at is None:
        yield Decision(Transition.OPEN, fault.key, fault.told, fault)
        return
    ago = now - closed.closed_at
    goes_on = bool(closed.closed_by) and fault.since <= closed.closed_at
    if _is_left_alone(closed) and (goes_on or ago <= policy.reopen_window):
        reason = f"{fault.told} on; {_closed(closed)}, so it is left alone until it is over"
        yield Decision(Transition.MUTE, fault.key, reason, fault)
    elif goes_on:
        if ago >= policy.hold:
            reason = f"{_closed(closed)} {ago:.0f} s ago, and {fault.told} still"
            yield Decision(Transition.REOPEN, fault.key, reason, fault)
    elif ago <= policy.reopen_window:
        reason = f"{fault.told} again {ago:.0f} s after it was closed"
        yield Decision(Transition.REOPEN, fault.key, reason, fault)
    else:
        reason = f"{fault.told}; the last episode, {closed.id}, ended {ago:.0f} s ago"
        yield Decision(Transition.OPEN, fault.key, reason, fault)


def _is_left_alone(closed: Ticket) -> bool:
    by_person = bool(closed.closed_by)
    return by_person and (closed.resolution in MUTING or closed.stage is Stage.REJECTED)


def _closed(closed: Ticket) -> str:
    return f"{closed.closed_by} closed it as {closed.resolution}"
