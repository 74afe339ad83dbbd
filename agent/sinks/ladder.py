"""Which steps of the ladder are due for a ticket that nobody has accepted. Pure.

The id of a notice is made of the ticket, the step, the sink and how many people before could not
be reached, and never of the person: whoever is on call when the agent starts again, a step that
was told is not told once more.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Final

import msgspec

from agent.config.on_call import OnCall
from agent.sinks.quiet_hours import held_until
from agent.sinks.rota import order_at
from agent.states import Grade, Severity

LATEST: Final = 7 * 86_400.0
"""Seconds after which a step that could not be told is told no more."""


class NoticeState(Enum):
    """What became of a notice that was queued."""

    PENDING = auto()
    """Queued, sent or delivered: nobody else is told for it."""
    FAILED = auto()
    """It will not reach its person."""


class Unaccepted(msgspec.Struct, frozen=True):
    """An open ticket that nobody has accepted."""

    id: str
    severity: Severity
    grade: Grade
    detected_at: float


class Notice(msgspec.Struct, frozen=True):
    """One person, to be told of one ticket by one sink."""

    id: str
    sink: str
    person: str


def notices_due(
    policy: OnCall,
    ticket: Unaccepted,
    known: Mapping[str, NoticeState],
    now: float,
    zone: str,
) -> Iterator[Notice]:
    """The notices to queue at ``now``, besides those of ``known``, which are given by id."""
    if held_until(policy.quiet_hours, ticket.severity, ticket.grade, now, zone) is not None:
        return
    order = order_at(policy.rota, now, zone)
    for number, step in enumerate(policy.ladder):
        due = ticket.detected_at + step.after
        if not due <= now < due + LATEST:
            continue
        for sink in step.sinks:
            attempt = _next_attempt(ticket.id, number, sink, known)
            if attempt is not None and attempt < len(order):
                person = order[(step.turn + attempt) % len(order)]
                yield Notice(notice_id(ticket.id, number, sink, attempt), sink, person)


def notice_id(ticket: str, step: int, sink: str, attempt: int) -> str:
    """The id of a notice; the same in every attempt to deliver it and after every restart."""
    return f"{ticket}_step{step}_{sink}_{attempt}"


def _next_attempt(
    ticket: str, step: int, sink: str, known: Mapping[str, NoticeState]
) -> int | None:
    """How many people could not be reached for the step; ``None`` while somebody may have been."""
    attempt = 0
    while (state := known.get(notice_id(ticket, step, sink, attempt))) is not None:
        if state is not NoticeState.FAILED:
            return None
        attempt += 1
    return attempt
