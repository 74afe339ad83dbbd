"""The stages of a ticket and the one table of the steps between them.

Whoever moves a ticket goes through :func:`advance`: the agent's own decisions
(``agent/tickets/transitions.py``) and the actions of people, ticket systems and providers
(``agent/tickets/actions/effects.py``). Nothing else sets a ticket's stage, so a step that is not
in the table cannot be written by either way. The stages are those of docs/reference/domain.md §3.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from msgspec.structs import replace

from agent.i18n import Joined, Message, Text
from agent.i18n.words import STAGES, word
from agent.states import ClockName, Grade, Scope, Stage
from agent.tickets.refusal import RefusalError
from agent.tickets.sla import clocks
from agent.tickets.ticket import ENDED, Ticket


@unique
class ActorKind(StrEnum):
    """Who acts on a ticket."""

    AGENT = "agent"
    PERSON = "person"
    TICKET_SYSTEM = "ticket_system"
    PROVIDER = "provider"


@unique
class Guard(StrEnum):
    """A condition of a step; the caller states which conditions hold."""

    REASON_GIVEN = "reason_given"
    RECOVERY_VERIFIED = "recovery_verified"
    """Enough polls newer than the last alert found the subject healthy."""
    RECOVERY_HELD = "recovery_held"
    """The verified recovery lasted for ``tickets.hold``."""
    WITHIN_REOPEN_WINDOW = "within_reopen_window"
    PARENT_OPEN = "parent_open"
    ANSWERED = "confirmed_or_waived"
    """Confirmed by the customer or waived, where the grade requires it."""
    RESOLUTION_GIVEN = "resolution_given"
    REJECTION_GIVEN = "rejection_given"
    FORM_FILLED = "form_filled"
    NONE_OTHER_OPEN = "none_other_open"
    """No other ticket of the same fault is open."""
    NOTHING_LEFT = "nothing_left"
    """The subject no longer exists, or the fault turned out to be none of its own."""


class IllegalTransitionError(RefusalError):
    """The table has no such step; the text names both stages and the reason."""


_WORDS: Final[Mapping[str, Message]] = {
    ActorKind.AGENT: Message("the agent"),
    ActorKind.PERSON: Message("a person"),
    ActorKind.TICKET_SYSTEM: Message("a ticket system"),
    ActorKind.PROVIDER: Message("the provider"),
    Guard.REASON_GIVEN: Message("a reason"),
    Guard.RECOVERY_VERIFIED: Message("a recovery that polls have verified"),
    Guard.RECOVERY_HELD: Message("a recovery that has held"),
    Guard.WITHIN_REOPEN_WINDOW: Message("the time in which a ticket is opened again"),
    Guard.PARENT_OPEN: Message("an open ticket of the wider fault"),
    Guard.ANSWERED: Message("the customer's confirmation, or that it is waived"),
    Guard.RESOLUTION_GIVEN: Message("why it is closed"),
    Guard.REJECTION_GIVEN: Message("why it is given back"),
    Guard.FORM_FILLED: Message("the whole confirmation form"),
    Guard.NONE_OTHER_OPEN: Message("that no other ticket of the fault is open"),
    Guard.NOTHING_LEFT: Message("that nothing of the fault is left"),
}
Permissions = Mapping[ActorKind, frozenset[Guard]]
"""Who may take a step, and the guards that must hold when they do."""


@dataclass(frozen=True)
class _Row:
    """One row of the table: any of ``sources`` to ``target``, for each of ``actors``."""

    sources: tuple[Stage, ...]
    target: Stage
    actors: tuple[ActorKind, ...]
    guards: tuple[Guard, ...] = (Guard.REASON_GIVEN,)


INITIAL_STAGE = Stage.DETECTED
"""The stage in which the agent opens a ticket."""

RECOVERED = frozenset({Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED})
"""Stages in which the fault counts as over although the ticket is still open."""

_AGENT = (ActorKind.AGENT,)
_PEOPLE = (ActorKind.PERSON, ActorKind.TICKET_SYSTEM)
_OUTSIDE = (*_PEOPLE, ActorKind.PROVIDER)
_EVERYONE = (*_AGENT, *_OUTSIDE)

_UNTOUCHED = (Stage.DETECTED, Stage.DIAGNOSING, Stage.REOPENED)
_UNDER_HANDLING = (*_UNTOUCHED, Stage.REPORTED, Stage.ACCEPTED)
_FIELD = (Stage.DISPATCHED, Stage.ON_SITE)
_FAULTY = (*_UNDER_HANDLING, Stage.CARRIER_ESCALATED, *_FIELD)
"""Stages in which the fault lasts and nothing hides it."""
_UNRESOLVED = (*_FAULTY, Stage.OBSERVING)
_RECOVERED = (Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED)
_PEOPLES_CLOSE = (Guard.REASON_GIVEN, Guard.RESOLUTION_GIVEN, Guard.ANSWERED)

_TABLE = (
    _Row((Stage.DETECTED,), Stage.REPORTED, _EVERYONE),
    _Row((Stage.DIAGNOSING, Stage.REOPENED), Stage.REPORTED, _OUTSIDE),
    _Row((*_UNTOUCHED, Stage.REPORTED), Stage.ACCEPTED, _OUTSIDE),
    _Row((Stage.REJECTED,), Stage.ACCEPTED, _OUTSIDE, (Guard.REASON_GIVEN, Guard.NONE_OTHER_OPEN)),
    _Row(
        (Stage.REPORTED, Stage.ACCEPTED),
        Stage.REJECTED,
        _OUTSIDE,
        (Guard.REASON_GIVEN, Guard.REJECTION_GIVEN),
    ),
    _Row(
        (
            *(stage for stage in _FAULTY if stage is not Stage.DIAGNOSING),
            *(Stage.OBSERVING, Stage.SUPPRESSED, *_RECOVERED),
        ),
        Stage.DIAGNOSING,
        _EVERYONE,
    ),
    _Row((*_UNDER_HANDLING, *_FIELD), Stage.CARRIER_ESCALATED, _OUTSIDE),
    _Row((*_UNDER_HANDLING, Stage.CARRIER_ESCALATED), Stage.DISPATCHED, _OUTSIDE),
    _Row((Stage.DISPATCHED,), Stage.ON_SITE, _OUTSIDE),
    _Row((*_UNRESOLVED, *_RECOVERED), Stage.SUPPRESSED, _AGENT, (Guard.PARENT_OPEN,)),
    _Row(_FAULTY, Stage.OBSERVING, _AGENT, (Guard.RECOVERY_VERIFIED,)),
    _Row((*_UNRESOLVED, Stage.SUPPRESSED), Stage.RESTORED, _AGENT, (Guard.RECOVERY_HELD,)),
    _Row(_UNRESOLVED, Stage.RESTORED, _OUTSIDE),
    _Row((Stage.RESTORED,), Stage.REPAIRED, _OUTSIDE),
    _Row((Stage.RESTORED, Stage.REPAIRED), Stage.TESTING, _EVERYONE),
    _Row(
        (Stage.RESTORED, Stage.REPAIRED, Stage.TESTING),
        Stage.CONFIRMED,
        _PEOPLE,
        (Guard.REASON_GIVEN, Guard.FORM_FILLED),
    ),
    _Row(_RECOVERED, Stage.CLOSED, _AGENT, (Guard.RECOVERY_HELD, Guard.ANSWERED)),
    _Row((*_UNRESOLVED, Stage.SUPPRESSED), Stage.CLOSED, _AGENT, (Guard.NOTHING_LEFT,)),
    _Row((*_UNRESOLVED, Stage.SUPPRESSED, *_RECOVERED), Stage.CLOSED, _PEOPLE, _PEOPLES_CLOSE),
    _Row((Stage.CLOSED,), Stage.REOPENED, _AGENT, (Guard.WITHIN_REOPEN_WINDOW,)),
    _Row((Stage.CLOSED,), Stage.REOPENED, _PEOPLE, (Guard.REASON_GIVEN, Guard.NONE_OTHER_OPEN)),
)


def _by_source(
    rows: Collection[_Row],
) -> dict[Stage, dict[Stage, dict[ActorKind, frozenset[Guard]]]]:
    table: dict[Stage, dict[Stage, dict[ActorKind, frozenset[Guard]]]] = {it: {} for it in Stage}
    for row in rows:
        for source in row.sources:
            permissions = table[source].setdefault(row.target, {})
            permissions.update(dict.fromkeys(row.actors, frozenset(row.guards)))
    return table


TRANSITIONS: Mapping[Stage, Mapping[Stage, Permissions]] = _by_source(_TABLE)
"""The allowed steps by source and target stage; a step that is not listed is not allowed."""


def is_allowed(source: Stage, target: Stage, actor: ActorKind) -> bool:
    """Whether ``actor`` may take the step, provided that its guards hold."""
    return actor in TRANSITIONS[source].get(target, {})


def require(
    source: Stage, target: Stage, holds: Collection[Guard], actor: ActorKind = ActorKind.AGENT
) -> Stage:
    """Returns ``target`` when the table lets ``actor`` take the step and its guards hold.

    Raises:
        IllegalTransitionError: otherwise.
    """
    permissions = TRANSITIONS[source].get(target)
    if permissions is None:
        raise _illegal(Message("a ticket cannot go from {source} to {target}"), source, target)
    if actor not in permissions:
        problem = Message("from {source} to {target} is not for {actor} to do, only for {allowed}")
        raise _illegal(problem, source, target, actor=[actor], allowed=sorted(permissions))
    missing = sorted(permissions[actor].difference(holds))
    if missing:
        problem = Message("from {source} to {target} needs {needs}, which does not hold")
        raise _illegal(problem, source, target, needs=missing)
    return target


def _illegal(
    problem: Message, source: Stage, target: Stage, **more: Sequence[str]
) -> IllegalTransitionError:
    """The refusal of a step, with codes for programs and words for people."""
    stages = {"source": source.value, "target": target.value}
    codes = {**stages, **{name: ", ".join(several) for name, several in more.items()}}
    words: dict[str, Text | str] = {name: word(code, STAGES) for name, code in stages.items()}
    words |= {
        name: Joined(tuple(word(code, _WORDS) for code in several), ", ")
        for name, several in more.items()
    }
    return IllegalTransitionError(problem.with_values(**codes), words=words)


def advance(
    ticket: Ticket,
    target: Stage,
    holds: Collection[Guard],
    now: float,
    actor: ActorKind = ActorKind.AGENT,
) -> Ticket:
    """Returns ``ticket`` in stage ``target``, with what that stage implies.

    Entering an ended stage stops the clocks and releases the members. Leaving an ended stage,
    or going back from a recovery to the diagnosis, withdraws the recovery.

    Raises:
        IllegalTransitionError: when the table does not allow the step.
    """
    moved = replace(ticket, stage=require(ticket.stage, target, holds, actor))
    if target in ENDED:
        return _ended(moved, now)
    if ticket.stage in ENDED or (ticket.stage in RECOVERED and target is Stage.DIAGNOSING):
        return _recovery_withdrawn(moved, now)
    return moved


def _ended(ticket: Ticket, now: float) -> Ticket:
    members = tuple(
        replace(member, left_at=now, left_for="closed") if member.left_at is None else member
        for member in ticket.members
    )
    return replace(ticket, closed_at=now, members=members, clocks=clocks.stop(ticket.clocks, now))


def _recovery_withdrawn(ticket: Ticket, now: float) -> Ticket:
    """The ticket as though it had never been restored or closed.

    Clocks that the restoration stopped were running all along. A contact or an arrival that came
    before the restoration did take place, so its clock stays stopped.
    """
    over = ticket.restored_at if ticket.restored_at is not None else ticket.closed_at
    if over is not None:
        over += clocks.set_since_stop(ticket.clocks, ClockName.RESTORE)
    stops = {name: clocks.stopped_at(ticket.clocks, name) for name in ClockName}
    by_restoration = [
        name
        for name, at in stops.items()
        if name is ClockName.RESTORE or (at is not None and over is not None and at >= over)
    ]
    return replace(
        ticket,
        clocks=clocks.void(ticket.clocks, now, *by_restoration),
        outcome="",
        restored_at=None,
        closed_at=None,
        resolution="",
        closed_by="",
        muted=False,
        confirmation=None,
        waiver=None,
    )


def restored(ticket: Ticket, at: float) -> Ticket:
    """Records that service was back at ``at``, which stops every clock."""
    return replace(
        ticket, outcome="restored", restored_at=at, clocks=clocks.stop(ticket.clocks, at)
    )


_CONFIRMABLE = frozenset({Scope.NUMBER, Scope.BINDING})
"""Scopes that one customer can confirm; a wider fault is over when all its members are."""


def needs_confirmation(ticket: Ticket, grades: Collection[Grade]) -> bool:
    """Whether :attr:`Guard.ANSWERED` does not hold yet for closing ``ticket``.

    ``grades`` are those whose tickets close only after the customer's confirmation or a recorded
    waiver (docs/reference/domain.md §3). A suppressed ticket is over with its parent.
    """
    if ticket.stage is Stage.SUPPRESSED or ticket.subject.scope not in _CONFIRMABLE:
        return False
    answered = ticket.stage is Stage.CONFIRMED or ticket.waiver is not None
    return ticket.grade in grades and not answered
