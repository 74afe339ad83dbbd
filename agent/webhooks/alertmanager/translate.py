"""Translates external alerts to the agent's own, so that one fault from two sources is one ticket.

An alert is ours when its labels name something this agent watches, or say that it is about the
agent itself. Any other is foreign: its ticket is identified by the alert's own labels
(docs/adr/0005-external-alerts-are-identified-by-their-labels.md).
"""

import math
from collections.abc import Collection, Mapping
from hashlib import sha256

from msgspec import json

from agent.model import Alert
from agent.net.scrub import scrub
from agent.states import Scope
from agent.tickets.key import subject_of
from agent.webhooks.alertmanager.external_alert import ExternalAlert
from agent.webhooks.alertmanager.payload import ALERT_NAME

WatchedAccounts = Mapping[str, Collection[str]]
"""The accounts this agent watches, by provider."""

FOREIGN_MARK = "~"
"""Separates a foreign alert's name from the hash of its labels."""

_UNNAMED = "alert"
_NAME_CHARACTERS = 80
_HASH_CHARACTERS = 12
_ROUTING_LABELS = frozenset(
    {
        *("severity", "priority", "level", "urgency", "ticket", "receiver", "route"),
        *("replica", "prometheus", "prometheus_replica", "monitor"),
    }
)
"""Labels that say how urgent an alert is, where it goes or who reports it, not what is broken."""


def to_agent_alert(external: ExternalAlert, accounts: WatchedAccounts) -> Alert:
    """The firing alert that tickets observe for ``external``."""
    labels = {name: text for name, text in external.labels.items() if name != ALERT_NAME}
    annotations = dict(external.annotations)
    name = _name(external.labels)
    if is_foreign(external.labels, accounts):
        annotations.setdefault("summary", _summary(name, labels))
        identity = {"scope": Scope.AGENT.value, "symptom": _symptom(name, labels)}
        labels = dict(sorted({**labels, **identity}.items()))
    return Alert(
        name=name,
        labels=labels,
        annotations=annotations,
        state="firing",
        active_at=external.started_at,
        fired_at=external.started_at,
        value=math.nan,
    )


def is_foreign(labels: Mapping[str, str], accounts: WatchedAccounts) -> bool:
    """Whether an alert with ``labels`` is about nothing that this agent watches."""
    subject = subject_of(_name(labels), labels)
    if subject.scope is Scope.AGENT:
        return not (labels.get("scope") == Scope.AGENT and labels.get("symptom"))
    if subject.provider:
        watched = accounts.get(subject.provider)
        return watched is None or bool(subject.account and subject.account not in watched)
    return False


def is_foreign_symptom(symptom: str) -> bool:
    """Whether a ticket's symptom is that of a foreign alert, about which there are no facts."""
    return FOREIGN_MARK in symptom


def _name(labels: Mapping[str, str]) -> str:
    return labels.get(ALERT_NAME) or _UNNAMED


def _symptom(name: str, labels: Mapping[str, str]) -> str:
    """The alert's own ``symptom`` or its name, and a hash of the labels that identify it."""
    family = labels.get("symptom") or name
    identity = [pair for pair in sorted(labels.items()) if pair[0] not in _ROUTING_LABELS]
    digest = sha256(json.encode((family, identity))).hexdigest()[:_HASH_CHARACTERS]
    return f"{scrub(family, _NAME_CHARACTERS)}{FOREIGN_MARK}{digest}"


def _summary(name: str, labels: Mapping[str, str]) -> str:
    identity = ", ".join(
        f"{label}={text}" for label, text in labels.items() if label not in _ROUTING_LABELS
    )
    return f"{name}: {identity}" if identity else name
