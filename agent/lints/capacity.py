"""Lints of lines and trunks (domain.md §4 L28 to L30)."""

from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.masking import mask_text
from agent.model import Routing


@lint(
    "L28",
    Level.WARNING,
    Words("unpaid lines", "并发数未付费"),
    Words(
        "{binding} declares {declared} calls at once and pays for {paid}: callers beyond hear busy",
        "{binding} 申报并发 {declared} 路，仅付费 {paid} 路，超出的来电听到忙音",
    ),
    Needs.LINES,
)
def unpaid_lines(facts: NumberFacts) -> Values | None:
    """A switchboard that declares more than 10 calls at once and pays for fewer (L28).

    Source: domain.md §4 L28, and §1 for the ten that are free.
    """
    free = facts.place.parameters.free_lines
    for each in facts.bound or ():
        if each.lines is None or each.lines.declared is None or each.lines.paid is None:
            continue
        if each.lines.declared > free and each.lines.paid < each.lines.declared:
            name = mask_text(each.id)
            return {"binding": name, "declared": each.lines.declared, "paid": each.lines.paid}
    return None


@lint(
    "L29",
    Level.WARNING,
    Words("trunk nearly full", "中继接近满载"),
    Words(
        "{name} carried {peak} of {capacity} calls at once",
        "{name} 峰值 {peak} 路，容量 {capacity} 路",
    ),
    Needs.LINES,
)
def trunk_nearly_full(facts: NumberFacts) -> Values | None:
    """A trunk whose peak is 80 % of its capacity or more (domain.md §4 L29)."""
    share = facts.place.parameters.trunk_share
    for name, peak, capacity in _loads(facts):
        if peak is not None and capacity and peak >= share * capacity:
            return {"name": name, "peak": peak, "capacity": capacity}
    return None


def _loads(facts: NumberFacts) -> list[tuple[str, int | None, int | None]]:
    routing = facts.routing or Routing()
    trunk = mask_text(routing.trunk) or "the landing trunk"
    found = [(trunk, routing.trunk_peak, routing.trunk_capacity)]
    found += [
        (mask_text(each.id), each.lines.peak, each.lines.capacity)
        for each in facts.bound or ()
        if each.lines is not None
    ]
    return found


@lint(
    "L30",
    Level.WARNING,
    Words("landing number is forwarded", "落地号为呼叫转移"),
    Words(
        "the landing number is merely forwarded: it takes one call at a time",
        "落地号仅做呼叫转移，同一时间只能接一路",
    ),
    Needs.ROUTING,
)
def forwarded(facts: NumberFacts) -> Values | None:
    """A landing number that is call-forwarded (domain.md §4 L30)."""
    return {} if facts.routing and facts.routing.landing_forwarded else None
