"""Lints of lines and trunks (docs/reference/domain.md §4)."""

from collections.abc import Iterator

from agent.i18n import Message
from agent.lints.facts import Needs, NumberFacts
from agent.lints.finding import Level
from agent.lints.registry import Result, lint
from agent.masking import mask_text


@lint(
    "L28",
    Level.WARNING,
    Message("unpaid lines"),
    Message(
        "{binding} declares {declared} calls at once and pays for {paid}: callers beyond hear busy"
    ),
    Needs.LINES,
)
def unpaid_lines(facts: NumberFacts) -> Result:
    """A switchboard that declares more than 10 calls at once and pays for fewer (L28).

    Source: docs/reference/domain.md §4, and §1 for the ten that are free.
    """
    free = facts.context.parameters.free_lines
    for phone in facts.phones:
        lines = phone.lines
        if lines is None or lines.declared is None or lines.paid is None:
            continue
        if lines.declared > free and lines.paid < lines.declared:
            return {"binding": mask_text(phone.id), "declared": lines.declared, "paid": lines.paid}
    return None


@lint(
    "L29",
    Level.WARNING,
    Message("trunk nearly full"),
    Message("{name} carried {peak} of {capacity} calls at once"),
    Needs.LINES,
)
def trunk_nearly_full(facts: NumberFacts) -> Result:
    """A trunk whose peak is 80 % of its capacity or more (L29)."""
    share = facts.context.parameters.trunk_share
    for name, peak, capacity in _loads(facts):
        if peak is not None and capacity and peak >= share * capacity:
            return {"name": name, "peak": peak, "capacity": capacity}
    return None


def _loads(facts: NumberFacts) -> Iterator[tuple[str, int | None, int | None]]:
    """Name, peak and capacity of the landing trunk and of every phone with lines."""
    routing = facts.settings
    trunk = mask_text(routing.trunk) or "the landing trunk"
    yield trunk, routing.trunk_peak, routing.trunk_capacity
    for phone in facts.phones:
        if phone.lines is not None:
            yield mask_text(phone.id), phone.lines.peak, phone.lines.capacity


@lint(
    "L30",
    Level.WARNING,
    Message("landing number is forwarded"),
    Message("the landing number is merely forwarded: it takes one call at a time"),
    Needs.ROUTING,
)
def forwarded(facts: NumberFacts) -> Result:
    """A landing number that is call-forwarded (L30)."""
    return {} if facts.settings.landing_forwarded else None
