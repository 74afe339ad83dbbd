"""Lints of strategy and waiting time (domain.md §4 L05 to L08, L34)."""

import math
from typing import Final

from agent.lints.facts import NumberFacts, Values
from agent.lints.finding import Level, Words
from agent.lints.needs import Needs
from agent.lints.registry import lint
from agent.model import Binding, Routing
from agent.routing.order import places, wait_of
from agent.states import BindingKind, Strategy

_BOTH: Final = Needs.BOUND | Needs.ROUTING
_WHOLE: Final = 100.0
_ROUNDING: Final = 0.5


def _both(facts: NumberFacts) -> tuple[Routing, tuple[Binding, ...]]:
    return facts.routing or Routing(), facts.bound or ()


@lint(
    "L05",
    Level.WARNING,
    Words("short wait for one phone", "单号等待时间过短"),
    Words(
        "one bound phone and a wait of {wait:g} s: callers hear busy before it is answered "
        "({least:g} s at least)",
        "仅绑定一部电话且等待 {wait:g} 秒，接听前来电者已听到忙音（至少 {least:g} 秒）",
    ),
    Needs.SINGLE | Needs.ROUTING,
)
def single_waits_short(facts: NumberFacts) -> Values | None:
    """One bound phone, wait below 50 s (domain.md §4 L05)."""
    routing, bound = _both(facts)
    wait = wait_of(routing, bound[0]) if len(bound) == 1 else None
    least = facts.place.parameters.wait_single
    return None if wait is None or wait >= least else {"wait": wait, "least": least}


@lint(
    "L06",
    Level.WARNING,
    Words("short wait", "等待时间过短"),
    Words(
        "a wait of {wait:g} s skips phones that would be answered ({least:g} s at least)",
        "等待 {wait:g} 秒会跳过本可接听的电话（至少 {least:g} 秒）",
    ),
    Needs.SEVERAL | Needs.ROUTING,
)
def several_wait_short(facts: NumberFacts) -> Values | None:
    """Several bound phones, any wait below 15 s (domain.md §4 L06)."""
    routing, bound = _both(facts)
    if len(bound) < 2:  # noqa: PLR2004 - several
        return None
    waits = [wait for each in bound if (wait := wait_of(routing, each)) is not None]
    least = facts.place.parameters.wait_several
    return {"wait": min(waits), "least": least} if waits and min(waits) < least else None


@lint(
    "L07",
    Level.WARNING,
    Words("chain of waits too long", "顺振总时长过长"),
    Words(
        "the phones ring one after the other for {total:g} s in all, platforms give up after "
        "{most:g} s",
        "顺序振铃总计 {total:g} 秒，平台在 {most:g} 秒左右放弃",
    ),
    Needs.SEVERAL | Needs.SEQUENTIAL,
)
def chain_too_long(facts: NumberFacts) -> Values | None:
    """Sequential waits that sum to more than 90 s (domain.md §4 L07)."""
    routing, bound = _both(facts)
    if routing.strategy is not Strategy.SEQUENTIAL:
        return None
    total = sum(wait_of(routing, each) or 0.0 for each in bound)
    most = facts.place.parameters.wait_chain
    return {"total": total, "most": most} if total > most else None


@lint(
    "L08",
    Level.INFO,
    Words("mobile before landline", "手机排在固话之前"),
    Words(
        "a mobile rings before a landline: switched off or busy it burns the whole wait",
        "手机排在固话之前：手机关机或占线会耗尽等待时间",
    ),
    Needs.SEVERAL | Needs.SEQUENTIAL,
)
def mobile_first(facts: NumberFacts) -> Values | None:
    """A mobile that rings before a landline (domain.md §4 L08)."""
    routing, bound = _both(facts)
    if routing.strategy is not Strategy.SEQUENTIAL:
        return None
    told = {each.kind for each in bound}
    if BindingKind.MOBILE not in told or BindingKind.LANDLINE not in told:
        return None
    kinds = [each.kind for each in places(routing, bound)]
    after = kinds[kinds.index(BindingKind.MOBILE) :]
    return {} if BindingKind.LANDLINE in after else None


@lint(
    "L34",
    Level.ERROR,
    Words("weights are not 100 %", "权重合计不为 100%"),
    Words("the weights sum to {total:g} %", "权重合计 {total:g}%"),
    Needs.BOUND | Needs.WEIGHTED,
)
def weights_off(facts: NumberFacts) -> Values | None:
    """Weights of the weighted strategy that do not sum to 100 % (domain.md §4 L34)."""
    routing, bound = _both(facts)
    weights = [each.weight for each in bound]
    if routing.strategy is not Strategy.WEIGHTED or not bound or None in weights:
        return None
    total = math.fsum(weight for weight in weights if weight is not None)
    return None if abs(total - _WHOLE) < _ROUNDING else {"total": total}
