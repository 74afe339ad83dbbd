"""From alerts to faults: one per thing that is broken, however many alerts tell of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from agent.model import Alert
from agent.states import Severity
from agent.tickets.key import key_of, subject_of
from agent.tickets.ticket import Subject

WORST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_NO_TICKET = "false"


class Fault(msgspec.Struct, frozen=True):
    """One broken thing, as the alerts firing now tell of it."""

    key: str
    subject: Subject
    severity: Severity
    """The worst among the alerts."""
    since: float
    """The earliest time an alert's condition was seen true."""
    alerts: tuple[Alert, ...]
    """Worst first, then by name."""
    told_by: tuple[str, ...] = ()
    """For a common cause: the alerts of those that share it."""
    samples: tuple[Subject, ...] = ()
    """For a common cause: some that share it."""
    reason: str = ""
    """For a common cause: how many share what."""

    @property
    def names(self) -> tuple[str, ...]:
        """The alerts' names, each once."""
        return self.told_by or tuple(dict.fromkeys(alert.name for alert in self.alerts))

    @property
    def told(self) -> str:
        """Why there is a ticket about it, for the timeline."""
        return self.reason or f"{', '.join(self.names)} fires"


def faults_of(alerts: Iterable[Alert], severities: Collection[str]) -> dict[str, Fault]:
    """The faults that ask for a ticket, by key.

    Left out are alerts that are not firing, that carry ``ticket="false"`` or that have a
    severity not in ``severities``.
    """
    told: dict[str, list[Alert]] = defaultdict(list)
    subjects: dict[str, Subject] = {}
    for alert in alerts:
        if alert.state == "firing" and _asks_for_ticket(alert, severities):
            subject = subject_of(alert.name, alert.labels)
            key = key_of(subject)
            subjects[key] = subject
            told[key].append(alert)
    return {key: _fault(key, subjects[key], found) for key, found in told.items()}


def pending_keys(alerts: Iterable[Alert]) -> frozenset[str]:
    """Keys of what an alert's condition holds for again, not yet long enough to fire."""
    return frozenset(
        key_of(subject_of(alert.name, alert.labels)) for alert in alerts if alert.state == "pending"
    )


def severity_of(labels: Mapping[str, str]) -> Severity:
    """The severity an alert carries; one that carries none, or another word, is a warning."""
    told = labels.get("severity", "")
    return Severity(told) if told in Severity.__members__.values() else Severity.WARNING


def _asks_for_ticket(alert: Alert, severities: Collection[str]) -> bool:
    return alert.labels.get("ticket") != _NO_TICKET and severity_of(alert.labels) in severities


def _fault(key: str, subject: Subject, alerts: list[Alert]) -> Fault:
    ordered = sorted(alerts, key=lambda a: (WORST_FIRST.index(severity_of(a.labels)), a.name))
    return Fault(
        key=key,
        subject=subject,
        severity=severity_of(ordered[0].labels),
        since=min(alert.active_at for alert in ordered),
        alerts=tuple(ordered),
    )
