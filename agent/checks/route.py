"""Where a call leads and what stops it: the routing evaluation in the words of a diagnosis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.checks.routing.calendar import Calendar
from agent.checks.routing.caller import Caller
from agent.checks.routing.evaluate import Call, Setting, evaluate
from agent.model import Binding, Routing
from agent.states import Cause

WAIT_SEVERAL = 15.0
"""Shortest useful wait in seconds with several bound phones (domain.md §4 L06)."""
WAIT_SINGLE = 50.0
"""Shortest useful wait in seconds with a single bound phone (domain.md §4 L05)."""
_EVERY_DAY = Calendar()


@dataclass(frozen=True)
class Route:
    """What happens to a call."""

    obstacle: Cause | None
    """Why the call reaches no phone; ``None`` when it is put through."""
    targets: tuple[str, ...] = ()
    """Ids of the phones that are rung, in their order."""
    detail: str = ""
    """The rule that stopped the call, in words."""


def route(
    routing: Routing,
    bindings: Sequence[Binding] | None,
    local: datetime,
    caller: str = "",
    calendar: Calendar = _EVERY_DAY,
) -> Route:
    """The route of a call to a number at ``local`` time in the number's own zone.

    Args:
        routing: The number's routing.
        bindings: Its bound phones; ``None`` when they are not known.
        local: The instant, as the clock on the wall of the schedule's zone shows it.
        caller: The caller's number without separators; empty when it is not known, and then
            the lists and regions of particular callers are not asked.
        calendar: Which days are not what their weekday says.
    """
    bound = None if bindings is None else tuple(bindings)
    outcome = evaluate(Setting(routing, bound, calendar), Call(local, Caller.of(caller)))
    return Route(outcome.obstacle, tuple(leg.binding for leg in outcome.legs), outcome.why)


def wait_is_short(routing: Routing, bindings: Sequence[Binding] | None) -> bool:
    """Whether callers are given up before a phone can well be answered (domain.md §4 L05, L06)."""
    if routing.wait_seconds is None or not bindings:
        return False
    return routing.wait_seconds < (WAIT_SEVERAL if len(bindings) > 1 else WAIT_SINGLE)
