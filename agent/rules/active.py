"""The alerts of one rule from evaluation to evaluation: pending, firing, kept, gone.

A pure state machine over Prometheus' semantics (contracts.md, Alert labels): ``for`` is
compared with ``now - active_at``, a pending alert that vanishes is dropped, keep-firing counts
from the first evaluation that does not see the condition.
"""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import Alert

PENDING = "pending"
FIRING = "firing"

Key = tuple[str, ...]


class Active(msgspec.Struct, gc=False):
    """One alert as it is kept between evaluations."""

    alert: Alert
    missing_since: float | None = None
    """Since when the condition has not been seen, while ``keep_firing_for`` holds the alert."""
    unconfirmed: bool = False
    """Restored from before a restart and not seen since."""


class Condition(msgspec.Struct, frozen=True, gc=False):
    """An alert condition that holds now."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float


def step(
    active: dict[Key, Active], now: float, hold: float, keep_firing: float, grace: float
) -> None:
    """Move every alert that was not seen this time, then let pending ones fire.

    ``active`` has the alerts of before and the ones seen now; the latter have no
    ``missing_since``. A restored alert that is not seen again is held for ``grace`` seconds:
    after a restart there is no data for a while, and no data is no recovery.
    """
    for key in [key for key, entry in active.items() if _is_gone(entry, now, keep_firing, grace)]:
        del active[key]
    for entry in active.values():
        alert = entry.alert
        if alert.state == PENDING and now - alert.active_at >= hold and not entry.unconfirmed:
            entry.alert = msgspec.structs.replace(alert, state=FIRING, fired_at=now)


def _is_gone(entry: Active, now: float, keep_firing: float, grace: float) -> bool:
    if entry.missing_since is None:
        return False
    missing = now - entry.missing_since
    if entry.unconfirmed and missing < grace:
        return False
    return entry.alert.state == PENDING or missing >= keep_firing


def see(entry: Active | None, name: str, condition: Condition, now: float) -> Active:
    """The alert of a condition that holds now, new or continued."""
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
        return Active(alert)
    entry.missing_since = None
    entry.unconfirmed = False
    if entry.alert.annotations != condition.annotations or entry.alert.value != condition.value:
        entry.alert = msgspec.structs.replace(
            entry.alert, annotations=condition.annotations, value=condition.value
        )
    return entry


def miss(entries: Iterable[Active], now: float) -> None:
    """Note that these were not seen this time."""
    for entry in entries:
        if entry.missing_since is None:
            entry.missing_since = now


def resume(entries: Iterable[Active], away: float) -> None:
    """Let no time have passed for what was waiting while nobody watched for ``away`` seconds.

    ``away`` is by the machine's clock, which may have been moved; it is negative when the clock
    was set back.
    """
    for entry in entries:
        if entry.missing_since is not None:
            entry.missing_since += away
        if entry.alert.state == PENDING:
            entry.alert = msgspec.structs.replace(
                entry.alert, active_at=entry.alert.active_at + away
            )
