"""How many calls a number had at once, as its call records tell, and how many it may have.

Source: docs/reference/domain.md §1 (PBX, trunk) and §5 (CapacityNear).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.model import CallOutcome, Routing
from agent.states import CallResult

WINDOW = 900.0
"""Seconds of records that are looked at. A call is recorded when it has ended, so that a shorter
time would miss the calls that are longer."""
NEAR = 0.9
"""Share of the limit from which CapacityNear warns (docs/reference/domain.md §5)."""


class Load(NamedTuple):
    """The most calls at once within ``WINDOW``, and the limit."""

    calls: int
    limit: int

    @property
    def is_near(self) -> bool:
        """Whether a few more calls would find every line taken."""
        return self.calls >= NEAR * self.limit


def load_of(
    routing: Routing | None, outcomes: Sequence[CallOutcome] | None, now: float
) -> Load | None:
    """The load of a number; ``None`` where its limit or its calls are not known.

    Args:
        routing: What is configured.
        outcomes: Its newest call records.
        now: Epoch seconds.
    """
    limit = None if routing is None else limit_of(routing)
    if limit is None or not outcomes:
        return None
    calls = most_at_once(outcomes, now - WINDOW)
    return None if calls is None else Load(calls, limit)


def limit_of(routing: Routing) -> int | None:
    """The least of the limits that are configured for calls at once; ``None`` if none is known."""
    limits = (routing.concurrency_limit, routing.trunk_capacity)
    return min((limit for limit in limits if limit), default=None)


def most_at_once(outcomes: Sequence[CallOutcome], since: float) -> int | None:
    """The most calls that lasted at the same moment after ``since``, in epoch seconds.

    ``None`` where the length of an answered call is not known. Calls that still go on have no
    record yet, so that there may have been more.
    """
    ends = [(call, _end(call)) for call in outcomes]
    if any(end is None for _, end in ends):
        return None
    spans = [(call.started_at, end) for call, end in ends if end is not None and end > since]
    return max(_running(spans), default=0)


def _end(call: CallOutcome) -> float | None:
    if call.result is CallResult.ANSWERED and call.talk_seconds is None:
        return None
    return call.started_at + (call.wait_seconds or 0.0) + (call.talk_seconds or 0.0)


def _running(spans: Sequence[tuple[float, float]]) -> Iterator[int]:
    """How many spans are open after each beginning and each end."""
    # At the same moment an end comes first: a line that is free again is no second line.
    moments = [(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans]
    running = 0
    for _, change in sorted(moments):
        running += change
        yield running
