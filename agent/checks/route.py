"""Where a call would go at one instant: schedule, lists and regions (domain.md §1).

A pure reading of the configuration; whether the phones it leads to can be reached is not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.checks.canonical import DAY_MINUTES, days_of
from agent.model import Binding, Routing
from agent.states import Cause

AREA_PREFIX = "0"
WAIT_SEVERAL = 15.0
"""Shortest useful wait in seconds with several bound phones (domain.md §4 L06)."""
WAIT_SINGLE = 50.0
"""Shortest useful wait in seconds with a single bound phone (domain.md §4 L05)."""


@dataclass(frozen=True)
class Route:
    """What happens to a call."""

    obstacle: Cause | None
    """Why the call reaches no phone; ``None`` when it is put through."""
    targets: tuple[str, ...] = ()
    """Ids of the phones that are rung."""
    detail: str = ""
    """The rule that stopped the call, in words."""


def route(
    routing: Routing, bindings: Sequence[Binding] | None, local: datetime, caller: str = ""
) -> Route:
    """The route of a call to a number at ``local`` time in the number's own zone.

    Args:
        routing: The number's routing.
        bindings: Its bound phones; ``None`` when they are not known.
        local: The instant, as the clock on the wall of the schedule's zone shows it.
        caller: The caller's number without separators; empty when it is not known, and then
            the lists and regions of particular callers are not asked.
    """
    return (
        _listed(routing, caller)
        or _region(routing, caller)
        or _scheduled(routing, bindings, local)
        or Route(None, ())
    )


def wait_is_short(routing: Routing, bindings: Sequence[Binding] | None) -> bool:
    """Whether callers are given up before a phone can well be answered (domain.md §4 L05, L06)."""
    if routing.wait_seconds is None or not bindings:
        return False
    return routing.wait_seconds < (WAIT_SEVERAL if len(bindings) > 1 else WAIT_SINGLE)


def _listed(routing: Routing, caller: str) -> Route | None:
    hit = _leading(routing.blacklist, caller)
    if hit:
        return Route(Cause.LIST_BLOCKS_CALLER, detail=f"blacklist entry of {len(hit)} digits")
    if not routing.whitelist_enabled or _leading(routing.whitelist, caller):
        return None
    entries = len(routing.whitelist)
    return Route(Cause.WHITELIST_BLOCKS_CALLER, detail=f"white list on with {entries} entries")


def _region(routing: Routing, caller: str) -> Route | None:
    """Only a landline shows its area; a mobile's area is not in its number."""
    if not caller.startswith(AREA_PREFIX):
        return None
    denied = _leading(routing.region_deny, caller)
    if denied:
        return Route(Cause.REGION_BLOCKS_CALLER, detail=f"area {denied} denied")
    if routing.region_allow and not _leading(routing.region_allow, caller):
        return Route(Cause.REGION_BLOCKS_CALLER, detail="area not among those allowed")
    return None


def _scheduled(
    routing: Routing, bindings: Sequence[Binding] | None, local: datetime
) -> Route | None:
    bound = routing.binding_order if bindings is None else tuple(each.id for each in bindings)
    if bindings is not None and not bindings:
        return Route(Cause.NO_BINDING, detail="no phone is bound")
    windows = _open_windows(routing, local)
    if not windows:
        return Route(Cause.SCHEDULE_CLOSED, detail=f"no window on {local:%a %H:%M}")
    named = {phone for window in windows for phone in window}
    everyone = any(not window for window in windows)
    targets = bound if everyone else tuple(phone for phone in bound if phone in named)
    if not targets and bindings is not None:
        return Route(Cause.NO_BINDING, detail=f"no phone is bound in the window of {local:%H:%M}")
    return Route(None, targets)


def _open_windows(routing: Routing, local: datetime) -> list[tuple[str, ...]]:
    """The phones of each window open at ``local``.

    A window that ends before it starts runs over midnight into the next day.
    """
    days = days_of(routing.schedule)
    minute = local.hour * 60 + local.minute
    today, yesterday = days[local.weekday()], days[(local - timedelta(days=1)).weekday()]
    return [
        phones
        for windows, clock in ((today, minute), (yesterday, minute + DAY_MINUTES))
        for start, end, phones in windows
        if start <= clock < (end if end > start else end + DAY_MINUTES)
    ]


def _leading(entries: Sequence[str], caller: str) -> str:
    """The entry that ``caller`` starts with, the longest if several; empty if none."""
    hits = [entry for entry in entries if caller and entry and caller.startswith(entry)]
    return max(hits, key=len, default="")
