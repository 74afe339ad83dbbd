"""External alerts as the agent's own: so that the same fault told twice is one ticket.

An alert is ours when its labels name something this agent watches, or say that it is about the
agent itself. Any other is foreign: its ticket is told apart by its own labels
(docs/adr/0005-foreign-alerts-are-told-apart-by-their-labels.md).
"""

import math
from collections.abc import Collection, Mapping
from hashlib import sha256

from msgspec import json

from agent.model import Alert
from agent.net.scrub import scrub
from agent.states import Scope
from agent.tickets.key import subject_of
from agent.webhooks.alertmanager.record import Record
from agent.webhooks.alertmanager.source_alert import ALERT_NAME

Places = Mapping[str, Collection[str]]
"""The accounts this agent watches, by provider."""

MARK = "~"
"""Stands between a foreign alert's name and the hash of its labels."""

_UNNAMED = "alert"
_NAME_CHARACTERS = 80
_HASH_CHARACTERS = 12
_TOLD_NOT_BROKEN = frozenset(
    {
        *("severity", "priority", "level", "urgency", "ticket", "receiver", "route"),
        *("replica", "prometheus", "prometheus_replica", "monitor"),
    }
)
"""Labels that tell how an alert is told, or by whom, not what is broken."""


def alert_of(record: Record, places: Places) -> Alert:
    """The alert that tickets are told of, firing."""
    labels = {name: text for name, text in record.labels.items() if name != ALERT_NAME}
    annotations = dict(record.annotations)
    name = _name(record.labels)
    if is_foreign(record.labels, places):
        annotations.setdefault("summary", _summary(name, labels))
        told = {"scope": Scope.AGENT.value, "symptom": _symptom(name, labels)}
        labels = dict(sorted({**labels, **told}.items()))
    return Alert(
        name=name,
        labels=labels,
        annotations=annotations,
        state="firing",
        active_at=record.started_at,
        fired_at=record.started_at,
        value=math.nan,
    )


def is_foreign(labels: Mapping[str, str], places: Places) -> bool:
    """Whether an alert with ``labels`` is about nothing that this agent watches."""
    subject = subject_of(_name(labels), labels)
    if subject.scope is Scope.AGENT:
        return not (labels.get("scope") == Scope.AGENT and labels.get("symptom"))
    if subject.provider:
        accounts = places.get(subject.provider)
        return accounts is None or bool(subject.account and subject.account not in accounts)
    return False


def is_foreign_symptom(symptom: str) -> bool:
    """Whether a ticket's symptom is that of a foreign alert, of which no facts are known."""
    return MARK in symptom


def _name(labels: Mapping[str, str]) -> str:
    return labels.get(ALERT_NAME) or _UNNAMED


def _symptom(name: str, labels: Mapping[str, str]) -> str:
    """The alert's name, or its own ``symptom``, and a hash of the labels that identify it."""
    family = labels.get("symptom") or name
    identity = [pair for pair in sorted(labels.items()) if pair[0] not in _TOLD_NOT_BROKEN]
    digest = sha256(json.encode((family, identity))).hexdigest()[:_HASH_CHARACTERS]
    return f"{scrub(family, _NAME_CHARACTERS)}{MARK}{digest}"


def _summary(name: str, labels: Mapping[str, str]) -> str:
    shown = ", ".join(
        f"{name}={text}" for name, text in labels.items() if name not in _TOLD_NOT_BROKEN
    )
    return f"{name}: {shown}" if shown else name
