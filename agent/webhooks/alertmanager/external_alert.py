"""The state of one external alert, and how a message from its source changes it: pure functions.

Messages are ordered by the times in them, not by their arrival: one may be late, come twice, or
from one of several peers (docs/reference/ticketing.md §7).
"""

from collections.abc import Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.webhooks.alertmanager.payload import SourceAlert

LATE_REPEAT_SECONDS = 30.0
"""For so long after a resolve, a message of the same firing is taken for a late repeat of it.

After that it is taken for a firing: to miss a fault is worse than to look again.
"""


@unique
class AlertStatus(StrEnum):
    """The status of an external alert. The values are stored in the ledger."""

    FIRING = "firing"
    RESOLVE_PENDING = "ending"
    """Reported resolved; counts as firing until the source's own alert list confirms it."""
    RESOLVED = "over"


@unique
class MergeOutcome(StrEnum):
    """The effect of a message on one alert, as metrics count it."""

    FIRED = "fired"
    RESOLVED = "resolved"
    RESOLVE_PENDING = "ending"
    UPDATED = "updated"
    REPEATED = "repeated"
    LATE = "late"
    UNKNOWN = "unknown"
    """A resolve of an alert that never fired here."""
    UNPROVEN = "unproven"
    """A resolve in a message that leaves alerts out."""


class ExternalAlert(msgspec.Struct, frozen=True, rename={"status": "standing"}):
    """One external alert as the ledger stores it; ``status`` is stored under its former name."""

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    status: AlertStatus
    started_at: float
    """The earliest start reported for this firing; a source that restarts may move it."""
    newest_start: float
    """The latest start reported for it: a resolve that ended before it is of a former firing."""
    changed_at: float
    """When it last changed here, by this machine's clock."""
    ended_at: float = 0.0
    """When the last firing ended, by the source's clock."""

    @property
    def counts_as_firing(self) -> bool:
        """Whether it fires as far as tickets are concerned."""
        return self.status is not AlertStatus.RESOLVED


class ResolveTrust(msgspec.Struct, frozen=True):
    """How far a reported resolve is believed."""

    complete: bool = True
    """Whether the message lists all alerts of its group."""
    needs_confirmation: bool = False
    """Whether the source is queried before the alert counts as resolved."""


def merge(
    stored: ExternalAlert | None, reported: SourceAlert, trust: ResolveTrust, now: float
) -> tuple[ExternalAlert | None, MergeOutcome]:
    """``stored`` after the source reported ``reported``; the same object if nothing changed."""
    if reported.firing:
        return _merge_firing(stored, reported, now)
    return _merge_resolve(stored, reported, trust, now)


def resolve(alert: ExternalAlert, ended_at: float, now: float) -> ExternalAlert:
    """``alert``, no longer firing."""
    return replace(alert, status=AlertStatus.RESOLVED, ended_at=ended_at, changed_at=now)


def _merge_firing(
    stored: ExternalAlert | None, reported: SourceAlert, now: float
) -> tuple[ExternalAlert, MergeOutcome]:
    if stored is None or stored.status is AlertStatus.RESOLVED:
        return _fire(stored, reported, now)
    start = _start(reported, now, stored.newest_start)
    if stored.status is AlertStatus.RESOLVE_PENDING and _is_late_repeat(stored, start, now):
        return stored, MergeOutcome.LATE
    updated = replace(
        stored,
        annotations=reported.annotations,
        status=AlertStatus.FIRING,
        started_at=min(stored.started_at, start),
        newest_start=max(stored.newest_start, start),
    )
    if updated == stored:
        return stored, MergeOutcome.REPEATED
    was_firing = stored.status is AlertStatus.FIRING
    outcome = MergeOutcome.UPDATED if was_firing else MergeOutcome.FIRED
    return replace(updated, changed_at=now), outcome


def _fire(
    resolved: ExternalAlert | None, reported: SourceAlert, now: float
) -> tuple[ExternalAlert, MergeOutcome]:
    start = _start(reported, now, now)
    if resolved is not None and _is_late_repeat(resolved, start, now):
        return resolved, MergeOutcome.LATE
    alert = ExternalAlert(
        fingerprint=reported.fingerprint,
        labels=reported.labels,
        annotations=reported.annotations,
        status=AlertStatus.FIRING,
        started_at=start,
        newest_start=start,
        changed_at=now,
        ended_at=resolved.ended_at if resolved else 0.0,
    )
    return alert, MergeOutcome.FIRED


def _merge_resolve(
    stored: ExternalAlert | None, reported: SourceAlert, trust: ResolveTrust, now: float
) -> tuple[ExternalAlert | None, MergeOutcome]:
    if stored is None or stored.status is AlertStatus.RESOLVED:
        return stored, MergeOutcome.UNKNOWN
    end = now if reported.ends_at is None else reported.ends_at
    if end < stored.newest_start:
        return stored, MergeOutcome.LATE
    # With max_alerts the group's "resolved" is computed of the listed alerts alone, so it proves
    # nothing about them (docs/reference/ticketing.md §5).
    if not trust.complete:
        return stored, MergeOutcome.UNPROVEN
    if not trust.needs_confirmation:
        return resolve(stored, end, now), MergeOutcome.RESOLVED
    if stored.status is AlertStatus.RESOLVE_PENDING:
        return stored, MergeOutcome.REPEATED
    pending = replace(stored, status=AlertStatus.RESOLVE_PENDING, ended_at=end, changed_at=now)
    return pending, MergeOutcome.RESOLVE_PENDING


def _is_late_repeat(stored: ExternalAlert, start: float, now: float) -> bool:
    return start <= stored.ended_at and now - stored.changed_at < LATE_REPEAT_SECONDS


def _start(reported: SourceAlert, now: float, default: float) -> float:
    """When the firing began; never in the future, or no resolve could ever follow it."""
    return min(default if reported.starts_at is None else reported.starts_at, now)
