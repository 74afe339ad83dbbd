"""A ticket's key: a hash of what is broken, independent of how it was reported.

Severity, route, receiver and further labels stay out, so that a fault keeps its ticket when
any of those change and when two rule engines report it (docs/reference/ticketing.md §6).
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence

import msgspec

from agent.states import Scope
from agent.tickets.ticket import Subject, Ticket

_IDENTITY: Mapping[Scope, tuple[str, ...]] = {
    Scope.AGENT: (),
    Scope.PROVIDER: ("provider",),
    Scope.ACCOUNT: ("provider", "account"),
    Scope.CARRIER: ("carrier",),
    Scope.TRUNK: ("provider", "binding"),
    Scope.NUMBER: ("provider", "account", "number"),
    Scope.BINDING: ("provider", "account", "number", "binding"),
}
"""The labels that identify a thing within its scope."""

_NARROWEST_FIRST = (Scope.BINDING, Scope.NUMBER, Scope.ACCOUNT, Scope.PROVIDER)
_KEY_CHARACTERS = 32
_ID_CHARACTERS = 12
_MARK_CHARACTERS = 6
_LOST_EPISODES = 3
"""How many episodes of one fault are looked for that a restored ledger does not know."""
_MARK_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that people do not confuse when they read an id aloud."""


def subject_of(alert_name: str, labels: Mapping[str, str]) -> Subject:
    """The subject of an alert.

    Without a ``scope``, or without the labels that identify a subject of that scope, it is the
    narrowest subject that the labels do identify. Without a ``symptom``, the alert's name is one.
    """
    scope = _labelled_scope(labels) or _narrowest(labels)
    identity = {name: labels.get(name, "") for name in _IDENTITY[scope]}
    return Subject(scope, labels.get("symptom") or alert_name, **identity)


def labels_of(subject: Subject) -> dict[str, str]:
    """The labels that an alert about ``subject`` has; the input of a diagnosis."""
    names = ("provider", "account", "number", "binding", "carrier", "symptom")
    return {name: getattr(subject, name) for name in names}


def _labelled_scope(labels: Mapping[str, str]) -> Scope | None:
    label = labels.get("scope", "")
    if label not in Scope.__members__.values():
        return None
    scope = Scope(label)
    return scope if all(labels.get(name) for name in _IDENTITY[scope]) else None


def _narrowest(labels: Mapping[str, str]) -> Scope:
    for scope in _NARROWEST_FIRST:
        if all(labels.get(name) for name in _IDENTITY[scope]):
            return scope
    return Scope.AGENT


def key_of(subject: Subject) -> str:
    """The key of every ticket about ``subject``: 32 hexadecimal digits."""
    canonical = msgspec.json.encode([str(field) for field in msgspec.structs.astuple(subject)])
    return hashlib.sha256(canonical).hexdigest()[:_KEY_CHARACTERS]


def new_ledger_mark() -> str:
    """A random mark for a ledger, which becomes a part of every id that is made with it.

    Episodes are counted from what the ledger knows. After a loss of the ledger they begin anew,
    and without the mark a receiver would take the new tickets for the old ones.
    """
    return "".join(secrets.choice(_MARK_ALPHABET) for _ in range(_MARK_CHARACTERS))


def ticket_id(key: str, episode: int, mark: str) -> str:
    """The id of one episode's ticket: the same for the same fault, episode and ledger.

    An empty ``mark`` gives the id that versions before 0.3 gave.
    """
    return f"{id_prefix(key)}{mark}{'-' if mark else ''}{episode}"


def former_ids(identity: str, marks: Sequence[str]) -> list[str]:
    """The ids that a ledger may have given to the fault of ``identity`` before it was restored.

    ``marks`` are the marks that the ledger had. What it gave after the backup was made is not in
    it; the episodes went on counting from the same number. Empty for an id with one of ``marks``:
    that ticket was in the backup.
    """
    head = identity[: len(id_prefix("")) + _ID_CHARACTERS]
    mark, _, episode = identity.removeprefix(head).rpartition("-")
    if mark in marks or not episode.isdecimal():
        return []
    numbers = range(int(episode), int(episode) + _LOST_EPISODES)
    joined = [f"{head}{former}{'-' if former else ''}" for former in marks]
    return [f"{start}{number}" for start in reversed(joined) for number in numbers]


def id_prefix(key: str) -> str:
    """What the ids of all tickets of ``key`` begin with."""
    return f"NW-{key[:_ID_CHARACTERS].upper()}-"


def webhook_id(ticket: Ticket) -> str:
    """The id of the ticket's present revision for receivers.

    Without dots, as Standard Webhooks requires. It has the mark that the ticket's id has.
    """
    mark = ticket.id.removeprefix(id_prefix(ticket.key)).rpartition("-")[0]
    parts = ("msg", ticket.key, mark, str(ticket.episode), str(ticket.revision))
    return "_".join(filter(None, parts))
