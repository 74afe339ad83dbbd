"""Alerts of another system that repeat what the agent's own rules evaluate.

Alertmanager may report one late: from a queue, after an outage, from a Prometheus that still has
the former facts. Where fresh facts show that there is no such fault, it opens no ticket; the next
real fault would find that ticket open and be taken for a part of it.
"""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from agent.fleet import Fleet
from agent.model import Alert
from agent.tickets.decide.decision import Finding, Recovery
from agent.tickets.decide.recovery_facts import is_assessed
from agent.tickets.key import key_of, subject_of

_Identity = tuple[tuple[str, str], ...]


class RepeatedAlerts:
    """Tells repeated alerts that may be true from those that facts contradict.

    Args:
        recovery: Assesses the facts about a subject.
    """

    def __init__(self, recovery: Recovery) -> None:
        self._recovery = recovery
        self._doubted: dict[_Identity, float] = {}
        """When facts last contradicted an alert that is still reported."""

    def credible(
        self, alerts: Iterable[Alert], known: Collection[str], fleet: Fleet, now: float
    ) -> tuple[Alert, ...]:
        """Those of ``alerts`` that facts do not contradict.

        ``known`` are the keys that have a ticket, or an alert of the agent's own: an alert about
        one of them is always credible. One that was contradicted before and is credible now
        reports a new fault, which began when the facts stopped to contradict it.
        """
        doubted: dict[_Identity, float] = {}
        credible: list[Alert] = []
        for alert in alerts:
            identity = (("", alert.name), *sorted(alert.labels.items()))
            if self._is_contradicted(alert, known, fleet, now):
                doubted[identity] = now
                continue
            since = self._doubted.get(identity)
            if since is not None:
                doubted[identity] = since
                alert = replace(alert, active_at=since, fired_at=since)  # noqa: PLW2901 - the same alert
            credible.append(alert)
        self._doubted = doubted
        return tuple(credible)

    def _is_contradicted(
        self, alert: Alert, known: Collection[str], fleet: Fleet, now: float
    ) -> bool:
        subject = subject_of(alert.name, alert.labels)
        if not is_assessed(subject.symptom) or key_of(subject) in known:
            return False
        assessment = self._recovery(subject, fleet, now)
        return (
            assessment is not None
            and assessment.finding is Finding.GOOD
            and assessment.seen_at > alert.active_at
        )
