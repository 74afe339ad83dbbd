"""The line behind a number: a number that callers dial is one line, whichever account lists it.

A number may be moved to another account, or ported to another provider, while its fault lasts.
For a while both accounts may list it. It stays one fault with one ticket
(docs/tickets.md, A number that moves). The ticket keeps its key, which has the account
it was opened for; so alerts about the line are taken for alerts about that key.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from agent.fleet import Fleet
from agent.model import Alert, Number, Snapshot
from agent.polling.listing import MISSING_REASON
from agent.states import Capability, NumberState, Scope
from agent.tickets.key import key_of, subject_of
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Subject, Ticket

NOT_OURS = frozenset({NumberState.RECLAIMED, NumberState.CANCELLED})
"""States in which a number that is listed does not belong to the account any more."""

_LEAST_DIGITS = 10
_SHORT_CODE = re.compile(r"9[56]\d{3,6}")
"""China's short codes of service hotlines."""
_OF_A_NUMBER = frozenset({Scope.NUMBER, Scope.BINDING})


class Line(msgspec.Struct, frozen=True, gc=False):
    """A subject without the account that lists its number."""

    scope: Scope
    symptom: str
    number: str
    binding: str


def is_public(number: str) -> bool:
    """Whether callers everywhere dial ``number``, so that no two lines have it.

    Extensions of two exchanges may be the same digits and are two lines.
    """
    return len(number.lstrip("+")) >= _LEAST_DIGITS or _SHORT_CODE.fullmatch(number) is not None


def line_of(subject: Subject) -> Line | None:
    """The line of a subject; ``None`` when it is about no number that may move."""
    if subject.scope not in _OF_A_NUMBER or not is_public(subject.number):
        return None
    return Line(subject.scope, subject.symptom, subject.number, subject.binding)


def account_name(subject: Subject) -> str:
    """``provider/account``."""
    return f"{subject.provider}/{subject.account}"


def move_reason(former: Subject, present: Subject) -> str:
    """What a timeline says of a number that moved."""
    what = present.number or "its numbers"
    return f"{what} moved from {account_name(former)} to {account_name(present)}"


def holds(snapshot: Snapshot, number: str) -> bool:
    """Whether the account's newest listing has ``number`` as one of its own."""
    listed = find_number(snapshot, number)
    return listed is not None and not _is_leaving(listed)


def _is_leaving(number: Number) -> bool:
    return number.state in NOT_OURS or number.reason == MISSING_REASON


def has_left(subject: Subject, fleet: Fleet, now: float) -> bool:
    """Whether a fresh listing of the subject's account shows that the number is not there.

    An account that does not answer has lost nothing, as far as is known.
    """
    snapshot = fleet.get(subject.provider, subject.account)
    if snapshot is None or snapshot.listing is None:
        return False
    if not snapshot.is_fresh(Capability.NUMBERS, now):
        return False
    listed = find_number(snapshot, subject.number)
    return listed is None or listed.state in NOT_OURS


def new_subject(
    subject: Subject, firing: Iterable[Subject], fleet: Fleet, now: float
) -> Subject | None:
    """The subject at the account that the number has moved to; ``None`` when it has not.

    The caller has seen that it left. Of several accounts that list it, one that ``firing`` reports
    is taken first, and then one of the same provider.
    """
    reported = {(it.provider, it.account) for it in firing}
    holders = [
        (it.provider, it.account)
        for it in fleet.snapshots()
        if (it.provider, it.account) != (subject.provider, subject.account)
        and it.is_fresh(Capability.NUMBERS, now)
        and holds(it, subject.number)
        and _has_binding(it, subject)
    ]
    best = min(
        holders,
        key=lambda it: (it not in reported, it[0] != subject.provider, it),
        default=None,
    )
    return None if best is None else replace(subject, provider=best[0], account=best[1])


def _has_binding(snapshot: Snapshot, subject: Subject) -> bool:
    phones = snapshot.bindings.get(subject.number, ())
    return not subject.binding or any(phone.id == subject.binding for phone in phones)


class Lines:
    """Finds the key of the ticket that an alert about a line belongs to.

    It knows the tickets that ended a short while ago, which a fault may reopen, by their line.
    """

    def __init__(self) -> None:
        self._ended: dict[Line, tuple[float, str]] = {}
        """When the newest ticket of a line was closed, and its key."""

    def note(self, tickets: Iterable[Ticket]) -> None:
        """Notes those of ``tickets`` that have ended."""
        for ticket in tickets:
            line = line_of(ticket.subject)
            if line is not None and not ticket.open and ticket.closed_at is not None:
                self._ended[line] = (ticket.closed_at, ticket.key)

    def clock_was_set(self, step: float) -> None:
        """Restate when lines ended after the clock was set by ``step`` seconds."""
        self._ended = {line: (at + step, key) for line, (at, key) in self._ended.items()}

    def retain(self, since: float) -> None:
        """Forgets what ended before ``since``."""
        self._ended = {line: it for line, it in self._ended.items() if it[0] >= since}

    def keys(
        self, alerts: Iterable[Alert], tickets: Mapping[str, Ticket], muted: Mapping[str, Ticket]
    ) -> dict[str, str]:
        """By the key that an alert has by its labels, the key of the ticket that it belongs to.

        Left out are alerts whose own key is the one: nearly all.
        """
        known: dict[Line, str] = {}
        own: set[str] = set()
        for ticket in (*tickets.values(), *muted.values()):
            for key, subject in _watched(ticket):
                own.add(key)
                line = line_of(subject)
                if line is not None:
                    known.setdefault(line, key)
        for line, (_closed_at, key) in self._ended.items():
            known.setdefault(line, key)
        return _translations(alerts, known, own)


def _watched(ticket: Ticket) -> Iterator[tuple[str, Subject]]:
    yield ticket.key, ticket.subject
    yield from ((it.key, it.subject) for it in ticket.members if it.left_at is None)


def _translations(
    alerts: Iterable[Alert], known: dict[Line, str], own: Collection[str]
) -> dict[str, str]:
    translations: dict[str, str] = {}
    # The oldest first: of two new alerts about one line it is the one that names the key.
    for alert in sorted(alerts, key=lambda it: it.active_at):
        subject = subject_of(alert.name, alert.labels)
        line = line_of(subject)
        if line is None:
            continue
        key = key_of(subject)
        ticket_key = known.setdefault(line, key)
        if ticket_key != key and key not in own:
            translations[key] = ticket_key
    return translations
