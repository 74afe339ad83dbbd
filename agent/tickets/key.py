"""A ticket's key: a hash of what is broken, independent of how it was reported.

Severity, route, receiver and further labels stay out, so that a fault keeps its ticket when
any of those change and when two rule engines report it (docs/reference/ticketing.md §6).
"""

import hashlib
from collections.abc import Mapping

import msgspec

from agent.states import Scope
from agent.tickets.ticket import Subject

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


def ticket_id(key: str, episode: int) -> str:
    """The id of one episode's ticket; the same fault and episode always give the same id."""
    return f"NW-{key[:_ID_CHARACTERS].upper()}-{episode}"


def webhook_id(key: str, episode: int, revision: int) -> str:
    """The id of one change for receivers; without dots, as Standard Webhooks requires."""
    return f"msg_{key}_{episode}_{revision}"
