"""Service-level clocks: deadlines by grade, from first detection (domain.md §3)."""

from collections.abc import Mapping

from agent.states import ClockName, Grade
from agent.tickets.ticket import Clock

_MINUTE = 60.0
_HOUR = 3600.0

ALLOWED: Mapping[Grade, Mapping[ClockName, float]] = {
    Grade.AAA: {
        ClockName.CONTACT: 15 * _MINUTE,
        ClockName.ON_SITE: 1 * _HOUR,
        ClockName.RESTORE: 2 * _HOUR,
    },
    Grade.AA: {
        ClockName.CONTACT: 30 * _MINUTE,
        ClockName.ON_SITE: 2 * _HOUR,
        ClockName.RESTORE: 4 * _HOUR,
    },
}
"""Seconds from detection to each deadline; grades that are not here promise none."""


def start(grade: Grade, detected_at: float) -> tuple[Clock, ...]:
    """The clocks of a ticket of ``grade``."""
    allowed = ALLOWED.get(grade, {})
    return tuple(Clock(name, detected_at + seconds) for name, seconds in allowed.items())


def stop(clocks: tuple[Clock, ...], at: float) -> tuple[Clock, ...]:
    """The clocks with every one that still ran stopped at ``at``."""
    return tuple(
        Clock(clock.name, clock.deadline, at) if clock.stopped_at is None else clock
        for clock in clocks
    )


def resume(clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The clocks running again towards the same deadlines: a reopened ticket was never over."""
    return tuple(Clock(clock.name, clock.deadline) for clock in clocks)


def remaining(clock: Clock, now: float) -> float:
    """Seconds left at ``now``, or when the clock was stopped; negative once breached."""
    return clock.deadline - (now if clock.stopped_at is None else clock.stopped_at)
