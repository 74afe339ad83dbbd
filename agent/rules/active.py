"""The states of one rule's alerts: inactive, pending, firing.

A pure state machine with Prometheus' semantics: ``for`` is compared with ``now - active_at``, a
pending alert whose condition no longer holds is dropped, and ``keep_firing_for`` counts from the
first evaluation in which the condition does not hold.
"""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import Alert

PENDING = "pending"
FIRING = "firing"

AlertKey = tuple[str, ...]
"""An alert's label names and values, sorted by name."""


class ActiveAlert(msgspec.Struct, gc=False):
    """A pending or firing alert and what its next evaluation needs."""

    alert: Alert
    missing_since: float | None = None
    """When the condition stopped to hold, while ``keep_firing_for`` keeps the alert firing."""
    unconfirmed: bool = False
    """Restored after a restart, and its condition not evaluated as true since."""


class Condition(msgspec.Struct, frozen=True, gc=False):
    """One series of a rule's result: the condition holds for these labels."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float


def step(
    active: dict[AlertKey, ActiveAlert], now: float, hold: float, keep_firing: float, grace: float
) -> None:
    """Drop the alerts that are over, then let pending alerts fire.

    Alerts whose condition holds now have no ``missing_since``. ``hold`` is the rule's ``for``.
    A restored alert whose condition does not hold is dropped only after ``grace`` seconds: after
    a restart there is no data for a while, and missing data is no recovery.
    """
    for key in [key for key, entry in active.items() if _is_over(entry, now, keep_firing, grace)]:
        del active[key]
    for entry in active.values():
        alert = entry.alert
        if alert.state == PENDING and now - alert.active_at >= hold and not entry.unconfirmed:
            entry.alert = msgspec.structs.replace(alert, state=FIRING, fired_at=now)


def _is_over(entry: ActiveAlert, now: float, keep_firing: float, grace: float) -> bool:
    if entry.missing_since is None:
        return False
    missing = now - entry.missing_since
    if entry.unconfirmed and missing < grace:
        return False
    return entry.alert.state == PENDING or missing >= keep_firing


def activate(entry: ActiveAlert | None, name: str, condition: Condition, now: float) -> ActiveAlert:
    """The alert of a condition that holds now: a new pending alert, or ``entry`` updated."""
    if entry is None:
        alert = Alert(
            name,
            condition.labels,
            condition.annotations,
            PENDING,
            active_at=now,
            fired_at=None,
            value=condition.value,
        )
        return ActiveAlert(alert)
    entry.missing_since = None
    entry.unconfirmed = False
    if entry.alert.annotations != condition.annotations or entry.alert.value != condition.value:
        entry.alert = msgspec.structs.replace(
            entry.alert, annotations=condition.annotations, value=condition.value
        )
    return entry


def mark_missing(entries: Iterable[ActiveAlert], now: float) -> None:
    """Mark the alerts whose condition does not hold at ``now``."""
    for entry in entries:
        if entry.missing_since is None:
            entry.missing_since = now


def resume(entries: Iterable[ActiveAlert], away: float) -> None:
    """Do not count ``away`` seconds without evaluations towards ``for`` and ``keep_firing_for``.

    ``away`` is measured by the wall clock, which may have been changed meanwhile; it is negative
    when the clock was set back. By how much the clock was set while rules were evaluated is
    handled in the same way.
    """
    for entry in entries:
        if entry.missing_since is not None:
            entry.missing_since += away
        if entry.alert.state == PENDING:
            entry.alert = msgspec.structs.replace(
                entry.alert, active_at=entry.alert.active_at + away
            )
