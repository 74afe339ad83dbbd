"""What is known of one external alert, and how a source's word changes it: pure.

The order of a source's words is told by the times in them, not by when they arrive: a message
may be late, come twice, or from one of several peers (ticketing.md §7, 12 and 14).
"""

from collections.abc import Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.webhooks.alertmanager.source_alert import SourceAlert

LATE = 30.0
"""Seconds after a resolve during which word of the same firing is a late repeat of it.

Longer after it, it is taken for a firing: to miss a fault is worse than to look again.
"""


@unique
class Standing(StrEnum):
    """Where an external alert stands."""

    FIRING = "firing"
    ENDING = "ending"
    """Told to be over; still counts as firing until the source confirms it."""
    OVER = "over"


@unique
class Outcome(StrEnum):
    """What a source's word on one alert changed."""

    FIRED = "fired"
    RESOLVED = "resolved"
    ENDING = "ending"
    """Told to be over, to be confirmed."""
    UPDATED = "updated"
    REPEATED = "repeated"
    LATE = "late"
    UNKNOWN = "unknown"
    """A resolve of what never fired here."""
    UNPROVEN = "unproven"
    """A resolve in a message that leaves alerts out."""


class Record(msgspec.Struct, frozen=True):
    """One external alert, as the newest word on it has it."""

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    standing: Standing
    started_at: float
    """The earliest start told of this firing; a source that restarts may move it."""
    newest_start: float
    """The latest start told of it: a resolve that ended before it is of a former firing."""
    changed_at: float
    """When it last changed here, by our clock."""
    ended_at: float = 0.0
    """When the last firing ended, by the source's clock."""

    @property
    def counts(self) -> bool:
        """Whether it still fires as far as tickets are concerned."""
        return self.standing is not Standing.OVER


class Trust(msgspec.Struct, frozen=True):
    """How far a resolve is believed."""

    complete: bool = True
    """Whether the message had all alerts of its group."""
    confirmed_later: bool = False
    """Whether the source will be asked before the alert counts as over."""


def merge(
    old: Record | None, told: SourceAlert, trust: Trust, now: float
) -> tuple[Record | None, Outcome]:
    """``old`` after the source's word; the very same object where it changes nothing."""
    if told.firing:
        return _fires(old, told, now)
    return _resolves(old, told, trust, now)


def _fires(old: Record | None, told: SourceAlert, now: float) -> tuple[Record, Outcome]:
    if old is None or old.standing is Standing.OVER:
        return _fires_anew(old, told, now)
    start = _start(told, now, old.newest_start)
    if old.standing is Standing.ENDING and _is_late(old, start, now):
        return old, Outcome.LATE
    new = replace(
        old,
        annotations=told.annotations,
        standing=Standing.FIRING,
        started_at=min(old.started_at, start),
        newest_start=max(old.newest_start, start),
    )
    if new == old:
        return old, Outcome.REPEATED
    outcome = Outcome.UPDATED if old.standing is Standing.FIRING else Outcome.FIRED
    return replace(new, changed_at=now), outcome


def _fires_anew(old: Record | None, told: SourceAlert, now: float) -> tuple[Record, Outcome]:
    start = _start(told, now, now)
    if old is not None and _is_late(old, start, now):
        return old, Outcome.LATE
    new = Record(
        fingerprint=told.fingerprint,
        labels=told.labels,
        annotations=told.annotations,
        standing=Standing.FIRING,
        started_at=start,
        newest_start=start,
        changed_at=now,
        ended_at=old.ended_at if old else 0.0,
    )
    return new, Outcome.FIRED


def _is_late(old: Record, start: float, now: float) -> bool:
    return start <= old.ended_at and now - old.changed_at < LATE


def _start(told: SourceAlert, now: float, otherwise: float) -> float:
    """When it began; never in the future, or no resolve could ever follow it."""
    return min(otherwise if told.starts_at is None else told.starts_at, now)


def _resolves(
    old: Record | None, told: SourceAlert, trust: Trust, now: float
) -> tuple[Record | None, Outcome]:
    if old is None or old.standing is Standing.OVER:
        return old, Outcome.UNKNOWN
    end = now if told.ends_at is None else told.ends_at
    if end < old.newest_start:
        return old, Outcome.LATE
    if not trust.complete:
        return old, Outcome.UNPROVEN
    if not trust.confirmed_later:
        return over(old, end, now), Outcome.RESOLVED
    if old.standing is Standing.ENDING:
        return old, Outcome.REPEATED
    return replace(old, standing=Standing.ENDING, ended_at=end, changed_at=now), Outcome.ENDING


def over(record: Record, ended_at: float, now: float) -> Record:
    """``record``, no longer firing."""
    return replace(record, standing=Standing.OVER, ended_at=ended_at, changed_at=now)
