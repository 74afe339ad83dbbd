"""The time that the clocks of a ticket did not count, and why: the ledger of a claim."""

from collections.abc import Mapping

import msgspec

from agent.tickets.sla.clocks import ClockEventKind, Events, PauseReason


class Exclusion(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time that does not count."""

    reason: PauseReason
    start: float
    end: float


def exclusions(events: Events, until: float) -> tuple[Exclusion, ...]:
    """The stretches for which something paused the clocks up to ``until``, in their order.

    Times are as recorded: where the machine's clock was set in between, the readings of the clocks
    (:func:`agent.tickets.sla.clocks.readings`) are what counts.
    """
    found: list[Exclusion] = []
    running: dict[PauseReason, tuple[float, float]] = {}
    for event in events:
        if event.reason is None:
            continue
        if event.kind is ClockEventKind.PAUSE:
            found += _ended(running, event.reason, event.at)
            running[event.reason] = (event.at, until if event.until is None else event.until)
        elif event.kind is ClockEventKind.RESUME:
            found += _ended(running, event.reason, event.at)
    for reason in list(running):
        found += _ended(running, reason, until)
    return tuple(sorted(found, key=lambda it: (it.start, it.reason)))


def _ended(
    running: dict[PauseReason, tuple[float, float]], reason: PauseReason, at: float
) -> list[Exclusion]:
    if reason not in running:
        return []
    start, planned = running.pop(reason)
    end = min(at, planned)
    return [Exclusion(reason, start, end)] if end > start else []


def excluded_seconds(found: tuple[Exclusion, ...]) -> Mapping[PauseReason, float]:
    """How long each reason lasted; reasons may overlap."""
    return {
        reason: sum(it.end - it.start for it in found if it.reason is reason)
        for reason in PauseReason
        if any(it.reason is reason for it in found)
    }
